"""Operations that move elements, or let them through by their place, and compute nothing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache, partial
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.index import Array, Elements, Grid, Indices, Picked, Shape, picked
from gradstep.engine.notation import brief
from gradstep.engine.ops.bound import Bound, Calls
from gradstep.engine.ops.links import Links, multiply, ones, product
from gradstep.engine.ops.op import KEPT, Op
from gradstep.engine.ops.windows import steps


class Move(Op):
    """Elements are moved and not computed: each output is one input, and its slope is 1.

    A class gives `source` and `target`, between flat positions.
    """

    of_whole = KEPT

    @property
    def nothing(self) -> float:
        """What an output is that is no element of an input."""
        return 0.0

    @abstractmethod
    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        """The (slot, element) that output `at` is."""

    @abstractmethod
    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int | None:
        """The output that an input's element becomes; None if it is left out."""

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "1"

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        of, found = self.source(at, [x.shape for x in xs])
        return Links(slot, picked(found) if of == slot else picked(), ones(y))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        found = self.target(slot, at, [x.shape for x in xs])
        return Links(slot, picked() if found is None else picked(found), ones(y))


class Placed(Move):
    """Each output is an element of x, or 0: which one is a matter of places alone, and one may be taken several times.

    A class gives `placed`, what it makes of an array, and `shape`.
    """

    slopes = ("1",)

    @abstractmethod
    def placed(self, x: Array, nothing: int) -> Array:
        """x with its elements where they belong, and `nothing` where there is none of it."""

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(self.placed(xs[0], 0), dtype=xs[0].dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return self.returned(g, xs[0].shape)

    def returned(self, g: Array, shape: Shape) -> Array:
        """The elements of g added up where they come from, in an array of x's shape."""
        flow, places = np.zeros(prod(shape), dtype=g.dtype), _places(self, shape)
        there = places >= 0
        np.add.at(flow, places[there], g.reshape(-1)[there])
        return flow.reshape(shape)

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        place = int(_places(self, tuple(shapes[0]))[at])
        return (0, place) if place >= 0 else (-1, 0)

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int | None:
        found = np.flatnonzero(_places(self, tuple(shapes[0])) == at)
        return int(found[0]) if len(found) else None

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return Links(slot, regular(np.flatnonzero(_places(self, xs[0].shape) == at), y.shape), ones(y))


@lru_cache(maxsize=8)
def _places(op: Placed, shape: Shape) -> Indices:
    """Which element of an array of `shape` each output is, −1 for none; shape (outputs,)."""
    return op.placed(np.arange(prod(shape)).reshape(shape), -1).reshape(-1)


def regular(flats: Indices, shape: Shape) -> Elements:
    """Elements of an array of `shape`, as a grid where they lie regularly along its axes."""
    if len(flats) < 2:
        return Picked(flats)
    grid: list[tuple[int, int]] = []
    for index, step in zip(np.unravel_index(flats, shape), steps(shape), strict=True):
        there = np.unique(index)
        if len(there) > 1:
            if (np.diff(there) != there[1] - there[0]).any():
                return Picked(flats)
            grid.append((len(there), int(there[1] - there[0]) * step))
    if prod(n for n, _ in grid) != len(flats):
        return Picked(flats)
    return Grid(int(flats[0]), tuple(n for n, _ in grid), tuple(step for _, step in grid))


class _BoundMasked(Bound):
    """Gradients are multiplied where they belong."""

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        return [partial(self._multiply, g, flow)]

    def _multiply(self, g: Array, flow: Array) -> None:
        multiply(g, self.op.slopes_at(self.y.shape, self.dtype), flow, self.op.shuts)


class Masked(Op):
    """y = f(x) element by element with a slope that depends on the place only. One that is a mask puts −∞ where that is
    0."""

    gated = shuts = True
    masking: ClassVar[bool] = False
    bound: ClassVar[type[Bound]] = _BoundMasked

    @abstractmethod
    def made(self, slope: float) -> str:
        """How an element is written where the slope is so much, `{0}` being that of the input."""

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return brief(self.slopes_at(xs[0].shape, xs[0].dtype).item(at), 12)

    @abstractmethod
    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        """∂y/∂x for every element of an array of `shape`."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(shapes[0])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return product(g, self.slopes_at(y.shape, y.dtype), self.shuts)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        slope = self.slopes_at(y.shape, y.dtype).reshape(-1)[at : at + 1]
        return Links(slot, picked(at), lambda start, stop: slope[start:stop])

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self.row(slot, at, y, xs)
