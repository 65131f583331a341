"""Operations that are a function of single numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.index import Array, Shape, Space, broadcast_strides, strides
from gradstep.engine.ops.affine import Affine
from gradstep.engine.ops.bound import Bound, Calls
from gradstep.engine.ops.links import finite, multiply, product
from gradstep.engine.ops.shapes import broadcast, unbroadcast, unbroadcast_product


class _Bound(Bound):
    """Where it is a function of NumPy's, that writes its output; gradients are multiplied where they belong."""

    def forward(self) -> Calls:
        if self.op.ufunc is None:
            return super().forward()
        return [partial(self.op.ufunc, *self.xs, out=self.y)]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        if g.shape != flow.shape:
            return super().vjp(slot, g, flow)
        if slot in self.op.passes:
            return [partial(np.copyto, flow, g)]
        return [partial(self._multiply, slot, g, flow)]

    def _multiply(self, slot: int, g: Array, flow: Array) -> None:
        local = self.op.local(slot, self.y, self.xs)
        multiply(g, local, flow, self.op.shuts)
        if self.op.beyond is not None and not finite(flow):
            np.copyto(flow, product(g, local, self.op.shuts, self.op.beyond, slot))


class Elementwise(Affine):
    """y = f(x₀, x₁, …) element by element, with NumPy's broadcasting.

    A class gives `forward`, or the `ufunc` that it is, and `local`; that slope is used for whole arrays and single
    elements alike, so the two cannot disagree. It `passes` gradients as they are through slots whose slope is 1.
    """

    ufunc: ClassVar[np.ufunc | None] = None
    passes: ClassVar[tuple[int, ...]] = ()

    def __init_subclass__(cls, listed: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(listed, **kwargs)
        if "forward" in cls.__dict__ and "ufunc" not in cls.__dict__:
            cls.ufunc = None
        if "gated" in cls.__dict__ and "shuts" not in cls.__dict__:
            cls.shuts = cls.gated
        if "local" in cls.__dict__ and "passes" not in cls.__dict__:
            cls.passes = ()

    bound: ClassVar[type[Bound]] = _Bound

    def forward(self, xs: Sequence[Array]) -> Array:
        assert self.ufunc is not None, "a class gives one or the other"
        return np.asarray(self.ufunc(*xs))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return broadcast(shapes, self.name) if len(shapes) > 1 else tuple(shapes[0])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x = xs[slot]
        if slot in self.passes:
            return g if g.shape == x.shape else unbroadcast(g, x.shape)
        local = self.local(slot, y, xs)
        if g.shape != x.shape:
            if self.shuts or self.beyond is not None:
                return unbroadcast(product(g, local, self.shuts, self.beyond, slot), x.shape)
            return unbroadcast_product(g, np.broadcast_to(local, g.shape), x.shape)
        # Where it was just made, the gradient takes its place: fresh memory costs as much as the product.
        fresh = local.flags.owndata and local.flags.writeable and local is not y and not any(local is z for z in xs)
        flow = np.multiply(g, local, out=local if fresh and local.shape == g.shape and local.dtype == g.dtype else None)
        if (self.shuts or self.beyond is not None) and not finite(flow):  # 0 × NaN is 0 where a gate is shut
            return product(g, self.local(slot, y, xs), self.shuts, self.beyond, slot)
        return flow

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        out = self.shape(shapes)
        return Space(out, tuple(broadcast_strides(s, out) for s in shapes), strides(out))


def sign(x: Array) -> Array:
    """1, 0 or −1; of NaN 0, as in PyTorch and unlike np.sign."""
    return np.asarray(np.subtract((x > 0).view(np.int8), (x < 0).view(np.int8)), dtype=x.dtype)


#: Integers as wide as a number, by its bytes.
_BITS: Mapping[int, type[np.signedinteger[Any]]] = {2: np.int16, 4: np.int32, 8: np.int64}


def chosen(mask: Array, one: Any, other: Any, dtype: np.dtype[Any]) -> Array:
    """`np.where(mask, one, other)` in a dtype, for numbers that broadcast to the mask: bit by bit, which takes a tenth
    of the time where no one can foresee the mask."""
    a, b = (np.asarray(part, dtype) for part in (one, other))
    if dtype.itemsize not in _BITS or not mask.ndim:
        return np.asarray(np.where(mask, a, b))
    kind = _BITS[dtype.itemsize]
    a, b = (part.view(kind) if part.ndim else part.reshape(1).view(kind) for part in (a, b))
    if a.size == 1 and not a.any():  # 0, which is no bit at all
        mask, a, b = ~mask, b, a
    bits = mask.astype(kind)
    if b.size == 1 and not b.any():
        np.multiply(bits, a, out=bits)
        return bits.view(dtype)
    np.multiply(bits, a - b, out=bits)  # what overflows comes round again
    np.add(bits, b, out=bits)
    return bits.view(dtype)
