"""Operations that are a function of single numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradstep.engine.index import Array, Shape, Space, broadcast_strides, strides
from gradstep.engine.ops.affine import Affine
from gradstep.engine.ops.shapes import broadcast, unbroadcast


class Elementwise(Affine):
    """y = f(x₀, x₁, …) element by element, with NumPy's broadcasting.

    A class gives `forward` and `slope`; that slope is used for whole arrays and single elements
    alike, so the two cannot disagree.
    """

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
