"""Gradients of a run beside differences of its loss: as precise as they have to be, and with no kink between."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.differences.measuring import Measure, Moves
from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.rounding import EPS, Rounding
from gradstep.engine.ask.differences.slopes import OFFSETS, STEPS, Slopes, scale
from gradstep.engine.ask.differences.verdicts import TOLERANCE, Given, Judged, Verdict, apart, judged, tells
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array
from gradstep.engine.ops.precision import EPS as EPSILONS

#: The lengths of steps that are tried first, and what is known well enough: of one number; and of all together, of
#: which many are near a kink, and few digits are lost beside so much that changes.
_ONE, _ALL = (STEPS[2], TOLERANCE), (STEPS[4], 1e-3)
#: Gradients that are rounded to narrower types are held against differences no more coarsely: a tenth is told.
_COARSEST = 1e-4
#: So many of what seems wrong are looked at together with more digits.
_SOME = 16
#: With so many lengths of steps.
_SHORTER = 5


class Compared(NamedTuple):
    """Gradients, differences, and what these say of those."""

    given: Given
    found: Slopes
    judged: Judged


class Judge:
    """Compares the gradients of a run, as they are shown, with differences of its loss."""

    def __init__(self, precise: Precise) -> None:
        self.precise, self._rounding = precise, Rounding(precise)
        self._off = self._rounding.loss()
        longer = float(np.finfo(self._rounding.longer.graph.dtype).eps)
        self._off_longer = self._off * longer / EPS
        graph = precise.recording.graph
        own, kinds = graph.dtype, {value.narrow for value in graph.values} - {""}
        self._eps = max(float(np.finfo(own).eps), min(max((EPSILONS[kind] for kind in kinds), default=0.0), _COARSEST))
        self._again = precise if own == np.float64 and not kinds else Precise(precise.recording, own.type, rounded=True)
        self._overflown = not np.isfinite(precise.recording.trace.loss)

    def elements(self, value: Value, flats: Array) -> Compared:
        """Some elements of a value that has a gradient, each moved by itself."""
        exact = self._rounding.gradient(value.id)
        largest = float(np.max(abs(exact), where=np.isfinite(exact), initial=0.0))
        shown, again = (
            trace.gradient(value.id).reshape(-1)[flats].astype(np.float64)
            for trace in (self.precise.recording.trace, self._again.trace)
        )

        def place(copies: Array, which: Array, numbers: Array) -> None:
            copies[np.arange(len(which)), flats[which]] = numbers

        numbers = self.precise.trace.data[value.id].reshape(-1)[flats]
        given = Given(shown, again, exact.reshape(-1)[flats], largest, self._eps)
        return self._compare(value, Moves(numbers, place), given, *_ONE)

    def along(self, value: Value, directions: Array, surely: bool = True) -> Compared:
        """All elements of a value together, moved along each of some directions, rows without axes; elements whose
        gradient is not finite stay where they are. What seems wrong is `surely` so, or it only seems so."""
        exact = self._rounding.gradient(value.id).reshape(-1)
        finite = np.isfinite(exact) & np.isfinite(self.precise.trace.data[value.id].reshape(-1))
        directions, exact = np.where(finite, directions, 0), np.where(finite, exact, 0)

        def place(copies: Array, which: Array, numbers: Array) -> None:
            copies += numbers[:, None] * directions[which]

        slopes = directions @ exact
        largest = float((abs(directions) @ abs(exact)).max())
        given = Given(slopes, slopes, slopes, largest, EPS)
        return self._compare(value, Moves(np.zeros(len(slopes)), place), given, *_ALL, surely)

    def _compare(
        self, value: Value, moves: Moves, given: Given, first: float, enough: float, surely: bool = True
    ) -> Compared:
        """Differences with steps of the length `first` where these are known well enough, to a share of the gradient,
        and agree with it; and else with better ones."""
        measure, which = Measure(self.precise, value, moves, self._off), np.arange(len(moves.numbers))
        with np.errstate(all="ignore"):
            found = measure.slopes(which, first)
            rest = which[~tells(found, given, enough) | apart(found, given)]
            if len(rest):
                found.put(rest, measure.best(rest))
            kinks = list[int]()
            for k in which[apart(found, given) | np.isinf(found.bar)]:
                steps, at = measure.without_kink(k, float(found.reach[k])), which[k : k + 1]
                if not steps:
                    kinks.append(k)
                elif len(steps) < len(STEPS):
                    found.put(at, measure.best(at, steps))
            verdicts = judged(found, given, self._overflown)
            verdicts.verdict[kinks] = Verdict.KINK
            wrong = which[(verdicts.verdict == Verdict.WRONG) & apart(found, given)]
            if surely and len(wrong) and self._rounding.longer is not self.precise:
                verdicts.verdict[self._unconfirmed(value, moves, given, wrong, found)] = Verdict.SMALL
        return Compared(given, found, verdicts)

    def _unconfirmed(self, value: Value, moves: Moves, given: Given, wrong: Array, found: Slopes) -> Array:
        """Those of what seems wrong that are right with more digits, and steps that are as long or shorter: they were
        too small to tell. Where many are wrong, some of them are looked at."""
        measure = Measure(self._rounding.longer, value, moves, self._off_longer, surely=True)
        small = list[Array]()
        for at in np.array_split(wrong, range(_SOME, len(wrong), _SOME)):
            longest = float((found.reach / scale(moves.numbers))[at].max()) / OFFSETS.max()
            steps = [step for step in STEPS if step <= 1.5 * longest][:_SHORTER]
            seems = apart(measure.best(at, steps), given.at(at))
            small.append(at[~seems])
            if seems.all():
                break
        return np.concatenate(small)
