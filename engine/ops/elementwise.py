"""Operations that are a function of single numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.index import Array, Shape, Space, broadcast_strides, strides
from gradstep.engine.ops.affine import Affine
from gradstep.engine.ops.bound import Bound, Calls
from gradstep.engine.ops.shapes import broadcast, unbroadcast


class _Bound(Bound):
    """Where it is a function of NumPy's, that writes its output; gradients are multiplied where they belong."""

    def forward(self) -> Calls:
        if self.op.ufunc is None:
            return super().forward()
        return [partial(self.op.ufunc, *self.xs, out=self.y)]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        if g.shape != flow.shape:
            return super().vjp(slot, g, flow)
        return [partial(self._multiply, slot, g, flow)]

    def _multiply(self, slot: int, g: Array, flow: Array) -> None:
        np.multiply(g, self.op.local(slot, self.y, self.xs), flow)


class Elementwise(Affine):
    """y = f(x₀, x₁, …) element by element, with NumPy's broadcasting.

    A class gives `forward`, or the `ufunc` that it is, and `local`; that slope is used for whole arrays and single
    elements alike, so the two cannot disagree.
    """

    ufunc: ClassVar[np.ufunc | None] = None

    def __init_subclass__(cls, listed: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(listed, **kwargs)
        if "forward" in cls.__dict__ and "ufunc" not in cls.__dict__:
            cls.ufunc = None

    bound: ClassVar[type[Bound]] = _Bound

    def forward(self, xs: Sequence[Array]) -> Array:
        assert self.ufunc is not None, "a class gives one or the other"
        return np.asarray(self.ufunc(*xs))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return broadcast(shapes, self.name) if len(shapes) > 1 else tuple(shapes[0])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x = xs[slot]
        g = g * self.local(slot, y, xs)
        return g if g.shape == x.shape else unbroadcast(g, x.shape)

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        out = self.shape(shapes)
        return Space(out, tuple(broadcast_strides(s, out) for s in shapes), strides(out))


def sign(x: Array) -> Array:
    """1, 0 or −1; of NaN 0, as in PyTorch and unlike np.sign."""
    return np.asarray(np.subtract(x > 0, x < 0, dtype=x.dtype))
