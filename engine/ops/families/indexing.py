"""Parts of an array by their place, and rows of a table by their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import EllipsisType
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import PIECE, Array, Grid, Picked, Shape, picked, pieces, ravel, unravel
from gradstep.engine.ops.links import Links, none, ones
from gradstep.engine.ops.moving import Move
from gradstep.engine.ops.op import KEPT, Op
from gradstep.engine.ops.shapes import check_one, shape_text, whole_numbers

#: What stands in the brackets for an axis: a whole number, (start, stop, step), None for a new axis, or `...`.
At = int | tuple[int | None, int | None, int | None] | EllipsisType | None


@dataclass(frozen=True)
class Index(Move):
    """x[0], x[:, 1], x[1:3, ::2], x[..., 0], x[None]: `at` has, for each axis from the first on, a whole number or
    (start, stop, step); `...` stands for as many axes as are left, and None is a new one of length 1."""

    name = "index"
    notation = "part of {0}"
    slopes = ("1",)
    label = "part"

    at: tuple[At, ...] = ()

    def __post_init__(self) -> None:
        listed = self.at if isinstance(self.at, tuple) else ("",)
        for one in listed:
            if type(one) is int or one is None or one is ...:
                continue
            ends = one if isinstance(one, tuple) else ()
            if len(ends) != 3 or any(v is not None and type(v) is not int for v in ends) or ends[2] == 0:
                raise OpError("index: write it as x[0] or x[:, 1:3], with whole numbers")
        if sum(one is ... for one in listed) > 1:
            raise OpError("index: '...' may stand once, for the axes that are left")

    def _axes(self, shape: Shape) -> list[int | range | None]:
        """What is taken of each axis of x, in order, with None where a new axis comes."""
        named = sum(one is not None and one is not ... for one in self.at)
        if named > len(shape):
            raise OpError(f"index: {named} indices for shape {shape_text(shape)}, which has {len(shape)} axes")
        rest, found, axis = [(None, None, None)] * (len(shape) - named), list[int | range | None](), 0
        at = list(self.at) if ... in self.at else [*self.at, ...]
        where = at.index(...)
        for one in [*at[:where], *rest, *at[where + 1 :]]:
            if one is None:
                found.append(None)
                continue
            extent, axis = shape[axis], axis + 1
            if isinstance(one, tuple):
                found.append(range(*slice(*one).indices(extent)))
            elif isinstance(one, int) and -extent <= one < extent:
                found.append(one % extent)
            else:
                raise OpError(f"index {one} is out of range: axis {axis - 1} of shape {shape_text(shape)} has {extent}")
        return found

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(1 if r is None else len(r) for r in self._axes(shapes[0]) if not isinstance(r, int))

    def key(self) -> tuple[int | slice | EllipsisType | None, ...]:
        """The index as NumPy takes it."""
        return tuple(slice(*one) if isinstance(one, tuple) else one for one in self.at)

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0][self.key()])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        flow = np.zeros(xs[0].shape, dtype=g.dtype)
        flow[self.key()] = g
        return flow

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        index, there = iter(unravel(at, self.shape(shapes))), []
        for r in self._axes(shapes[0]):
            if r is None:
                next(index)
            else:
                there.append(r if isinstance(r, int) else r[next(index)])
        return 0, ravel(tuple(there), shapes[0])

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int | None:
        found, here = [], iter(unravel(at, shapes[0]))
        for there in self._axes(shapes[0]):
            if there is None:
                found.append(0)
                continue
            place = next(here)
            if place != there if isinstance(there, int) else place not in there:
                return None
            if isinstance(there, range):
                found.append(there.index(place))
        return ravel(tuple(found), self.shape(shapes))


@dataclass(frozen=True)
class Embedding(Op):
    """y[…, d] = table[ids[…], d]: rows of a table by their number. The row `padding_idx` gets no gradient."""

    name = "embedding"
    slots = ("table", "ids")
    words: ClassVar[Mapping[str, str]] = {"weight": "table", "input": "ids"}
    notation = "{0}[{1}]"
    slopes = ("1 to the row looked up, 0 to all others", "0")
    edge = "the row padding_idx counts as given: its slope is 0"
    label = "embedding"
    of_whole = KEPT
    typed_by = (0,)

    padding_idx: int | None = None

    def __post_init__(self) -> None:
        if self.padding_idx is not None:
            check_one("embedding", padding_idx=self.padding_idx)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        table, ids = shapes
        if len(table) != 2:
            raise OpError(f"embedding: the table must be (rows, width), but it is {shape_text(table)}")
        if self.padding_idx is not None and not -table[0] <= self.padding_idx < table[0]:
            raise OpError(f"embedding: padding_idx {self.padding_idx} is no row of a table {shape_text(table)}")
        return (*ids, table[1])

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot == 1:
            whole_numbers("embedding: ids, the rows of the table,", x, shapes[0][0])

    def looks_up(self, shapes: Sequence[Shape]) -> bool:
        return True

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "0" if slot or self._pads(at // xs[0].shape[1], xs[0]) else "1"

    def _pads(self, row: int, table: Array) -> bool:
        return self.padding_idx is not None and row == self.padding_idx % len(table)

    @staticmethod
    def _rows(table: Array, ids: Array) -> Array:
        return whole_numbers("embedding: ids, the rows of the table,", ids, len(table))

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0][self._rows(*xs)])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        flow = np.zeros_like(xs[slot])
        if slot == 0:
            rows, width = self._rows(*xs).reshape(-1, 1), flow.shape[-1]
            parts, flat, columns = g.reshape(-1, width), flow.reshape(-1), np.arange(width)
            # Element by element, a few rows at a time: in NumPy that is four times as quick as whole rows.
            for start, stop in pieces(len(rows), max(PIECE // max(width, 1), 1)):
                np.add.at(flat, (rows[start:stop] * width + columns).reshape(-1), parts[start:stop].reshape(-1))
            if self.padding_idx is not None:
                flow[self.padding_idx] = 0
        return flow

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        place, column = divmod(at, y.shape[-1])
        if slot == 1:
            return Links(1, picked(place), none(y))
        row = int(self._rows(*xs).reshape(-1)[place])
        return Links(0, picked(row * y.shape[-1] + column), none(y) if self._pads(row, xs[0]) else ones(y))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        width = y.shape[-1]
        if slot == 1:
            return Links(1, Grid(at * width, (width,), (1,)), none(y))
        row, column = divmod(at, width)
        found = Picked(np.flatnonzero(self._rows(*xs) == row) * width + column)
        return Links(0, found, none(y) if self._pads(row, xs[0]) else ones(y))
