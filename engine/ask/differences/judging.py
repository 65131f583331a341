"""Gradients of a run beside differences of its loss: as precise as they have to be, and with no kink between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.rounding import EPS, Rounding
from gradstep.engine.ask.differences.slopes import FIRST, OFFSETS, STEPS, Losses, Noise, Slopes, best, slopes
from gradstep.engine.ask.differences.stretches import Way
from gradstep.engine.ask.differences.switches import switched
from gradstep.engine.ask.differences.verdicts import TOLERANCE, Given, Judged, Verdict, apart, judged, tells
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array

#: What comes out at the end of a stretch is a sum that is rounded to so many units in the last place.
_UNITS = 4


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
        self._again = precise if own == np.float64 else Precise(precise.recording, own.type)
        self._overflown = not np.isfinite(precise.recording.trace.loss)

    def compare(self, value: Value, flats: Array) -> Compared:
        """Some elements of a value that has a gradient."""
        given, ways = self._given(value.id, flats), self.precise.stretches.ways(value.id)
        losses, noise = self._losses(value.id, ways, flats), self._noise(value.id, ways)
        numbers, which = self.precise.trace.data[value.id].reshape(-1)[flats], np.arange(len(flats))
        with np.errstate(all="ignore"):
            found = slopes(losses, which, numbers, FIRST, noise)
            rest = which[~tells(found, given, TOLERANCE) | apart(found, given)]
            if len(rest):
                found.put(rest, best(losses, rest, numbers[rest], noise))
            kinks = list[int]()
            for k in which[apart(found, given)]:
                steps = self._without_kink(value.id, ways, int(flats[k]), float(found.reach[k]))
                if not steps:
                    kinks.append(k)
                elif len(steps) < len(STEPS):
                    found.put(which[k : k + 1], best(losses, which[k : k + 1], numbers[k : k + 1], noise, steps))
            verdicts = judged(found, given, self._overflown)
        verdicts.verdict[kinks] = Verdict.KINK
        return Compared(given, found, verdicts)

    def _given(self, value: int, flats: Array) -> Given:
        exact = self._rounding.gradient(value)
        largest = float(np.max(abs(exact), where=np.isfinite(exact), initial=0.0))
        shown, again = (
            trace.gradient(value).reshape(-1)[flats].astype(np.float64)
            for trace in (self.precise.recording.trace, self._again.trace)
        )
        eps = float(np.finfo(self.precise.recording.graph.dtype).eps)
        return Given(shown, again, exact.reshape(-1)[flats], largest, eps)

    def _noise(self, value: int, ways: Sequence[Way]) -> Noise:
        """What rounding makes of the loss, or of the ends of more ways than one; and what is lost beside the largest
        number on them."""
        trace = self.precise.trace
        on_the_way = (trace.data[v] for v in (value, *(n.output for way in ways for n in way.nodes)))
        largest = max(float(np.max(abs(a), where=np.isfinite(a), initial=0.0)) for a in on_the_way)
        sums = sum(way.size(trace) for way in ways if way.ends.keys() != {trace.graph.loss.id})
        off = max(self._off, _UNITS * EPS * sums)
        return Noise(off, max(off, EPS * largest))

    def _losses(self, value: int, ways: Sequence[Way], flats: Array) -> Losses:
        """The losses where each of some elements is another number; the sum of what comes out of all ways."""

        def losses(which: Array, moved: Array) -> Array:
            columns, numbers = np.repeat(flats[which], moved.shape[1]), moved.reshape(-1)

            def move(copies: Array, start: int) -> None:
                rows = np.arange(len(copies))
                copies[rows, columns[start + rows]] = numbers[start + rows]

            parts = (self.precise.losses(value, len(numbers), move, way) for way in ways)
            return sum(parts, np.zeros(len(numbers))).reshape(moved.shape)

        return losses

    def _without_kink(self, value: int, ways: Sequence[Way], flat: int, reach: float) -> Sequence[float]:
        """The steps with which nothing is chosen differently on both sides: all where nothing is as far as `reach`, and
        else those that are shorter than the first. Where nothing is, slopes that differ from side to side are
        curvature, and excuse nothing."""
        base = float(self.precise.trace.data[value].item(flat))

        def kink(far: float, way: Way) -> bool:
            above, below = (self.precise.moved(value, flat, base + sign * far, way.nodes) for sign in (1, -1))
            return bool(switched(self.precise, way.nodes, above, below))

        def kinks(far: float) -> bool:
            return any(kink(far, way) for way in ways)

        if not kinks(reach):
            return STEPS
        reaches = [step * max(abs(base), 1) * float(OFFSETS.max()) for step in STEPS]
        return next((STEPS[k:] for k, far in enumerate(reaches) if far < reach and not kinks(far)), ())
