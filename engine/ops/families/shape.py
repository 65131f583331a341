"""The same elements in another shape or in another order of axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, in_order, ravel, unravel
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
    words: ClassVar[Mapping[str, str]] = {"shape": "to"}
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
    """The axes from `start_dim` to `end_dim` become one; flatten(x, 1) keeps the samples apart."""

    name = "flatten"
    words: ClassVar[Mapping[str, str]] = {"start": "start_dim", "end": "end_dim"}
    notation = "flatten {0}"
    label = "flatten"

    start_dim: int = 0
    end_dim: int = -1

    def __post_init__(self) -> None:
        if type(self.start_dim) is not int or type(self.end_dim) is not int:
            raise OpError(
                "flatten: start_dim and end_dim are the first and the last axis to join, whole numbers, not "
                f"{self.start_dim!r} and {self.end_dim!r}"
            )

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        most = max(len(x), 1)
        for end in (self.start_dim, self.end_dim):
            if not -most <= end < most:
                raise OpError(f"flatten: axis {end} is out of range for shape {shape_text(x)}")
        first, last = self.start_dim % most, self.end_dim % most
        if first > last:
            raise OpError(f"flatten: in shape {shape_text(x)} axis {self.start_dim} lies behind axis {self.end_dim}")
        return (*x[:first], prod(x[first : last + 1]), *x[last + 1 :])


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
        return in_order(xs[0].transpose(self.order(xs[0].ndim)))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return in_order(g.transpose(np.argsort(self.order(g.ndim))))

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        order = self.order(len(shapes[0]))
        index = unravel(at, self.shape(shapes))
        return 0, ravel(tuple(index[order.index(a)] for a in range(len(order))), shapes[0])

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int:
        index = unravel(at, shapes[0])
        return ravel(tuple(index[a] for a in self.order(len(index))), self.shape(shapes))
