"""Operations that move elements, or let them through by their place, and compute nothing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.index import Array, Shape, picked
from gradstep.engine.notation import brief
from gradstep.engine.ops.links import Links, ones
from gradstep.engine.ops.op import Op


class Move(Op):
    """Elements are moved and not computed: each output is one input, and its slope is 1.

    A class gives `source` and `target`, between flat positions.
    """

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


class Masked(Op):
    """y = f(x) element by element with a slope that depends on the place only. One that is a mask puts −∞ where that is
    0."""

    gated = True
    masking: ClassVar[bool] = False

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
        return g * self.slopes_at(y.shape, y.dtype)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        slope = self.slopes_at(y.shape, y.dtype).reshape(-1)[at : at + 1]
        return Links(slot, picked(at), lambda start, stop: slope[start:stop])

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self.row(slot, at, y, xs)
