"""The error function of arrays, which NumPy has not, and the normal distribution.

For x ≥ 0 erfc(x) = exp(−x²) · P(t) / (x + K) with t = (x − K) / (x + K): what is left of it is so smooth that one
polynomial serves the whole half line, and no element needs another way than its neighbours (M. M. Shepherd and
J. G. Laframboise, Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞, Mathematics of Computation 36
(1981), 249–253). P interpolates (x + K) exp(x²) erfc(x) at the Chebyshev points of t, computed with 40 digits: within
1e-8 of it for float32, and 3e-17 for float64. What is near 0 is W. J. Cody's quotient (Rational Chebyshev
approximations for the error function, Mathematics of Computation 23 (1969), 631–637).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import chosen
from gradstep.engine.ops.pieces import horner, in_pieces


class _Smooth(NamedTuple):
    """K, and the coefficients of P, the highest power first, as arrays of one number in their precision, which NumPy
    then need not convert."""

    middle: float
    powers: tuple[Array, ...]

    def times(self, factor: float) -> _Smooth:
        """The same with `factor` times P."""
        return _Smooth(self.middle, tuple(np.asarray(power * factor, power.dtype) for power in self.powers))


def _smooth(dtype: str, middle: float, *powers: float) -> _Smooth:
    return _Smooth(middle, tuple(np.asarray(power, dtype) for power in powers))


_SMOOTH: Mapping[str, _Smooth] = {
    "f": _smooth("f", 2.5,
        -7.29214562724e-5, 2.68655916137e-5, 0.000666220795279, -0.000413603799661, -0.00480345510817,
        0.0083828882153, 0.0283588671095, -0.171249418642, 0.453914249745, -0.804651934117, 1.05403182031,
    ),
    "d": _smooth("d", 3,
        8.4478527843229508e-10, 1.11591238992503841e-11, -8.88784489151694737e-9, -3.59136111716109528e-9,
        5.16681476189845404e-8, 5.00132018429123704e-8, -2.3454670002624263e-7, -4.11759759189375936e-7,
        9.99437936108101322e-7, 2.76781122552728064e-6, -4.74939103213214079e-6, -0.0000174716057523023307,
        0.0000303981905221208025, 0.000107561782500020734, -0.000276777848200965945, -0.000548309745247753327,
        0.00303406200119598244, -0.00121241662151477977, -0.026827234624480615, 0.11952776128697859,
        -0.310467261900566669, 0.590228357104108486, -0.88339445316988365, 1.07400690708833968,
    ),
}  # fmt: skip
#: √½ P, for the tail of the normal distribution; in float32 of two powers less, 3e-7 near.
_SMOOTH_TAIL = {
    "f": _smooth("f", 2.5,
        0.0005014305188, -0.0003527428757, -0.004679138531, 0.008336820379, 0.02832404916, -0.1712364526,
        0.453916894, -0.8046529267, 1.05403182,
    ).times(0.5**0.5),
    "d": _SMOOTH["d"].times(0.5**0.5),
}  # fmt: skip
#: erf(x)/x in x² up to 0.46875: numerator and denominator, the highest power first.
_CODY = (
    (
        *(1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2),
        3.20937758913846947e3,
    ),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_NEAR = tuple(tuple(np.asarray(power) for power in part) for part in _CODY)
_SMALL = 0.46875
#: Beyond this all of them are 0 or 1, in float64 as well.
_FAR = 40.0
#: erf(x)/x in x² up to 4 for float32, fitted to within 2e-8 of it.
_QUOTIENT = tuple(
    tuple(np.asarray(power, np.float32) for power in part)
    for part in (
        (2.050744467e-06, 0.0002848888834, 0.003764490651, 0.05274538303, 0.1903760707, 1.128379146),
        (3.809881639e-05, 0.001162320243, 0.01496694663, 0.114097164, 0.5020491427, 1.0),
    )
)
_END, _ONE = np.asarray(4, np.float32), np.asarray(1, np.float32)


def erfc(x: Array) -> Array:
    """erfc of every element, in x's dtype."""
    return in_pieces(_erfc, x, scratch=3)


def _erfc(x: Array, out: Array, size: Array, *spare: Array) -> None:
    kind = x.dtype.type
    np.absolute(x, size)
    np.minimum(size, kind(_FAR), out=size)
    _scaled(size, out, *spare)
    _bell(size, 1.0, *spare)
    np.multiply(out, spare[0], out)
    # 2 − erfc(|x|) where x is negative: nothing is added elsewhere, so that the tail keeps its digits.
    np.copysign(out, x, out)
    np.add(out, np.multiply(np.signbit(x), kind(2)), out)


def erf(x: Array) -> Array:
    """erf of every element, in x's dtype; of small numbers with all digits, which 1 − erfc(x) has not."""
    return in_pieces(_erf_single if x.itemsize < 8 else _erf, x, scratch=3)


def _erf(x: Array, out: Array, size: Array, square: Array, below: Array) -> None:
    np.absolute(x, size)
    _scaled(size, out, square, below)
    np.square(x, square)
    np.negative(square, below)
    np.exp(below, below)
    np.multiply(out, below, out)
    np.copysign(np.subtract(1, out, out), x, out)
    np.minimum(square, 1, out=square)
    near = size <= _SMALL
    for part, into in zip(_NEAR, (size, below), strict=True):
        horner(part, square, into)
    np.divide(size, below, size)
    np.multiply(size, x, size)
    out[...] = chosen(near, size, out, out.dtype)


def _erf_single(x: Array, out: Array, near: Array, square: Array, below: Array) -> None:
    """x times a quotient of polynomials in x², of what is at most 4, from where on it is 1."""
    np.minimum(x, _END, out=near)
    np.maximum(near, -_END, out=near)
    np.square(near, square)
    for part, into in zip(_QUOTIENT, (out, below), strict=True):
        horner(part, square, into)
    np.multiply(out, near, out)
    np.divide(out, below, out)
    np.minimum(out, _ONE, out=out)
    np.maximum(out, -_ONE, out=out)


def times_upper_tail(x: Array, out: Array, quotient: Array, at: Array) -> None:
    """x (1 − Φ(x)) of numbers from 0 on, Φ being the standard normal distribution function. With
    erfc(x/√2) = 2 (1 − Φ(x)) the quotient above is x / (x + K √2), times √½."""
    middle, powers = _SMOOTH_TAIL[x.dtype.char]
    kind = x.dtype.type
    np.add(x, kind(middle * 2**0.5), quotient)
    np.divide(x, quotient, quotient)
    np.add(quotient, quotient, at)
    np.subtract(at, kind(1), at)
    horner(powers, at, out)
    np.multiply(out, quotient, out)
    if x.itemsize < 8:  # the square has no digits to spare: of what is next to nothing some are lost
        np.square(x, at)
        np.multiply(at, kind(-0.5), at)
        np.exp(at, at)
    else:
        _bell(np.minimum(x, _FAR), 0.5, at, quotient)
    np.multiply(out, at, out)


def _scaled(x: Array, out: Array, inverse: Array, at: Array) -> None:
    """exp(x²) erfc(x) of numbers from 0 on."""
    middle, powers = _SMOOTH[x.dtype.char]
    np.add(x, x.dtype.type(middle), inverse)
    np.divide(1, inverse, inverse)
    np.multiply(inverse, x.dtype.type(-2 * middle), at)
    np.add(at, 1, at)
    horner(powers, at, out)
    np.multiply(out, inverse, out)


def _bell(x: Array, factor: float, out: Array, rest: Array) -> None:
    """exp(−factor x²). Of a number of half as many bits the square has all its digits, by which one knows what the
    square of x has lost."""
    kind, bits, mask = x.dtype.type, *_UPPER[x.itemsize]
    upper = np.bitwise_and(x.view(bits), mask).view(x.dtype)
    np.subtract(x, upper, rest)
    np.multiply(rest, x + upper, rest)
    np.square(x, out)
    np.square(upper, upper)
    np.subtract(upper, out, upper)
    np.add(rest, upper, rest)
    np.multiply(rest, kind(-factor), rest)
    np.add(rest, kind(1), rest)
    np.multiply(out, kind(-factor), out)
    np.exp(out, out)
    np.multiply(out, rest, out)


#: Numbers as integers, by their bytes, and what leaves the upper bits of a mantissa.
_UPPER: Mapping[int, tuple[Any, Any]] = {4: (np.int32, np.int32(-1 << 12)), 8: (np.int64, np.int64(-1 << 27))}


def bell(x: Array, factor: float) -> Array:
    """factor × exp(−x²)."""
    found = np.asarray(np.square(x))
    np.negative(found, out=found)
    np.exp(found, out=found)
    found *= found.dtype.type(factor)
    return found
