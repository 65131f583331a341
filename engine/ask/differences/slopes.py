"""Differences of a loss, each with how far it may be off.

The five-point difference of a loss f, of central ones with two steps,

    f′ ≈ d(h) + (d(h) − d(2h)) / 3,  d(h) = (f(h) − f(−h)) / 2h,

is off by what it leaves out, a multiple of h⁴, and by the rounding of the losses divided by h (Press et al., Numerical
Recipes, 3rd ed., §5.7). The first is taken for twice the distance from the same with steps of twice the length, some
thirty times as much where f is smooth, and twice as much where it is bent just here; the second is known. Among several
lengths the longest counts that no shorter one contradicts (Lepskii, Theory of Probability and its Applications 35,
1990, 454): a kink or a jump that a long step reaches shows when shorter ones do not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array

#: Lengths of steps relative to the number, from long to short.
STEPS = tuple(2.0**-k for k in (4, 7, 10, 14, 18, 22, 26, 30, 34, 38))
#: What is added to a number, in steps: up and down by each length.
OFFSETS = np.array([0.5, -0.5, 1.0, -1.0, 2.0, -2.0])
#: So many times the rounding of the losses may be in a difference, by the length of its step.
_MOST = 3.0
#: Halved steps must change a difference by less than this share of what they did when they were twice as long: by a
#: quarter where f is smooth, by half where it is bent just here. Otherwise steps are longer than what there is to be
#: seen, and how far a difference is off is not known.
_LESS = 0.6

#: The losses where some numbers are others, each in turn: (which of them (n,), the others (n, 6)) → (n, 6).
Losses = Callable[[Array, Array], Array]


class Slopes(NamedTuple):
    """Differences, how far each may be off, and how far numbers were moved for it; shape (n,). NaN where a loss is not
    finite. `still` where the loss has not changed in any digit."""

    slope: Array
    bar: Array
    reach: Array
    still: Array

    def put(self, at: Array, other: Slopes) -> None:
        """Takes in the places `at` what another one has, one for each."""
        for mine, others in zip(self, other, strict=True):
            mine[at] = others


def scale(numbers: Array) -> Array:
    """What a step is relative to: a number without its sign, but at least 1."""
    return np.asarray(np.maximum(abs(numbers), 1))


class Noise(NamedTuple):
    """How far a loss near here may be off by rounding, and how much may have got lost on the way where it does not
    change in any digit."""

    loss: float
    lost: float = 0.0


def slopes(losses: Losses, which: Array, numbers: Array, step: float, noise: Noise) -> Slopes:
    """Differences at some numbers with one length of steps."""
    h = step * scale(numbers)
    with np.errstate(all="ignore"):
        moved = numbers[:, None] + h[:, None] * OFFSETS
        found = losses(which, moved)
        # Divided by how far they are apart, which is not quite 2 h as numbers are rounded.
        short, middle, long = ((found[:, ::2] - found[:, 1::2]) / (moved[:, ::2] - moved[:, 1::2])).T
        slope, other = short + (short - middle) / 3, middle + (middle - long) / 3
        same = found == found[:, :1]
        still, nearly = same.all(axis=1), same[:, :4].all(axis=1)
        off = np.maximum(np.where(nearly, noise.lost, noise.loss), np.finfo(found.dtype).eps * abs(found).max(axis=1))
        bar = 2 * abs(slope - other) + _MOST * off / h
        bar[abs(short - middle) > _LESS * abs(middle - long) + _MOST * off / h] = np.inf
    bar[~np.isfinite(slope)] = slope[~np.isfinite(slope)] = np.nan
    return Slopes(slope, bar, h * OFFSETS.max(), still)


def best(losses: Losses, which: Array, numbers: Array, noise: Noise, steps: Sequence[float] = STEPS) -> Slopes:
    """Differences with the length that no shorter one contradicts, and of those lengths the one that is off least."""
    n = len(which)
    chosen = Slopes(np.full(n, np.nan), np.full(n, np.inf), np.full(n, np.nan), np.zeros(n, dtype=bool))
    low, high, going = np.full(n, -np.inf), np.full(n, np.inf), np.ones(n, dtype=bool)
    for step in reversed(steps):
        found = slopes(losses, which, numbers, step, noise)
        least, most = found.slope - found.bar, found.slope + found.bar  # NaN agrees with nothing
        agrees = (least <= high) & (most >= low)
        going &= agrees | np.isnan(chosen.slope)
        low = np.where(going & agrees, np.maximum(low, least), low)
        high = np.where(going & agrees, np.minimum(high, most), high)
        better = going & ((found.bar < chosen.bar) | np.isnan(chosen.slope))
        chosen.put(better, Slopes(*(part[better] for part in found)))
    return chosen
