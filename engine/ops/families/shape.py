"""The same elements in another shape or in another order of axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, ravel, unravel
from gradstep.engine.ops.moving import Move
from gradstep.engine.ops.shapes import normal_axes, shape_text


class Reordered(Move):
    """The same elements in the same order, in another shape."""

    slopes = ("1",)

    def forward(self, xs: Sequence[Array]) -> Array:
        return xs[0].reshape(self.shape([xs[0].shape]))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return g.reshape(xs[0].shape)

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        return 0, at

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int:
        return at


@dataclass(frozen=True)
class Reshape(Reordered):
    """The elements in C order in a new shape; one length may be −1, and follows from the others."""

    name = "reshape"
    notation = "reshape {0}"
    label = "reshape"

    to: tuple[int, ...] = (-1,)

    def __post_init__(self) -> None:
        lengths = self.to if isinstance(self.to, tuple) else ()
        if any(type(n) is not int or n < -1 for n in lengths) or lengths.count(-1) > 1 or lengths != self.to:
            raise OpError(
                f"reshape: the new shape is whole numbers in brackets, at most one of them −1, not {self.to!r}"
            )

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        size, known = prod(shapes[0]), prod(n for n in self.to if n >= 0)
        if -1 in self.to:
            if known == 0 or size % known:
                raise OpError(f"reshape: {size} elements of shape {shape_text(shapes[0])} do not fit {self.to}")
            return tuple(size // known if n == -1 else n for n in self.to)
        if known != size:
            raise OpError(
                f"reshape: {size} elements of shape {shape_text(shapes[0])} do not fit {self.to}, which has {known}"
            )
        return self.to


@dataclass(frozen=True)
class Flatten(Reordered):
    """All axes from `start` on become one; flatten(x, 1) keeps the samples apart."""

    name = "flatten"
    notation = "flatten {0}"
    label = "flatten"

    start: int = 0

    def __post_init__(self) -> None:
        if type(self.start) is not int or self.start < 0:
            raise OpError(f"flatten: start is the first axis to join, a whole number from 0 on, not {self.start!r}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if self.start > len(shapes[0]):
            raise OpError(f"flatten: there is no axis {self.start} in shape {shape_text(shapes[0])}")
        return (*shapes[0][: self.start], prod(shapes[0][self.start :]))


@dataclass(frozen=True)
class Transpose(Move):
    """The axes in another order; reversed where none is given, as with `.T`."""

    name = "transpose"
    notation = "{0}ᵀ"
    slopes = ("1",)
    label = "transpose"

    axes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.axes is not None and not (isinstance(self.axes, tuple) and all(type(a) is int for a in self.axes)):
            raise OpError(f"transpose: axes are whole numbers in brackets, not {self.axes!r}")

    def order(self, ndim: int) -> tuple[int, ...]:
        if self.axes is None:
            return tuple(reversed(range(ndim)))
        if len(self.axes) != ndim:
            raise OpError(f"transpose: {len(self.axes)} axes are named, but there are {ndim}")
        return normal_axes("transpose", self.axes, ndim)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(shapes[0][a] for a in self.order(len(shapes[0])))

    def forward(self, xs: Sequence[Array]) -> Array:
        return xs[0].transpose(self.order(xs[0].ndim))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return g.transpose(np.argsort(self.order(g.ndim)))

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        order = self.order(len(shapes[0]))
        index = unravel(at, self.shape(shapes))
        return 0, ravel(tuple(index[order.index(a)] for a in range(len(order))), shapes[0])

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int:
        index = unravel(at, shapes[0])
        return ravel(tuple(index[a] for a in self.order(len(index))), self.shape(shapes))
