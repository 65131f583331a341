"""Differences of the loss of a run where a value is moved, in the precision of that run; and what lies between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.slopes import OFFSETS, STEPS, Noise, Slopes, best, slopes
from gradstep.engine.ask.differences.switches import switched
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array

#: What comes out at the end of a stretch is a sum that is rounded to so many units in the last place.
_UNITS = 4


class Moves(NamedTuple):
    """Ways to move a value, n of them: each from a number on to others. `place` puts others into copies of the value,
    rows without axes: (copies, which moves (k,), numbers (k,))."""

    numbers: Array
    place: Callable[[Array, Array, Array], None]


class Measure:
    """Measures how the loss of a run, which may be `off` by rounding, changes with the moves of a value. `surely`:
    where what is lost beside the largest number on the way is always taken to be."""

    def __init__(self, precise: Precise, value: Value, moves: Moves, off: float, surely: bool = False) -> None:
        self._precise, self._value, self._moves = precise, value, moves
        self._ways = precise.stretches.ways(value.id)
        noise = self._noise_of(off)
        self._noise = Noise(noise.lost, noise.lost) if surely else noise

    def slopes(self, which: Array, step: float) -> Slopes:
        """Differences of some of the moves with one length of steps."""
        return slopes(self._losses, which, self._numbers(which), step, self._noise)

    def best(self, which: Array, steps: Sequence[float] = STEPS) -> Slopes:
        """With the best of several."""
        return best(self._losses, which, self._numbers(which), self._noise, steps)

    def _numbers(self, which: Array) -> Array:
        return np.asarray(self._moves.numbers[which], dtype=self._precise.graph.dtype)

    def _noise_of(self, off: float) -> Noise:
        """What rounding makes of the loss, or of the ends of more ways than one; and what is lost beside the largest
        number on them."""
        trace, eps = self._precise.trace, float(np.finfo(self._precise.graph.dtype).eps)
        on_the_way = (trace.data[v] for v in (self._value.id, *(n.output for way in self._ways for n in way.nodes)))
        largest = max(float(np.max(abs(a), where=np.isfinite(a), initial=0.0)) for a in on_the_way)
        sums = sum(way.size(trace) for way in self._ways if way.ends.keys() != {trace.graph.loss.id})
        off = max(off, _UNITS * eps * sums)
        return Noise(off, max(off, eps * largest))

    def _losses(self, which: Array, moved: Array) -> Array:
        """The losses with other numbers; the sum of what comes out of all ways."""
        each, numbers = np.repeat(which, moved.shape[1]), moved.reshape(-1)

        def move(copies: Array, start: int) -> None:
            part = slice(start, start + len(copies))
            self._moves.place(copies, each[part], numbers[part])

        parts = (self._precise.losses(self._value.id, len(numbers), move, way) for way in self._ways)
        return sum(parts, np.zeros(len(numbers), dtype=self._precise.graph.dtype)).reshape(moved.shape)

    def without_kink(self, which: int, reach: float) -> Sequence[float]:
        """The steps with which nothing is chosen differently on both sides: all where nothing is as far as `reach`, and
        else those that are shorter than the first. Where nothing is, slopes that differ from side to side are
        curvature, and excuse nothing."""
        size = max(abs(float(self._moves.numbers[which])), 1)
        reaches = [step * size * float(OFFSETS.max()) for step in STEPS]
        if self._kink(which, reaches[-1]):  # first, as it is so of most: it is just here
            return ()
        if not self._kink(which, reach):
            return STEPS
        return next(STEPS[k:] for k, far in enumerate(reaches) if far < reach and not self._kink(which, far))

    def _kink(self, which: int, far: float) -> bool:
        sides = [self._there(which, by) for by in (far, -far)]
        through = ([self._precise.through(self._value.id, side, way.nodes) for side in sides] for way in self._ways)
        return any(switched(self._precise, way.nodes, *both) for way, both in zip(self._ways, through, strict=True))

    def _there(self, which: int, by: float) -> Array:
        """The value with one of the moves made."""
        copy = self._precise.trace.data[self._value.id].reshape(1, -1).copy()
        self._moves.place(copy, np.array([which]), self._moves.numbers[[which]] + by)
        return copy.reshape(self._value.shape)
