"""Gradients of a run beside differences of its loss: as precise as they have to be, and with no kink between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.rounding import EPS, Rounding
from gradstep.engine.ask.differences.slopes import OFFSETS, STEPS, Losses, Noise, Slopes, best, slopes
from gradstep.engine.ask.differences.stretches import Way
from gradstep.engine.ask.differences.switches import switched
from gradstep.engine.ask.differences.verdicts import TOLERANCE, Given, Judged, Verdict, apart, judged, tells
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array

#: What comes out at the end of a stretch is a sum that is rounded to so many units in the last place.
_UNITS = 4
#: The lengths of steps that are tried first, and what is known well enough: of one number; and of all together, of
#: which many are near a kink, and few digits are lost beside so much that changes.
_ONE, _ALL = (STEPS[2], TOLERANCE), (STEPS[4], 1e-3)


class Moves(NamedTuple):
    """Ways to move a value, n of them: each from a number on to others. `place` puts others into copies of the value,
    rows without axes: (copies, which moves (k,), numbers (k,)). `given` are the gradients with respect to them, `first`
    is the length of steps with which nearly all slopes are known well enough: to a share `enough` of them."""

    numbers: Array
    place: Callable[[Array, Array, Array], None]
    given: Given
    first: float
    enough: float


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
        own = precise.recording.graph.dtype
        self._eps = float(np.finfo(own).eps)
        self._again = precise if own == np.float64 else Precise(precise.recording, own.type)
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
        return self._compare(value, Moves(numbers, place, given, *_ONE))

    def along(self, value: Value, directions: Array) -> Compared:
        """All elements of a value together, moved along each of some directions, rows without axes; elements whose
        gradient is not finite stay where they are."""
        exact = self._rounding.gradient(value.id).reshape(-1)
        finite = np.isfinite(exact) & np.isfinite(self.precise.trace.data[value.id].reshape(-1))
        directions, exact = np.where(finite, directions, 0), np.where(finite, exact, 0)

        def place(copies: Array, which: Array, numbers: Array) -> None:
            copies += numbers[:, None] * directions[which]

        slopes = directions @ exact
        largest = float((abs(directions) @ abs(exact)).max())
        given = Given(slopes, slopes, slopes, largest, EPS)
        return self._compare(value, Moves(np.zeros(len(slopes)), place, given, *_ALL))

    def _compare(self, value: Value, moves: Moves) -> Compared:
        ways = self.precise.stretches.ways(value.id)
        losses, noise = self._losses(value, ways, moves), self._noise(value.id, ways)
        given, which = moves.given, np.arange(len(moves.numbers))
        with np.errstate(all="ignore"):
            found = slopes(losses, which, moves.numbers, moves.first, noise)
            rest = which[~tells(found, given, moves.enough) | apart(found, given)]
            if len(rest):
                found.put(rest, best(losses, rest, moves.numbers[rest], noise))
            kinks = list[int]()
            for k in which[apart(found, given)]:
                steps, at = self._without_kink(value, ways, moves, k, float(found.reach[k])), which[k : k + 1]
                if not steps:
                    kinks.append(k)
                elif len(steps) < len(STEPS):
                    found.put(at, best(losses, at, moves.numbers[at], noise, steps))
            verdicts = judged(found, given, self._overflown)
        verdicts.verdict[kinks] = Verdict.KINK
        return Compared(given, found, verdicts)

    def _noise(self, value: int, ways: Sequence[Way]) -> Noise:
        """What rounding makes of the loss, or of the ends of more ways than one; and what is lost beside the largest
        number on them."""
        trace = self.precise.trace
        on_the_way = (trace.data[v] for v in (value, *(n.output for way in ways for n in way.nodes)))
        largest = max(float(np.max(abs(a), where=np.isfinite(a), initial=0.0)) for a in on_the_way)
        sums = sum(way.size(trace) for way in ways if way.ends.keys() != {trace.graph.loss.id})
        off = max(self._off, _UNITS * EPS * sums)
        return Noise(off, max(off, EPS * largest))

    def _losses(self, value: Value, ways: Sequence[Way], moves: Moves) -> Losses:
        """The losses with other numbers; the sum of what comes out of all ways."""

        def losses(which: Array, moved: Array) -> Array:
            each, numbers = np.repeat(which, moved.shape[1]), moved.reshape(-1)

            def move(copies: Array, start: int) -> None:
                part = slice(start, start + len(copies))
                moves.place(copies, each[part], numbers[part])

            parts = (self.precise.losses(value.id, len(numbers), move, way) for way in ways)
            return sum(parts, np.zeros(len(numbers))).reshape(moved.shape)

        return losses

    def _without_kink(
        self, value: Value, ways: Sequence[Way], moves: Moves, which: int, reach: float
    ) -> Sequence[float]:
        """The steps with which nothing is chosen differently on both sides: all where nothing is as far as `reach`, and
        else those that are shorter than the first. Where nothing is, slopes that differ from side to side are
        curvature, and excuse nothing."""
        number = moves.numbers[which]

        def there(far: float) -> Array:
            copy = self.precise.trace.data[value.id].reshape(1, -1).copy()
            moves.place(copy, np.array([which]), np.array([number + far]))
            return copy.reshape(value.shape)

        def kink(far: float) -> bool:
            sides = there(far), there(-far)
            through = ([self.precise.through(value.id, side, way.nodes) for side in sides] for way in ways)
            return any(switched(self.precise, way.nodes, *both) for way, both in zip(ways, through, strict=True))

        reaches = [step * max(abs(number), 1) * float(OFFSETS.max()) for step in STEPS]
        if kink(reaches[-1]):  # first, as it is so of most: it is just here
            return ()
        if not kink(reach):
            return STEPS
        return next(STEPS[k:] for k, far in enumerate(reaches) if far < reach and not kink(far))
