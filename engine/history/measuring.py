"""An iteration that was just made, measured: its row of summaries.

What is small is only copied, and summed up together with that of a few iterations more, by NumPy's `reduceat` over
one long row (see `Columns`): that takes a fraction of the calls. Large arrays are measured at once, while they are
still near.
"""

from __future__ import annotations

from math import isfinite, prod
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain import masks
from gradstep.engine.history.columns import FIRST, RATE, Columns, Counted
from gradstep.engine.history.rows import Rows
from gradstep.engine.index import Array
from gradstep.engine.run.timeline import Phase
from gradstep.engine.run.trace import Trace
from gradstep.engine.run.update import Updated

#: Copies of small arrays are summed up together as long as they have no more bytes, and are no more iterations.
_TOGETHER, _MOST = 1 << 20, 32


class Made(NamedTuple):
    """One iteration to be summarised: its number, trace and update, its learning rate, and the loss over the
    samples held back, NaN where it was not taken."""

    iteration: int
    trace: Trace
    updated: Updated
    rate: float
    validation: float


class Measurer:
    """Adds iterations to the rows of a training, in their order."""

    def __init__(self, columns: Columns, rows: Rows) -> None:
        self.columns, self.rows = columns, rows
        recording = columns.recording
        graph = recording.graph
        self._apart = range(columns.small, len(columns.sweeps))
        self._ones = np.ones(recording.samples.count, np.float32)
        #: Of plain gradient descent, how far a parameter moved is η times its gradient.
        self._plain = recording.update.plain
        self._slopes = [columns.norm + columns.place[Phase.BACKWARD, p.id] for p in columns.parameters]
        packed = [(value, part.start) for value, part, _ in graph.packed if value in columns.order]
        self._packed = [start for _, start in packed]
        self._moved_of_packed = [columns.moved + columns.order[value] for value, _ in packed]
        self._unpacked = sorted({*columns.order} - {value for value, _ in packed})
        #: Squares of larger and of smaller numbers may be lost when they are added up.
        limits = np.finfo(graph.dtype)
        self._most_square, self._least_square = float(limits.max) ** 0.25, float(limits.tiny) ** 0.25
        #: Iterations that wait to be summed up together, and copies of their small arrays.
        width = int(columns.ends[-1])
        count = max(min(_TOGETHER // max(width * graph.dtype.itemsize, 1), _MOST), 1)
        self._buffer = np.empty((count, width), graph.dtype)
        self._pending = np.empty((count, columns.width))
        self._pending_counts = np.zeros((count, columns.units), np.uint32)
        self._waiting = 0

    def note(self, made: Made) -> None:
        """Adds the iteration after the last one; `flush` makes it readable."""
        assert made.iteration == self.rows.last + self._waiting + 1, "iterations are added in their order"
        columns, trace, updated = self.columns, made.trace, made.updated
        row, data, grad = self._pending[self._waiting], trace.data, trace.grad
        row[:FIRST] = trace.loss, made.validation, made.rate
        row[columns.bad : columns.moved] = 0
        if columns.small:
            new = updated.parameters
            arrays = [
                grad[value] if phase is Phase.BACKWARD else new[value] if phase is Phase.UPDATE else data[value]
                for phase, value in columns.gathered
            ]
            if columns.rows:
                arrays += (updated.gradients, updated.numbers)
            np.concatenate(arrays, axis=None, out=self._buffer[self._waiting])  # type: ignore[arg-type]  # all there
        with np.errstate(all="ignore"):
            for k in self._apart:
                self._measure(row, k, self._array(k, made).reshape(-1))
            if not self._plain:
                self._move(row, made)
        if columns.masked:
            meant = masks.deliberate_in(trace, masks.masked_in(trace, columns.masks))
            for k in columns.masked:
                row[columns.bad + k] -= np.count_nonzero(meant.get(columns.sweeps[k].value, 0))
        for value, (axis, units, _, start) in columns.counted.items():
            if start < 0:
                above = ~(data[value] <= 0)  # a NaN is no shut gate
                counts = above if axis is None else np.add.reduce(above, axis=axis, dtype=np.uint32)
                self._pending_counts[self._waiting, units] = counts.reshape(-1)
        self._waiting += 1
        if self._waiting == len(self._pending):
            self.flush()

    def flush(self) -> None:
        """Sums up what was only copied so far."""
        count, self._waiting = self._waiting, 0
        if not count:
            return
        rows, counts = self._pending[:count], self._pending_counts[:count]
        if self.columns.small:
            self._sum_up(rows, counts, self._buffer[:count])
        if self._plain:
            rows[:, self.columns.moved :] = abs(rows[:, RATE : RATE + 1]) * rows[:, self._slopes]
        self.rows.add(rows, counts)

    # What is small -------------------------------------------------------------------------------

    def _sum_up(self, rows: Array, counts: Array, flat: Array) -> None:
        """Norms, bounds and counts of the small arrays of a few iterations, a row of `flat` each, which is used
        up: a second array of this size would drive out of the cache what the next iteration needs."""
        columns = self.columns
        small, starts = columns.small, columns.ends[:-1]
        norms, lows, highs = (rows[:, k : k + small] for k in (columns.norm, columns.low, columns.high))
        with np.errstate(all="ignore"):
            np.minimum.reduceat(flat, starts, axis=1, out=lows)
            np.maximum.reduceat(flat, starts, axis=1, out=highs)
            for counted in columns.counted.values():
                if counted.start >= 0:
                    self._count(counts[:, counted.units], flat, counted)
            peaks, again = np.maximum(-lows, highs), []
            if not (peaks.max() < self._most_square and peaks.min() > self._least_square):
                near = (peaks < self._most_square) & ((peaks > self._least_square) | (peaks == 0))
                for at, k in zip(*np.nonzero(~near), strict=True):
                    part = flat[at, columns.ends[k] : columns.ends[k + 1]]
                    again.append((rows[at], int(k), self._look_again(rows[at], int(k), part)))
            np.multiply(flat, flat, out=flat)
            np.add.reduceat(flat, starts, axis=1, out=norms)
            np.sqrt(norms, out=norms)
        for row, k, norm in again:
            row[columns.norm + k] = norm

    def _count(self, counts: Array, flat: Array, counted: Counted) -> None:
        axis, _, shape, start = counted
        above = ~(flat[:, start : start + prod(shape)] <= 0)
        if axis is None:
            counts[:] = above
            return
        # The axes before it are one, and those behind it: there may be 64 of them.
        before, samples, units = prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :])
        above = above.reshape(len(flat), before, samples, units)
        if before == 1:
            # As a product with ones: adding truth values up takes twice as long. Exact up to 2²⁴ samples.
            counts[:] = self._ones[:samples] @ above.reshape(len(flat), samples, units).astype(np.float32)
        else:
            counts[:] = np.add.reduce(above, axis=2, dtype=np.uint32).reshape(len(flat), -1)

    # What is large -------------------------------------------------------------------------------

    def _array(self, number: int, made: Made) -> Array:
        """What an iteration has written in a sweep."""
        sweep = self.columns.sweeps[number]
        if sweep.phase is Phase.UPDATE:
            return made.updated.parameters[sweep.value]
        return made.trace.gradient(sweep.value) if sweep.phase is Phase.BACKWARD else made.trace.data[sweep.value]

    def _measure(self, row: Array, k: int, array: Array) -> None:
        columns = self.columns
        low, high = np.minimum.reduce(array), np.maximum.reduce(array)
        row[columns.low + k], row[columns.high + k] = low, high
        peak = max(-low, high) if low == low else low
        if peak < self._most_square and (peak > self._least_square or peak == 0):
            row[columns.norm + k] = np.sqrt(np.dot(array, array))
        else:
            row[columns.norm + k] = self._look_again(row, k, array)

    def _look_again(self, row: Array, k: int, array: Array) -> float:
        """Where squares are too large or too small to be added, or something is not finite: counts what is not
        finite; gives the norm, scaled so that no square is too large or too small."""
        row[self.columns.bad + k] += np.count_nonzero(~np.isfinite(array))
        peak = float(np.maximum(-row[self.columns.low + k], row[self.columns.high + k]))
        if not isfinite(peak) or not peak:
            return abs(peak)
        return peak * float(np.linalg.norm((array / array.dtype.type(peak)).astype(float)))

    def _move(self, row: Array, made: Made) -> None:
        """How far each parameter moved."""
        columns, updated = self.columns, made.updated
        for value in self._unpacked:
            by = (updated.parameters[value] - made.trace.data[value]).reshape(-1)
            row[columns.moved + columns.order[value]] = np.sqrt(np.dot(by, by))
        if self._packed:
            by = updated.numbers - updated.before  # type: ignore[operator]  # there are small ones
            np.multiply(by, by, out=by)
            row[self._moved_of_packed] = np.sqrt(np.add.reduceat(by, self._packed))
