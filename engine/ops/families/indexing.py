"""Parts of an array by their place, and rows of a table by their number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Grid, Picked, Shape, picked, ravel, unravel
from gradstep.engine.ops.links import Links, none, ones
from gradstep.engine.ops.moving import Move
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import shape_text, whole_numbers


@dataclass(frozen=True)
class Index(Move):
    """x[0], x[:, 1], x[1:3, ::2]: `at` has a whole number or (start, stop, step) for each axis from
    the first on."""

    name = "index"
    notation = "part of {0}"
    slopes = ("1",)
    label = "part"

    at: tuple[int | tuple[int | None, int | None, int | None], ...] = ()

    def __post_init__(self) -> None:
        for one in self.at if isinstance(self.at, tuple) else ("",):
            if type(one) is int:
                continue
            ends = one if isinstance(one, tuple) else ()
            if len(ends) != 3 or any(v is not None and type(v) is not int for v in ends) or ends[2] == 0:
                raise OpError("index: write it as x[0] or x[:, 1:3], with whole numbers")

    def _ranges(self, shape: Shape) -> list[int | range]:
        if len(self.at) > len(shape):
            raise OpError(f"index: {len(self.at)} indices for shape {shape_text(shape)}, which has {len(shape)} axes")
        found: list[int | range] = []
        for axis, (one, extent) in enumerate(
            zip((*self.at, *(((None,) * 3),) * (len(shape) - len(self.at))), shape, strict=True)
        ):
            if isinstance(one, int):
                if not -extent <= one < extent:
                    raise OpError(f"index {one} is out of range: axis {axis} of shape {shape_text(shape)} has {extent}")
                found.append(one % extent)
            else:
                found.append(range(*slice(*one).indices(extent)))
        return found

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(len(r) for r in self._ranges(shapes[0]) if isinstance(r, range))

    def _key(self) -> tuple[int | slice, ...]:
        return tuple(one if isinstance(one, int) else slice(*one) for one in self.at)

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0][self._key()])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        flow = np.zeros(xs[0].shape, dtype=g.dtype)
        flow[self._key()] = g
        return flow

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        index = iter(unravel(at, self.shape(shapes)))
        return 0, ravel(tuple(r if isinstance(r, int) else r[next(index)] for r in self._ranges(shapes[0])), shapes[0])

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int | None:
        found = []
        for here, there in zip(unravel(at, shapes[0]), self._ranges(shapes[0]), strict=True):
            if here != there if isinstance(there, int) else here not in there:
                return None
            if isinstance(there, range):
                found.append(there.index(here))
        return ravel(tuple(found), self.shape(shapes))


class Embedding(Op):
    """y[…, d] = table[ids[…], d]: rows of a table by their number."""

    name = "embedding"
    slots = ("table", "ids")
    words: ClassVar[Mapping[str, str]] = {"weight": "table", "input": "ids"}
    notation = "{0}[{1}]"
    slopes = ("1 to the row looked up, 0 to all others", "0")
    label = "embedding"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        table, ids = shapes
        if len(table) != 2:
            raise OpError(f"embedding: the table must be (rows, width), but it is {shape_text(table)}")
        return (*ids, table[1])

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot == 1:
            whole_numbers("embedding: ids, the rows of the table,", x, shapes[0][0])

    def looks_up(self, shapes: Sequence[Shape]) -> bool:
        return True

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "0" if slot else "1"

    @staticmethod
    def _rows(table: Array, ids: Array) -> Array:
        return whole_numbers("embedding: ids, the rows of the table,", ids, len(table))

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0][self._rows(*xs)])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        flow = np.zeros_like(xs[slot])
        if slot == 0:
            np.add.at(flow, self._rows(*xs), g)
        return flow

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        place, column = divmod(at, y.shape[-1])
        if slot == 1:
            return Links(1, picked(place), none(y))
        return Links(0, picked(int(self._rows(*xs).reshape(-1)[place]) * y.shape[-1] + column), ones(y))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        width = y.shape[-1]
        if slot == 1:
            return Links(1, Grid(at * width, (width,), (1,)), none(y))
        row, column = divmod(at, width)
        return Links(0, Picked(np.flatnonzero(self._rows(*xs) == row) * width + column), ones(y))
