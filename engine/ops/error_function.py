"""The error function of arrays, which NumPy has not, and the normal distribution.

For x ≥ 0 erfc(x) = exp(−x²) · P(t) / (x + K) with t = (x − K) / (x + K): what is left of it is so smooth that one
polynomial serves the whole half line, and no element needs another way than its neighbours (M. M. Shepherd and
J. G. Laframboise, Chebyshev approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞, Mathematics of Computation 36
(1981), 249–253). P interpolates (x + K) exp(x²) erfc(x) at the Chebyshev points of t, computed with 40 digits: within
1e-8 of it for float32, and 3e-17 for float64. What is near 0 is W. J. Cody's quotient (Rational Chebyshev
approximations for the error function, Mathematics of Computation 23 (1969), 631–637).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.index import Array


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
_NEAR = {char: tuple(tuple(np.asarray(power, char) for power in part) for part in _CODY) for char in _SMOOTH}
_SMALL = 0.46875
#: Beyond this all of them are 0 or 1, in float64 as well.
_FAR = 40.0
#: So many numbers at a time stay near the processor.
_PIECE = 1 << 14


def erfc(x: Array) -> Array:
    """erfc of every element, in x's dtype."""
    return in_pieces(_erfc, x)


def _erfc(x: Array, out: Array) -> None:
    size = np.minimum(np.abs(x), x.dtype.type(_FAR))
    found = _scaled(size)
    np.multiply(found, _bell(size, 1.0), found)
    # 2 − erfc(|x|) where x is negative: nothing is added elsewhere, so that the tail keeps its digits.
    np.copysign(found, x, found)
    np.add(found, np.multiply(np.signbit(x), x.dtype.type(2)), out)


def erf(x: Array) -> Array:
    """erf of every element, in x's dtype; of small numbers with all digits, which 1 − erfc(x) has not."""
    return in_pieces(_erf, x)


def _erf(x: Array, out: Array) -> None:
    size, square = np.abs(x), np.square(x)
    found = _scaled(size)
    np.multiply(found, np.exp(-square), found)
    np.minimum(square, 1, out=square)
    np.copysign(np.subtract(1, found, found), x, found)
    above, below = (_polynomial(part, square) for part in _NEAR[x.dtype.char])
    np.divide(above, below, above)
    np.multiply(above, x, above)
    out[...] = np.where(size <= _SMALL, above, found)


def times_upper_tail(x: Array) -> Array:
    """x (1 − Φ(x)) of a piece of numbers from 0 on, Φ being the standard normal distribution function. With
    erfc(x/√2) = 2 (1 − Φ(x)) the quotient above is x / (x + K √2), times √½."""
    middle, powers = _SMOOTH_TAIL[x.dtype.char]
    kind = x.dtype.type
    quotient = np.add(x, kind(middle * 2**0.5))
    np.divide(x, quotient, quotient)
    at = np.multiply(quotient, kind(2))
    np.subtract(at, kind(1), at)
    found = _polynomial(powers, at)
    np.multiply(found, quotient, found)
    if x.itemsize < 8:  # the square has no digits to spare: of what is next to nothing some are lost
        np.square(x, at)
        np.multiply(at, kind(-0.5), at)
        np.exp(at, at)
    else:
        at = _bell(np.minimum(x, _FAR), 0.5)
    return np.asarray(np.multiply(found, at, found))


def in_pieces(of: Callable[..., None], *xs: Array) -> Array:
    """A function of single numbers of arrays of one shape and dtype, which writes what it makes of a piece of them
    into an array that it is given: what it makes on its way then stays near the processor."""
    first = xs[0]
    if first.dtype.char not in _SMOOTH:  # half precision, or long doubles
        near = np.float32 if first.dtype.itemsize < 4 else np.float64
        return in_pieces(of, *(x.astype(near) for x in xs)).astype(first.dtype)
    found = np.empty(first.shape, first.dtype)
    flat, out = [x.reshape(-1) for x in xs], found.reshape(-1)
    for start in range(0, first.size, _PIECE):
        of(*(x[start : start + _PIECE] for x in flat), out[start : start + _PIECE])
    return found


def _scaled(x: Array) -> Array:
    """exp(x²) erfc(x) of numbers from 0 on."""
    middle, powers = _SMOOTH[x.dtype.char]
    inverse = x + x.dtype.type(middle)
    np.divide(1, inverse, inverse)
    at = inverse * x.dtype.type(-2 * middle)
    np.add(at, 1, at)
    found = _polynomial(powers, at)
    return np.asarray(np.multiply(found, inverse, found))


def _bell(x: Array, factor: float) -> Array:
    """exp(−factor x²). Of a rounded x the square has all its digits, so that none is lost where it is large."""
    kind = x.dtype.type
    rounded = x * kind(16)
    np.trunc(rounded, rounded)
    np.multiply(rounded, kind(1 / 16), rounded)
    rest = x - rounded
    np.multiply(rest, x + rounded, rest)
    np.multiply(rest, kind(-factor), rest)
    np.exp(rest, rest)
    np.square(rounded, rounded)
    np.multiply(rounded, kind(-factor), rounded)
    np.exp(rounded, rounded)
    return np.asarray(np.multiply(rest, rounded, rest))


def _polynomial(powers: tuple[Any, ...], at: Array) -> Array:
    """Horner's scheme, in the precision of `at`."""
    found = np.multiply(at, powers[0])
    for power in powers[1:-1]:
        np.add(found, power, found)
        np.multiply(found, at, found)
    return np.asarray(np.add(found, powers[-1], found))
