"""What is written with signs: + − × ÷ and powers."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, isinf

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.op import RECKONED


def full(value: float, like: Array) -> Array:
    """An array of one constant in the shape and dtype of `like`, stored as a single number."""
    return np.broadcast_to(np.asarray(value, dtype=like.dtype), like.shape)


class Add(Elementwise):
    name = "add"
    slots = ("a", "b")
    notation = "{0} + {1}"
    slopes = ("1", "1")
    summed = (0, 1)
    passes = (0, 1)
    label = "add"
    of_whole = RECKONED
    ufunc = np.add

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return full(1, y)


class Subtract(Elementwise):
    name = "subtract"
    slots = ("a", "b")
    notation = "{0} − {1}"
    slopes = ("1", "−1")
    summed = (0, 1)
    passes = (0,)
    label = "subtract"
    of_whole = RECKONED
    ufunc = np.subtract

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return full(-1 if slot else 1, y)


class Multiply(Elementwise):
    name = "multiply"
    slots = ("a", "b")
    notation = "{0} × {1}"
    slopes = ("{1}", "{0}")
    label = "multiply"
    of_whole = RECKONED
    ufunc = np.multiply

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        return Cause.ZERO_TIMES_INFINITE if 0 in xs and any(map(isinf, xs)) else None

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return xs[1 - slot]

    def factor(self, slot: int) -> int | None:
        return 1 - slot


class Divide(Elementwise):
    name = "divide"
    slots = ("a", "b")
    notation = "{0} / {1}"
    slopes = ("1 / {1}", "−{0} / {1}²")
    label = "divide"
    ufunc = np.divide

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        if xs[1] == 0:
            return Cause.ZERO_BY_ZERO if xs[0] == 0 else Cause.DIVISION_BY_ZERO
        return Cause.INFINITE_BY_INFINITE if all(map(isinf, xs)) else None

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return -y / xs[1] if slot else 1 / xs[1]


class Power(Elementwise):
    """aᵇ. Where the exponent is 0 the result is 1 for every base, so its slope in a is 0; where
    the base is 0 and the exponent is not negative, the slope in b is 0. Both as in PyTorch."""

    name = "power"
    slots = ("a", "b")
    notation = "{0}^{1}"
    slopes = ("{1} × {0}^({1} − 1)", "{0}^{1} × ln {0}")
    edge = "anything^0 is 1, with slope 0; in the exponent the slope at base 0 is 0 from 0^0 on"
    label = "power"
    of_whole = RECKONED

    def forward(self, xs: Sequence[Array]) -> Array:
        a, b = xs
        # np.power takes a hundred times as long as a product for the case that every loss has.
        if b.ndim == 0 and b in (2, 3):
            return np.square(a) if b == 2 else a * a * a
        if b.ndim == 0 and b == -1:
            return np.asarray(1 / a)
        if b.ndim == 0 and b == -0.5:  # which is torch.rsqrt there: of −∞ NaN
            return np.asarray(1 / np.sqrt(a))
        return np.power(a, b)

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        a, b = xs
        if a == 0 and b < 0:
            return Cause.DIVISION_BY_ZERO
        return Cause.POWER_OF_NEGATIVE if a < 0 and isfinite(b) and b % 1 else None

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        a, b = xs
        if slot:
            return np.where((a == 0) & (b >= 0), full(0, y), y * np.log(a))
        if b.ndim == 0 and b == 2:
            return a + a
        if b.ndim == 0 and b == 3:
            return np.asarray(a * a * a.dtype.type(3))
        if b.ndim == 0 and b == -1:
            return np.asarray(np.negative(np.square(y)))
        if b.ndim == 0 and b == 0.5:
            found = np.asarray(np.abs(y))  # of −0 the root is −0, and its slope ∞
            np.divide(0.5, found, out=found)
            lost = a == -np.inf
            if lost.any():
                found[lost] = np.nan
            return found
        if b.ndim == 0 and b:
            return np.asarray(b * np.power(a, b - 1))
        found = np.where(b == 0, full(0, y), b * np.power(a, b - 1))
        return np.where((a == -np.inf) & (b == 0.5), full(np.nan, y), found)  # as of a root


class Negative(Elementwise):
    name = "negative"
    slots = ("x",)
    notation = "−{0}"
    slopes = ("−1",)
    summed = (0,)
    label = "negate"
    of_whole = RECKONED
    ufunc = np.negative

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return full(-1, y)
