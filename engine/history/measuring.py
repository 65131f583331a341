"""An iteration that was just made, measured: its row of summaries.

All small arrays are parts of one long row, where they are copied to, or where they are computed (see `Compiled`):
NumPy's `reduceat` over it takes a fraction of the calls that each by itself would take, and the row is still near.
Large arrays are measured one by one.
"""

from __future__ import annotations

from functools import partial
from math import inf, isfinite, prod
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain import masks
from gradstep.engine.history.columns import FIRST, LARGE, RATE, Columns, Counted
from gradstep.engine.history.rows import Rows
from gradstep.engine.index import Array
from gradstep.engine.ops.bound import Calls
from gradstep.engine.run.packing import Row
from gradstep.engine.run.timeline import Phase
from gradstep.engine.run.trace import Trace
from gradstep.engine.run.update import Updated

#: So many iterations are put into the rows of summaries together.
_TOGETHER = 32


class Made(NamedTuple):
    """One iteration to be summarised: its number, trace and update, its learning rate, and the loss over the
    samples held back, with the weights and with their average, NaN where it was not taken."""

    iteration: int
    trace: Trace
    updated: Updated
    rate: float
    validation: float
    averaged: float


class Measurer:
    """Adds iterations to the rows of a training, in their order. What a small sweep writes stands, or is to stand, in
    `there`, by phase and value. To know how far parameters moved it needs their numbers before an update, unless that
    is `plain`.
    """

    def __init__(self, columns: Columns, rows: Rows) -> None:
        self.columns, self.rows = columns, rows
        recording = columns.recording
        graph, ends = recording.graph, columns.ends.tolist()
        self._row: Array = np.zeros(ends[-1], graph.dtype)
        self._squared, self._zero = np.empty_like(self._row), np.zeros((), graph.dtype)
        self.there = {
            (s.phase, s.value): self._row[start:stop].reshape(graph.values[s.value].shape)
            for s, start, stop in zip(columns.sweeps, ends, ends[1:], strict=False)
        }
        self._ones = np.ones(recording.samples.count, np.float32)
        #: Of plain gradient descent, how far a parameter moved is η times its gradient.
        self.plain = recording.update.plain
        self._slopes = [columns.norm + columns.place[Phase.BACKWARD, p.id] for p in columns.parameters]
        #: Of each row of parameters where they begin in it, and in which columns it stands how far they moved.
        self._moved = [
            (
                row.key,
                [part.start for value, part, _ in row.members if value in columns.order],
                [columns.moved + columns.order[value] for value, _, _ in row.members if value in columns.order],
            )
            for row in recording.update.packing.rows
            if row.size
        ]
        #: A sum of squares that is less may have lost some of them.
        limits = np.finfo(graph.dtype)
        self._least = LARGE * float(limits.tiny) / float(limits.eps)
        #: Iterations that wait to be put into the rows together, and what was found again, as (iteration, sweep, norm).
        self._pending = np.zeros((_TOGETHER, columns.width))
        self._counts = np.zeros((_TOGETHER, columns.units), np.uint32)
        self._lows, self._highs, self._squares = np.empty((3, _TOGETHER, columns.small), graph.dtype)
        shut = ((c, np.empty((_TOGETHER, prod(c.shape)), bool)) for c in columns.counted.values() if c.start >= 0)
        self._shut = list(shut)
        self._first: list[tuple[float, float, float, float]] = []
        self._found: list[tuple[int, int, float]] = []
        self._waiting = 0
        #: What measures the small arrays of each of them.
        self._small = list(map(self._calls, range(_TOGETHER))) if columns.small else []

    def _calls(self, at: int) -> Calls:
        row, starts, squared, zero = self._row, self.columns.ends[:-1], self._squared, self._zero
        return [
            partial(np.minimum.reduceat, row, starts, 0, None, self._lows[at]),
            partial(np.maximum.reduceat, row, starts, 0, None, self._highs[at]),
            partial(np.multiply, row, row, squared),
            partial(np.add.reduceat, squared, starts, 0, None, self._squares[at]),
            *(partial(np.less_equal, row[c.start : c.start + prod(c.shape)], zero, shut[at]) for c, shut in self._shut),
        ]

    def note(self, made: Made) -> None:
        """Adds the iteration after the last one; `flush` makes it readable. NumPy's warnings are for the caller to
        silence."""
        if self.columns.small:
            arrays = [self._array(k, made) for k in range(self.columns.small)]
            np.concatenate(arrays, axis=None, out=self._row)
        self.measure(made)

    def part(self, phase: Phase, row: Row) -> Array:
        """Where what a phase writes of small parameters that are updated together stands as one row."""
        there = [self.columns.place[phase, value] for value, _, _ in row.members if value in self.columns.order]
        return self._row[self.columns.ends[there[0]] : self.columns.ends[there[-1] + 1]] if there else self._row[:0]

    def measure(self, made: Made) -> None:
        """The same of an iteration whose small arrays are where they are to be."""
        assert made.iteration == self.rows.last + self._waiting + 1, "iterations are added in their order"
        columns, trace, row = self.columns, made.trace, self._pending[self._waiting]
        self._first.append((trace.loss, made.validation, made.averaged, made.rate))
        if columns.small:
            self._measure_small(row)
        for k in range(columns.small, len(columns.sweeps)):
            self._measure_large(row, k, self._array(k, made).reshape(-1))
        if not self.plain:
            self._move(row, made.updated)
        if columns.masked:
            meant = masks.deliberate_in(trace, masks.masked_in(trace, columns.masks))
            for k in columns.masked:
                row[columns.bad + k] -= np.count_nonzero(meant.get(columns.sweeps[k].value, 0))
        for value, (axis, units, _, start) in columns.counted.items():
            if start < 0:
                above = ~(trace.data[value] <= 0)  # a NaN is no shut gate
                counts = above if axis is None else np.add.reduce(above, axis=axis, dtype=np.uint32)
                self._counts[self._waiting, units] = counts.reshape(-1)
        self._waiting += 1
        if self._waiting == _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Puts what is measured into the rows."""
        count, self._waiting = self._waiting, 0
        if not count:
            return
        columns, rows = self.columns, self._pending[:count]
        small = columns.small
        rows[:, :FIRST] = self._first
        self._first.clear()
        rows[:, columns.low : columns.low + small] = self._lows[:count]
        rows[:, columns.high : columns.high + small] = self._highs[:count]
        np.sqrt(self._squares[:count], out=rows[:, columns.norm : columns.norm + small])
        for at, k, norm in self._found:
            rows[at, columns.norm + k] = norm
        self._found.clear()
        for counted, shut in self._shut:
            self._count(self._counts[:count, counted.units], shut[:count], counted)
        if self.plain:
            rows[:, columns.moved :] = abs(rows[:, RATE : RATE + 1]) * rows[:, self._slopes]
        self.rows.add(rows, self._counts[:count])
        rows[:, columns.bad : columns.moved] = 0

    # What is small -------------------------------------------------------------------------------

    def _measure_small(self, row: Array) -> None:
        """Squares, bounds and what is shut of all small arrays."""
        at, ends = self._waiting, self.columns.ends
        for call in self._small[at]:
            call()
        squares = self._squares[at].tolist()
        if min(squares) >= self._least and sum(squares) < inf:
            return
        lows, highs = self._lows[at], self._highs[at]
        for k, square in enumerate(squares):
            if not self._least <= square < inf and (lows[k] != 0 or highs[k] != 0):
                bad, norm = _again(self._row[ends[k] : ends[k + 1]], lows[k], highs[k])
                row[self.columns.bad + k] += bad
                self._found.append((at, k, norm))

    def _count(self, counts: Array, shut: Array, counted: Counted) -> None:
        """For each unit in how many samples it is above 0, or NaN: in several iterations, one a row."""
        axis, _, shape, _ = counted
        above = ~shut
        if axis is None:
            counts[:] = above
            return
        # The axes before it are one, and those behind it: there may be 64 of them.
        before, samples, units = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
        above = above.reshape(len(shut), before, samples, units)
        if before == 1:
            # As a product with ones: adding truth values up takes twice as long. Exact up to 2²⁴ samples.
            counts[:] = self._ones[:samples] @ above.reshape(len(shut), samples, units).astype(np.float32)
        else:
            counts[:] = np.add.reduce(above, axis=2, dtype=np.uint32).reshape(len(shut), -1)

    # What is large -------------------------------------------------------------------------------

    def _array(self, number: int, made: Made) -> Array:
        """What an iteration has written in a sweep."""
        sweep = self.columns.sweeps[number]
        if sweep.phase is Phase.UPDATE:
            return made.updated.parameters[sweep.value]
        return made.trace.gradient(sweep.value) if sweep.phase is Phase.BACKWARD else made.trace.data[sweep.value]

    def _measure_large(self, row: Array, k: int, array: Array) -> None:
        columns = self.columns
        low, high, square = np.minimum.reduce(array), np.maximum.reduce(array), float(np.dot(array, array))
        row[columns.low + k], row[columns.high + k], row[columns.norm + k] = low, high, np.sqrt(square)
        if not self._least <= square < inf and (low != 0 or high != 0):
            row[columns.bad + k], row[columns.norm + k] = _again(array, low, high)

    def _move(self, row: Array, updated: Updated) -> None:
        """How far each parameter moved."""
        for key, starts, columns in self._moved:
            by = (updated.after[key] - updated.before[key]).reshape(-1)
            if len(starts) == 1:
                row[columns[0]] = np.sqrt(np.dot(by, by))
            else:
                np.multiply(by, by, out=by)
                row[columns] = np.sqrt(np.add.reduceat(by, starts))


def _again(array: Array, low: Array, high: Array) -> tuple[int, float]:
    """Where squares are too large or too small to be added, or something is not finite: how many are not finite, and
    the norm, scaled so that no square is too large or too small."""
    bad, peak = int(np.count_nonzero(~np.isfinite(array))), float(np.maximum(-low, high))
    if not isfinite(peak) or not peak:
        return bad, abs(peak)
    return bad, peak * float(np.linalg.norm((array / array.dtype.type(peak)).astype(float)))
