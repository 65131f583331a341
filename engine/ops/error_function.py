"""The complementary error function erfc(x) = 1 − erf(x) of arrays, which NumPy has not.

Rational approximations of W. J. Cody, Rational Chebyshev approximations for the error function, Mathematics of
Computation 23 (1969), 631–637, with the coefficients of his CALERF (SPECFUN, Netlib): to the last digits of a double.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gradstep.engine.index import Array

#: Numerators and denominators, the highest power first: of erf(x)/x in x² up to 0.46875, of erfc(x)·exp(x²) in x up
#: to 4, and of what is missing there to 1/√π in 1/x² beyond.
_NEAR = (
    (
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3),
)
_MIDDLE = (
    (
        *(2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1),
        *(2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3),
        1.23033935479799725e3,
    ),
    (
        *(1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2, 1.62138957456669019e3),
        *(3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3, 1.23033935480374942e3),
    ),
)
_FAR = (
    (
        *(1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1, 1.25781726111229246e-1),
        *(1.60837851487422766e-2, 6.58749161529837803e-4),
    ),
    (
        *(1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1, 6.05183413124413191e-2),
        2.33520497626869185e-3,
    ),
)
#: So many numbers at a time stay near the processor.
_PIECE = 1 << 14
_ROOT = 0.56418958354775628695  # 1/√π


def erfc(x: Array) -> Array:
    """erfc of every element, in x's dtype."""
    return _of_both(x, lambda erf: 1 - erf, lambda x, tail: np.where(x < 0, 2 - tail, tail))


def erf(x: Array) -> Array:
    """erf of every element, in x's dtype; of small numbers with all digits, which 1 − erfc(x) has not."""
    return _of_both(x, lambda erf: erf, lambda x, tail: np.where(x < 0, tail - 1, 1 - tail))


def _of_both(x: Array, near: Callable[[Array], Array], far: Callable[[Array, Array], Array]) -> Array:
    """`near` of erf where |x| is small, elsewhere `far` of x and erfc(|x|)."""
    wide = np.asarray(x, dtype=np.float64).reshape(-1)
    result = np.empty(x.size, dtype=x.dtype)
    for start in range(0, x.size, _PIECE):
        part = wide[start : start + _PIECE]
        size = np.abs(part)
        small = size <= 0.46875
        found = np.empty_like(part)
        found[small] = near(part[small] * _ratio(_NEAR, np.square(part[small])))
        found[~small] = far(part[~small], _tail(size[~small]))
        result[start : start + _PIECE] = found
    return result.reshape(x.shape)


def _tail(x: Array) -> Array:
    """erfc of what is above 0.46875; NaN of NaN."""
    with np.errstate(all="ignore"):
        middle = x <= 4
        scaled = np.empty_like(x)
        scaled[middle] = _ratio(_MIDDLE, x[middle])
        above = x[~middle]
        square = 1 / (above * above)
        scaled[~middle] = (_ROOT - square * _ratio(_FAR, square)) / above
        # exp(−x²) loses digits where x² has more than a double: the square of a rounded x has not.
        rounded = np.trunc(x * 16) / 16
        found = np.exp(-rounded * rounded) * np.exp(-(x - rounded) * (x + rounded)) * scaled
        return np.where(x > 27.5, 0.0, found)


def _ratio(pair: Sequence[Sequence[float]], at: Array) -> Array:
    above, below = (np.full_like(at, part[0]) for part in pair)
    for result, part in ((above, pair[0]), (below, pair[1])):
        for coefficient in part[1:]:
            result *= at
            result += coefficient
    return np.asarray(above / below)
