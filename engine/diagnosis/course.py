"""Where a loss has gone: at its beginning and its end, against what one answer for all samples would have, and
whether it still falls there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isnan, log

import numpy as np

from gradstep.engine.index import Array

#: The beginning and the end are a tenth each, and a trend is taken between the last two fifths, as is usual of
#: training curves; our own.
_TENTH, _FIFTH = 10, 5
#: Of fewer iterations a fifth is too few to see a trend; our own.
_LONG, _THIRD = 50, 3
#: A difference of means is one beyond so many standard errors (99.7 % of a normal distribution).
_SIGMA = 3.0
#: A loss that in the last fifth of a training falls by less than this share of what is left stands still; our own.
STILL = 0.02
#: Of what one answer for all samples has: below, a network has learned most of what there is (of a mean of squares
#: that is a correlation of 0.9); our own.
LEARNED = 0.2
#: Below, next to nothing is left to learn (a correlation of 0.97); our own.
DONE = 0.06
#: Where one answer's loss is not known, a loss that stands still below so much of its start has learned; our own.
_FALLEN = 0.5
#: Above, it has not learned a thing that counts (2 % are within what rounding and few samples make); our own.
NOTHING = 0.98
#: Shorter trainings say nothing about where the loss is going; our own.
SHORTEST = 10


@dataclass(frozen=True, eq=False)
class Course:
    """`losses` are finite, shape (rows,), of which one pass over the samples has `passes`. `constant` is what one
    answer for all samples would have, None where that is not known; `floor` the lowest loss that there can be."""

    losses: Array
    passes: int = 1
    constant: float | None = None
    floor: float = 0.0

    def _part(self, share: int) -> int:
        """How many rows a share of them are; with batches at least those of a pass, where there are several."""
        count = len(self.losses)
        return max(count // share, min(self.passes, count // 3), 1)

    @cached_property
    def first(self) -> float:
        """The mean over the beginning."""
        return float(self.losses[: self._part(_TENTH)].mean())

    @cached_property
    def last(self) -> float:
        """The mean over the end."""
        return float(self.losses[-self._part(_TENTH) :].mean())

    @cached_property
    def start(self) -> float:
        """The mean over the first pass: the loss before anything was learned."""
        return float(self.losses[: min(self.passes, self._part(_TENTH))].mean())

    @property
    def _end(self) -> int:
        """How many rows the end has: a fifth, of a short training a third."""
        share = _FIFTH if len(self.losses) >= _LONG else _THIRD
        return min(self._part(share), len(self.losses) // 2) or 1

    @cached_property
    def ends(self) -> tuple[float, float, float]:
        """The means over the last fifth but one and over the last, and the standard error of their difference: what
        the loss jumps by from one iteration to the next, of which each mean has many."""
        part = self._end
        before, last = self.losses[-2 * part : -part], self.losses[-part:]
        if not len(before):
            return float(last.mean()), float(last.mean()), 0.0
        jumps = np.diff(self.losses[-2 * part :], n=2)  # of two losses there is none
        # Second differences of independent noise have six times its variance.
        noise = float(np.sqrt(np.mean(jumps**2) / 6)) if len(jumps) else 0.0
        return float(before.mean()), float(last.mean()), noise * (2 / part) ** 0.5

    @property
    def gain(self) -> float:
        """By how much it falls from the last fifth but one to the last, over what is left above the floor."""
        before, last, _ = self.ends
        return (before - last) / max(last - self.floor, 1e-300)

    @property
    def falls(self) -> bool:
        """Whether it still falls at the end, by more than it jumps."""
        before, last, error = self.ends
        return len(self.losses) >= SHORTEST and before - last > _SIGMA * error and self.gain > STILL

    @property
    def rises(self) -> bool:
        """Whether it rises at the end, by more than it jumps."""
        before, last, error = self.ends
        return last - before > max(_SIGMA * error, STILL * abs(before - self.floor))

    @property
    def level(self) -> float:
        """What is left: 0 at the floor, 1 where one answer for all samples is. NaN where that is not known."""
        if self.constant is None or not self.constant - self.floor > 1e-12:
            return float("nan")
        return (self.last - self.floor) / (self.constant - self.floor)

    @property
    def stuck(self) -> bool:
        """Whether it ends no better than one answer for all samples."""
        return self.level > NOTHING

    @property
    def left(self) -> float:
        """What is left to learn, as a share of what one answer for all samples has; where that is not known, of what
        was there at the beginning."""
        if not isnan(self.level):
            return self.level
        return (self.last - self.floor) / max(abs(self.start - self.floor), 1e-300)

    @property
    def learned(self) -> bool:
        """Whether most of what there is was learned."""
        return self.left <= LEARNED

    @property
    def done(self) -> bool:
        """Whether there is next to nothing left to learn."""
        return self.left <= DONE and not self.rises

    @property
    def rests(self) -> bool:
        """Whether it stands still at its lowest, well below one answer for all samples; where that is not known, below
        what it began with."""
        if self.falls or self.rises or self.level > 0.9:
            return False
        lowest = min(float(part.mean()) for part in np.array_split(self.losses, min(_TENTH, len(self.losses))))
        near = self.last - lowest <= max(0.1 * (self.last - self.floor), _SIGMA * self.ends[2])
        return near and (not isnan(self.level) or self.left <= _FALLEN)

    @property
    def needed(self) -> int:
        """How many more rows it would take to halve what is left, if it went on falling as at the end."""
        part = self._end
        before, last, _ = self.ends
        left = max(last - self.floor, 1e-300)
        if not before > last:
            return 0
        return int(min(part * log(2) / log(1 + (before - last) / left), 1e9)) + 1
