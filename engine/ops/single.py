"""Functions of single-precision numbers that NumPy computes one number at a time, made of what it computes many at a
time. In other precisions they are NumPy's.

Each is within four units in the last place of the true value. The polynomials are those of S. L. Moshier's Cephes
library (netlib.org/cephes, `single`); that of the arc tangent is N. Shibata's and F. Petrogalli's (SLEEF: a portable
vectorized library of C standard mathematical functions, IEEE Transactions on Parallel and Distributed Systems 31
(2020), 1316–1327).
"""

from __future__ import annotations

from collections.abc import Callable
from math import log, pi

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import chosen
from gradstep.engine.ops.pieces import horner, in_pieces

Function = Callable[..., Array]


def _numbers(*values: float) -> tuple[Array, ...]:
    """Constants as arrays without axes, which NumPy need not convert again and again."""
    return tuple(np.asarray(value, np.float32) for value in values)


_QUARTER, _HALF, _ONE, _TWO = _numbers(0.25, 0.5, 1.0, 2.0)


def _single(other: np.ufunc, scratch: int) -> Callable[[Callable[..., None]], Function]:
    """Makes a function of what writes it, for a piece of float32 numbers, into an array, with so many more arrays for
    what it makes on its way."""

    def made(of: Callable[..., None]) -> Function:
        def computed(*xs: Array) -> Array:
            if all(x.dtype == np.float32 for x in xs):
                return in_pieces(of, *(np.broadcast_arrays(*xs) if len(xs) > 1 else xs), scratch=scratch)
            return np.asarray(other(*xs))

        computed.__name__ = of.__name__
        return computed

    return made


def signed(x: Array, out: Array) -> None:
    """`out`, where it is not negative, with the signs of x: bit by bit, which is quicker than np.copysign."""
    sign = np.bitwise_and(x.view(np.int32), _SIGN)
    np.bitwise_or(out.view(np.int32), sign, out.view(np.int32))


_SIGN = np.asarray(-(1 << 31), np.int32)

# Powers of e and logarithms -----------------------------------------------------------------------

#: Added to a number it rounds it to an integer, which then stands in its last bits.
(_ROUND,) = _numbers(1.5 * 2**23)
_LEAST, _MOST, _PER_LN2 = _numbers(-20.0, 88.9, 1 / log(2))
#: ln 2 in two parts, the first of few bits.
_LN2, _LN2_REST = _numbers(0.693359375, -2.12194440e-4)
_EXP = _numbers(1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
_MANTISSA, _BIAS = np.asarray(23, np.int32), np.asarray(126 << 23, np.int32)


@_single(np.expm1, 3)
def expm1(x: Array, out: Array, r: Array, p: Array, q: Array) -> None:
    """x is n ln 2 + r, and exp(r) − 1 a polynomial. Half of it is computed first, which overflows no earlier."""
    np.minimum(x, _MOST, out=r)
    np.maximum(r, _LEAST, out=r)
    np.multiply(r, _PER_LN2, out)
    np.add(out, _ROUND, out)
    np.subtract(out, _ROUND, p)
    scale = out.view(np.int32)
    np.left_shift(scale, _MANTISSA, scale)
    np.add(scale, _BIAS, scale)  # 2 to the power of n − 1, by its bits
    np.multiply(p, _LN2, q)
    np.subtract(r, q, r)
    np.multiply(p, _LN2_REST, p)
    np.subtract(r, p, r)
    horner(_EXP, r, p)
    np.multiply(p, r, p)
    np.multiply(p, r, p)
    np.add(p, r, p)
    np.multiply(p, out, p)
    np.subtract(out, _HALF, out)
    np.add(out, p, out)
    np.multiply(out, _TWO, out)
    signed(x, out)  # −0 stays −0


def _powers(x: Array, out: Array, inverse: Array) -> None:
    """exp(|x|) / 2 and exp(−|x|) / 2."""
    np.absolute(x, out)
    np.exp(out, out)
    np.divide(_HALF, out, inverse)
    np.multiply(out, _HALF, out)
    lost = out == np.inf
    if lost.any():  # the half may still be finite
        half = np.exp(np.absolute(x[lost]) * _HALF)
        out[lost] = half * _HALF * half


@_single(np.cosh, 1)
def cosh(x: Array, out: Array, inverse: Array) -> None:
    _powers(x, out, inverse)
    np.add(out, inverse, out)


_SINH = _numbers(2.03721912945e-4, 8.33028376239e-3, 1.66667160211e-1)


@_single(np.sinh, 3)
def sinh(x: Array, out: Array, inverse: Array, square: Array, near: Array) -> None:
    """Up to 1 a polynomial, as the difference of powers has lost its digits there."""
    _powers(x, out, inverse)
    np.subtract(out, inverse, out)
    signed(x, out)
    np.square(x, square)
    beyond = square > _ONE
    horner(_SINH, square, near)
    np.multiply(near, square, near)
    np.multiply(near, x, near)
    np.add(near, x, near)
    out[...] = chosen(beyond, out, near, out.dtype)


def _log1p(x: Array, out: Array, u: Array, rest: Array) -> None:
    """ln u with u = 1 + x, and what u has lost of x, over u (as in HP-15C Advanced Functions Handbook, 1982)."""
    np.add(x, _ONE, u)
    np.log(u, out)
    np.subtract(u, _ONE, rest)
    np.subtract(x, rest, rest)
    np.divide(rest, u, rest)
    if not np.isfinite(rest.sum()):  # at −1 and ∞ nothing is lost
        rest[~np.isfinite(rest)] = 0
    np.add(out, rest, out)
    signed(x, out)  # −0 stays −0


log1p = _single(np.log1p, 2)(_log1p)


@_single(np.arctanh, 3)
def arctanh(x: Array, out: Array, size: Array, *spare: Array) -> None:
    """½ ln(1 + 2|x| / (1 − |x|)) with the sign of x."""
    np.absolute(x, out)
    np.subtract(_ONE, out, size)
    np.divide(out, size, size)
    np.multiply(size, _TWO, size)
    _log1p(size, out, *spare)
    np.multiply(out, _HALF, out)
    signed(x, out)


_LN10 = 1 / log(10)


def log10(x: Array) -> Array:
    """From ln x; near whole numbers, which powers of 10 have and that misses by a digit, in double precision. There
    NumPy's own misses them by a digit on some processors."""
    if x.dtype != np.float32:
        return np.asarray(np.log10(x))
    found = np.asarray(np.log(x))
    found *= np.float32(_LN10)
    off = np.rint(found)
    off -= found
    near = np.less_equal(np.abs(off), 1e-5)
    if near.any():
        found = np.asarray(found)
        found[near] = np.log10(x[near].astype(np.float64))
    return found


# Of circles ---------------------------------------------------------------------------------------


def tan(x: Array) -> Array:
    """NumPy computes the sine and the cosine many at a time."""
    return np.asarray(np.sin(x) / np.cos(x)) if x.dtype == np.float32 else np.asarray(np.tan(x))


_ATAN = _numbers(
    0.00282363896258175373077393, -0.0159569028764963150024414, 0.0425049886107444763183594,
    -0.0748900920152664184570312, 0.106347933411598205566406, -0.142027363181114196777344,
    0.199926957488059997558594, -0.333331018686294555664062,
)  # fmt: skip
_HALF_PI, _PI = _numbers(pi / 2, pi)


def _atan(t: Array, out: Array, square: Array) -> None:
    """Of numbers from 0 to 1."""
    np.square(t, square)
    horner(_ATAN, square, out)
    np.multiply(out, square, out)
    np.multiply(out, t, out)
    np.add(out, t, out)


def _from(most: Array, where: Array, out: Array, spare: Array) -> None:
    """`most` − out where a mask holds."""
    np.subtract(most, out, spare)
    np.subtract(spare, out, spare)
    np.multiply(spare, where, spare)
    np.add(out, spare, out)


@_single(np.arctan, 2)
def arctan(x: Array, out: Array, t: Array, spare: Array) -> None:
    """Of the inverse where it is above 1, and then what is left of π/2."""
    np.absolute(x, out)
    np.divide(_ONE, out, t)
    np.minimum(t, out, out=t)
    beyond = out > _ONE
    _atan(t, out, spare)
    _from(_HALF_PI, beyond, out, spare)
    signed(x, out)


@_single(np.arctan2, 3)
def arctan2(a: Array, b: Array, out: Array, t: Array, less: Array, spare: Array) -> None:
    np.absolute(a, out)
    np.absolute(b, t)
    beyond = out > t
    np.minimum(out, t, out=less)
    np.maximum(out, t, out=t)
    np.divide(less, t, t)
    _atan(t, out, spare)
    _from(_HALF_PI, beyond, out, spare)
    _from(_PI, np.signbit(b), out, spare)
    signed(a, out)
    if not np.isfinite(out.sum()):  # 0 / 0 and ∞ / ∞ are no numbers, but angles
        lost = ~np.isfinite(out)
        out[lost] = np.arctan2(a[lost], b[lost])


_ASIN = _numbers(4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1)


def _asin(x: Array, out: Array, s: Array, z: Array) -> Array:
    """asin of s, where s is |x| up to ½ and above it √((1 − |x|) / 2), of which one asks for twice; where that is."""
    np.absolute(x, s)
    beyond = np.greater(s, _HALF)
    np.subtract(_ONE, s, z)
    np.multiply(z, _HALF, z)
    np.sqrt(z, out)
    np.minimum(s, out, out=s)
    np.square(s, z)
    horner(_ASIN, z, out)
    np.multiply(out, z, out)
    np.multiply(out, s, out)
    np.add(out, s, out)
    return np.asarray(beyond)


@_single(np.arcsin, 2)
def arcsin(x: Array, out: Array, *spare: Array) -> None:
    beyond = _asin(x, out, *spare)
    np.multiply(out, np.add(beyond, _ONE), out)
    _from(_HALF_PI, beyond, out, spare[0])
    signed(x, out)


@_single(np.arccos, 2)
def arccos(x: Array, out: Array, *spare: Array) -> None:
    beyond = _asin(x, out, *spare)
    np.multiply(out, np.add(beyond, _ONE), out)
    _from(_HALF_PI, ~beyond, out, spare[0])
    _from(_PI, np.signbit(x), out, spare[0])
