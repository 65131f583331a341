"""What a difference of the loss says of a gradient.

Three numbers stand beside each other: the gradient as it is shown, in the run's precision; what the same formulas give
with more digits; and the difference, which may be off by its bar. The second against the third says whether the
formulas are right; the first against the third, what rounding has left of it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.differences.rounding import EPS
from gradstep.engine.ask.differences.slopes import Slopes
from gradstep.engine.index import Array

#: A gradient is right if it differs from the finite difference by no more than this share, and in fewer digits than
#: float64 by no more than so many units in the last place.
TOLERANCE, _UNITS = 1e-6, 1000
#: The sum that a gradient is may lose so many units in the last place of the largest gradient in its array.
_OF_LARGEST = 100
#: A difference tells something where it is off by no more than this share of the gradient, and of one that is 0 where
#: it is off by no more than this share of the largest in its array.
TELLS, _TELLS_ZERO = 1e-2, 1e-6


class Verdict(IntEnum):
    """What a difference says of a gradient."""

    RIGHT = 0  #: they agree
    WRONG = 1  #: they do not, and the difference is not off by that much
    ROUNDED = 2  #: the formulas agree with it, but rounding has taken the digits of what is shown
    SMALL = 3  #: the difference may be off by as much as the gradient is
    KINK = 4  #: something is chosen differently on both sides: there are two slopes
    NONFINITE = 5  #: a loss beside it is not finite, or a number would have to be whole


class Given(NamedTuple):
    """Gradients, shape (n,): as they are shown; as the formulas give them `again` in that precision, of which `eps` is
    one unit in the last place of 1; `exact`, with more digits; and the `largest` of these in the array."""

    shown: Array
    again: Array
    exact: Array
    largest: float
    eps: float

    def at(self, which: Array) -> Given:
        """Some of them."""
        return self._replace(shown=self.shown[which], again=self.again[which], exact=self.exact[which])


class Judged(NamedTuple):
    """Verdicts, and errors relative to the larger of gradient and difference, shape (n,). That of one that is right is
    at most the tolerance; of what is too small or not finite it says nothing."""

    verdict: Array
    error: Array


def judged(found: Slopes, given: Given, overflown: bool = False) -> Judged:
    """What differences say of gradients. Where the loss is `overflown` in the run's precision, nothing that is off is
    only rounded."""
    tolerance = max(TOLERANCE, _UNITS * given.eps)
    shown, exact, slope = given.shown, given.exact, found.slope
    least = np.maximum(found.bar, _OF_LARGEST * given.eps * given.largest) / tolerance
    size = np.maximum.reduce([abs(shown), abs(slope), least, np.full(len(shown), 1e-300)])
    error = abs(shown - slope) / size
    verdict = np.full(len(shown), Verdict.RIGHT)
    same = (shown == given.again) | (np.isnan(shown) & np.isnan(given.again))
    verdict[error > tolerance] = Verdict.WRONG if overflown else Verdict.ROUNDED
    told = tells(found, given, TELLS)
    verdict[~told] = Verdict.SMALL
    verdict[((verdict == Verdict.ROUNDED) & ~same) | apart(found, given)] = Verdict.WRONG
    nonfinite = ~(np.isfinite(shown) & np.isfinite(exact))
    verdict[nonfinite] = np.where(told | np.isnan(shown), Verdict.WRONG, Verdict.NONFINITE)[nonfinite]
    verdict[~np.isfinite(slope)] = Verdict.NONFINITE
    return Judged(verdict, error)


def tells(found: Slopes, given: Given, share: float) -> Array:
    """Whether a difference is off by no more than a share of the gradient; where that is 0, of the largest in its
    array, or by nothing."""
    size = np.fmax(abs(found.slope), np.where(np.isfinite(given.exact), abs(given.exact), 0))
    none = given.exact == 0
    known = found.bar <= np.maximum(share * size, np.where(none, _TELLS_ZERO * given.largest, 0))
    return np.asarray(known | (found.still & none))


def apart(found: Slopes, given: Given) -> Array:
    """Whether the formulas give something else than the difference, which is not off by that much."""
    size = np.maximum(abs(found.slope), abs(given.exact))
    rounding = np.full(len(size), _OF_LARGEST * EPS * given.largest)
    return np.asarray(abs(found.slope - given.exact) > np.maximum.reduce([found.bar, TOLERANCE * size, rounding]))
