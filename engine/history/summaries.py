"""What is kept of every iteration: its loss, and of each array that it writes the norm, the least and the
largest number, how many are not finite; how far each parameter moved; and for each unit of a layer in how
many samples its sum is above 0.

A row of numbers an iteration. When there are too many rows, older ones are joined in pairs, again and
again, and keep the least and the largest of what they stand for: memory is bounded, and what can be said of
a time long past is less exact, but never wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from math import isfinite, prod
from threading import RLock
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Array
from gradstep.engine.ops.op import Op
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Sweep
from gradstep.engine.run.trace import Trace
from gradstep.engine.run.update import Updated

#: Arrays of more elements are looked at one by one; smaller ones together, which saves calls.
_LARGE = 1 << 14
#: Copies of small arrays are summed up together as long as they have no more bytes.
_TOGETHER = 1 << 20
#: Of values with more units none are counted one by one.
UNITS = 1024
#: The columns before those of the sweeps.
LOSS, VALIDATION, RATE, _FIRST = range(4)


class Made(NamedTuple):
    """One iteration to be summarised: its number, trace and update, its learning rate, and the loss over the
    samples held back, NaN where it was not taken."""

    iteration: int
    trace: Trace
    updated: Updated
    rate: float
    validation: float


class Bounds(NamedTuple):
    """For each row the least and the largest of a number in the iterations that it stands for. Of a row of
    one iteration they are the same, and the number itself."""

    low: Array
    high: Array


class Summaries:
    """The rows of one training, whose iterations all have the steps of `recording`. At most `most` rows
    are kept. Iterations are added in their order."""

    def __init__(self, recording: Recording, most: int = 1 << 30) -> None:
        self.recording, self._most = recording, max(most, 64)
        #: Iterations may be added in one thread while a screen looks at them in another.
        self._lock = RLock()
        graph, time, samples = recording.graph, recording.timeline, recording.samples
        #: Small arrays are looked at together: those of values and their gradients, then the gradients and
        #: the new numbers of small parameters, which are rows already. They stand first in a row of columns.
        packed = [value for value, _, _ in graph.packed]
        rows = [(phase, value) for phase in (Phase.BACKWARD, Phase.UPDATE) for value in packed]
        sweeps = {(s.phase, s.value): s for s in time.sweeps if s.size}
        small = [key for key, s in sweeps.items() if s.size <= _LARGE and key not in rows]
        together = [*small, *(key for key in rows if key in sweeps)]
        self._sweeps = [*(sweeps[key] for key in together), *(s for k, s in sweeps.items() if k not in together)]
        self._place = {(s.phase, s.value): k for k, s in enumerate(self._sweeps)}
        self._parameters = [p for p in graph.parameters if p.size]
        self._small, self._sources, self._rows = len(together), small, bool(packed)
        self._apart = range(self._small, len(self._sweeps))
        self._ends = np.cumsum([0, *(s.size for s in self._sweeps[: self._small])]).astype(np.intp)
        self._masked = [k for k, s in enumerate(self._sweeps) if self._deliberate(s) is not None]
        self._plain = not recording.update.training.optimizer.kept() and len(recording.update.lines) == 1
        #: Each counted value: the axis of its samples, where its units stand among all that are counted, and
        #: where it stands among the small arrays, −1 if it is none.
        self._counted: dict[int, tuple[int | None, slice, int]] = {}
        self._shapes: dict[int, tuple[int, ...]] = {}
        self._ones = np.ones(samples.count, np.float32)
        start = 0
        gates = [node.inputs[0] for node in graph.nodes if node.op.rectifier]
        for value in dict.fromkeys([*gates, *(layer.pre for layer in recording.board.layers if layer.pre >= 0)]):
            whole, axis = graph.values[value], samples.axis(value)
            units = whole.size // (samples.count if axis is not None else 1)
            if whole.node >= 0 and 0 < units <= UNITS and value != graph.loss.id:
                phase = Phase.LOSS if (Phase.LOSS, value) in self._place else Phase.FORWARD
                k = self._place[phase, value]
                there = int(self._ends[k]) if k < self._small else -1
                self._counted[value] = axis, slice(start, start + units), there
                self._shapes[there] = whole.shape
                start += units
        count = len(self._sweeps)
        self._norm, self._low, self._high, self._bad = (_FIRST + k * count for k in range(4))
        self._moved = _FIRST + 4 * count
        self._width, self._units = self._moved + len(self._parameters), start
        self._slopes = [self._norm + self._place[Phase.BACKWARD, p.id] for p in self._parameters]
        order = [p.id for p in self._parameters]
        self._packed = [part.start for value, part, _ in graph.packed if value in order]
        self._moved_of_packed = [self._moved + order.index(value) for value, _, _ in graph.packed if value in order]
        limits = np.finfo(graph.dtype)
        self._most_square, self._least_square = float(limits.max) ** 0.25, float(limits.tiny) ** 0.25
        #: Iterations that wait to be summed up together, and copies of their small arrays.
        width = int(self._ends[-1])
        count = max(min(_TOGETHER // max(width * graph.dtype.itemsize, 1), 32), 1)
        self._buffer = np.empty((count, width), graph.dtype)
        self._pending = np.empty((count, self._width))
        self._pending_signs = np.zeros((count, self._units), np.uint32)
        self._waiting = 0
        self._capacity = 256
        self._starts = np.zeros(self._capacity + 1, np.int64)
        self._lows = np.empty((self._capacity, self._width))
        self._highs = np.empty((0, self._width))
        self._signs = np.zeros((self._capacity, self._units), np.uint32)
        self._signs_high = np.zeros((0, self._units), np.uint32)
        self.rows = 0
        #: The last iteration that was added.
        self.last = 0

    @property
    def bytes_per_row(self) -> int:
        return 8 * self._width + 4 * self._units + 8

    @property
    def bytes(self) -> int:
        arrays = (self._starts, self._lows, self._highs, self._signs, self._signs_high)
        return sum(array.nbytes for array in arrays)

    def _node(self, sweep: Sweep) -> Node | None:
        return self.recording.graph.nodes[sweep.node] if sweep.phase in (Phase.FORWARD, Phase.LOSS) else None

    def _deliberate(self, sweep: Sweep) -> Op | None:
        """The operation that writes infinities on purpose in a sweep, if it is one of those."""
        node = self._node(sweep)
        return node.op if node is not None and type(node.op).deliberate is not Op.deliberate else None

    # Adding --------------------------------------------------------------------------------------

    def note(self, made: Made) -> None:
        """Adds the iteration after the last one. What is small is only copied, and summed up together with
        that of a few iterations more, which takes a fraction of the calls; `flush` does so at once."""
        assert made.iteration == self.last + self._waiting + 1, "iterations are added in their order"
        row = self._pending[self._waiting]
        row[:_FIRST] = made.trace.loss, made.validation, made.rate
        row[self._bad : self._moved] = 0
        data, grad, updated = made.trace.data, made.trace.grad, made.updated
        if self._small:
            arrays = [grad[value] if phase is Phase.BACKWARD else data[value] for phase, value in self._sources]
            if self._rows:
                arrays += (updated.gradients, updated.numbers)
            np.concatenate(arrays, axis=None, out=self._buffer[self._waiting])  # type: ignore[arg-type]  # all there
        with np.errstate(all="ignore"):
            for k in self._apart:
                # While it is still near: a large array would have to be fetched once more.
                array = self._array(k, made).reshape(-1)
                row[self._low + k], row[self._high + k] = np.minimum.reduce(array), np.maximum.reduce(array)
                row[self._norm + k] = np.sqrt(np.dot(array, array))
                if self._is_far(row[self._low + k], row[self._high + k]):
                    row[self._norm + k] = self._look_again(row, k, array)
            if not self._plain:
                self._move(row, made)
        for k in self._masked:
            row[self._bad + k] = -self._meant(k, made)
        for value, (axis, units, start) in self._counted.items():
            if start < 0:
                above = data[value] > 0
                counts = above if axis is None else np.add.reduce(above, axis=axis, dtype=np.uint32)
                self._pending_signs[self._waiting, units] = counts.reshape(-1)
        self._waiting += 1
        if self._waiting == len(self._pending):
            self.flush()

    def flush(self) -> None:
        """Sums up what was only copied so far."""
        count, self._waiting = self._waiting, 0
        if not count:
            return
        rows, signs = self._pending[:count], self._pending_signs[:count]
        if self._small:
            self._sum_up(rows, signs, self._buffer[:count])
        if self._plain:
            rows[:, self._moved :] = abs(rows[:, RATE : RATE + 1]) * rows[:, self._slopes]
        self._append(rows, signs)

    def _sum_up(self, rows: Array, signs: Array, flat: Array) -> None:
        """Norms, bounds and counts of the small arrays of a few iterations, a row of `flat` each, which is used
        up: a second array of this size would drive out of the cache what the next iteration needs."""
        starts = self._ends[:-1]
        norms, lows, highs = (rows[:, k : k + self._small] for k in (self._norm, self._low, self._high))
        with np.errstate(all="ignore"):
            np.minimum.reduceat(flat, starts, axis=1, out=lows)
            np.maximum.reduceat(flat, starts, axis=1, out=highs)
            for axis, units, start in self._counted.values():
                if start >= 0:
                    self._count(signs[:, units], flat, axis, start)
            peaks, again = np.maximum(-lows, highs), []
            if not (peaks.max() < self._most_square and peaks.min() > self._least_square):
                near = (peaks < self._most_square) & ((peaks > self._least_square) | (peaks == 0))
                for at, k in zip(*np.nonzero(~near), strict=True):
                    part = flat[at, self._ends[k] : self._ends[k + 1]]
                    again.append((rows[at], int(k), self._look_again(rows[at], int(k), part)))
            np.multiply(flat, flat, out=flat)
            np.add.reduceat(flat, starts, axis=1, out=norms)
            np.sqrt(norms, out=norms)
        for row, k, norm in again:
            row[self._norm + k] = norm

    def _count(self, counts: Array, flat: Array, axis: int | None, start: int) -> None:
        shape = self._shapes[start]
        above = flat[:, start : start + prod(shape)].reshape(len(flat), *shape) > 0
        if axis is None:
            counts[:] = above.reshape(len(flat), -1)
        elif axis == 0 and len(shape) == 2:
            # As a product with ones: adding truth values up takes twice as long. Exact up to 2²⁴ samples.
            counts[:] = self._ones[: shape[0]] @ above.astype(np.float32)
        else:
            counts[:] = np.add.reduce(above, axis=1 + axis, dtype=np.uint32).reshape(len(flat), -1)

    def _array(self, number: int, one: Made) -> Array:
        """What an iteration has written in a sweep."""
        sweep = self._sweeps[number]
        if sweep.phase is Phase.UPDATE:
            return one.updated.parameters[sweep.value]
        found = (one.trace.grad if sweep.phase is Phase.BACKWARD else one.trace.data)[sweep.value]
        assert found is not None, "the sweep writes it"
        return found

    # Where squares are too large or too small to be added, or something is not finite, one looks again.

    def _is_far(self, low: float, high: float) -> bool:
        peak = max(-low, high) if low == low else low
        return not (peak < self._most_square and (peak > self._least_square or peak == 0))

    def _look_again(self, row: Array, k: int, array: Array) -> float:
        """Counts what is not finite; the norm, scaled so that no square is too large or too small."""
        row[self._bad + k] += np.count_nonzero(~np.isfinite(array))
        peak = float(np.maximum(-row[self._low + k], row[self._high + k]))
        if not isfinite(peak) or not peak:
            return abs(peak)
        return peak * float(np.linalg.norm((array / array.dtype.type(peak)).astype(float)))

    def _meant(self, k: int, made: Made) -> int:
        """How many infinities a sweep writes on purpose: they are not counted."""
        sweep = self._sweeps[k]
        node = self.recording.graph.nodes[sweep.node]
        found = node.op.deliberate(made.trace.data[sweep.value], made.trace.inputs(node))
        return 0 if found is None else int(np.count_nonzero(found))

    def _move(self, row: Array, made: Made) -> None:
        """How far each parameter moved. Of plain gradient descent that is η times its gradient."""
        packed = {value: part for value, part, _ in self.recording.graph.packed}
        for k, parameter in enumerate(self._parameters):
            new, old = made.updated.parameters[parameter.id], made.trace.data[parameter.id]
            if parameter.id not in packed:
                by = (new - old).reshape(-1)
                row[self._moved + k] = np.sqrt(np.dot(by, by))
        if packed and self._packed:
            by = made.updated.numbers - made.updated.before  # type: ignore[operator]  # there are small ones
            np.multiply(by, by, out=by)
            row[self._moved_of_packed] = np.sqrt(np.add.reduceat(by, self._packed))

    def _append(self, rows: Array, signs: Array) -> None:
        with self._lock:
            self._add(rows, signs)

    def _add(self, rows: Array, signs: Array) -> None:
        if self.rows + len(rows) > self._capacity:
            self._make_room(len(rows))
        there = slice(self.rows, self.rows + len(rows))
        self._lows[there], self._signs[there] = rows, signs
        self._starts[self.rows : self.rows + len(rows) + 1] = np.arange(self.last + 1, self.last + len(rows) + 2)
        self.rows += len(rows)
        self.last += len(rows)

    def _make_room(self, count: int) -> None:
        if self._capacity < self._most:
            self._capacity = min(max(2 * self._capacity, self.rows + count), max(self._most, self.rows + count))
            self._lows, self._signs = (
                np.concatenate([a[: self.rows], np.empty((self._capacity - self.rows, *a.shape[1:]), a.dtype)])
                for a in (self._lows, self._signs)
            )
            self._starts = np.concatenate(
                [self._starts[: self.rows + 1], np.zeros(self._capacity - self.rows, np.int64)]
            )
            return
        self._join()

    def _join(self) -> None:
        """Joins the older half of the rows in pairs. Into new arrays: somebody may be looking at these."""
        old, joined = self.rows // 2 // 2 * 2, len(self._highs)
        tables: list[tuple[Array, Array]] = []
        for low, high in ((self._lows, self._highs), (self._signs, self._signs_high)):
            top = np.concatenate([high, low[joined:old]])[:old]
            whole, most = np.empty_like(low), np.maximum(top[::2], top[1::2])
            least = np.minimum(low[:old:2], low[1:old:2], out=whole[: old // 2])
            if low is self._lows:  # where it was not taken it is NaN, and that says nothing
                least[:, VALIDATION] = np.fmin(low[:old:2, VALIDATION], low[1:old:2, VALIDATION])
                most[:, VALIDATION] = np.fmax(top[::2, VALIDATION], top[1::2, VALIDATION])
            whole[old // 2 : self.rows - old // 2] = low[old : self.rows]
            del top
            tables.append((whole, most))
        starts = np.zeros_like(self._starts)
        kept = np.concatenate([self._starts[:old:2], self._starts[old : self.rows + 1]])
        starts[: len(kept)] = kept
        self._lows, self._highs, self._signs, self._signs_high = *tables[0], *tables[1]
        self._starts, self.rows = starts, self.rows - old // 2

    def until(self, iteration: int) -> Summaries:
        """A copy of the rows up to an iteration; one that stands for later ones as well is left out."""
        other = copy(self)
        other.rows = max(int(np.searchsorted(self.starts, iteration + 1, side="right")) - 1, 0)
        other.last = int(self._starts[other.rows]) - 1
        for name in ("_starts", "_lows", "_signs", "_buffer", "_pending", "_pending_signs"):
            setattr(other, name, getattr(self, name).copy())
        other._highs, other._signs_high = self._highs[: other.rows].copy(), self._signs_high[: other.rows].copy()
        return other

    def view(self) -> Summaries:
        """All rows that there are now, for reading only, while others are added."""
        with self._lock:
            return self.between(0, self.rows)

    def between(self, low: int, high: int) -> Summaries:
        """The rows low to high (the last one left out), for reading only."""
        other, joined = copy(self), len(self._highs)
        other.rows, other._starts = high - low, self._starts[low : high + 1]
        other.last = int(self._starts[high]) - 1
        other._lows, other._signs = self._lows[low:high], self._signs[low:high]
        other._highs, other._signs_high = (
            self._highs[low : min(high, joined)],
            self._signs_high[low : min(high, joined)],
        )
        return other

    # Reading -------------------------------------------------------------------------------------

    @property
    def starts(self) -> Array:
        """The first iteration of each row, and at the end the one after the last: shape (rows + 1,)."""
        return self._starts[: self.rows + 1]

    @property
    def exact(self) -> Array:
        """Which rows stand for one iteration."""
        return np.asarray(np.diff(self.starts) == 1)

    def row_of(self, iteration: int) -> int:
        """The row that stands for an iteration."""
        return int(np.searchsorted(self.starts, iteration, side="right")) - 1

    def _column(self, column: int) -> Bounds:
        with self._lock:
            low, joined = self._lows[: self.rows, column].copy(), len(self._highs)
            return Bounds(low, np.concatenate([self._highs[:, column], low[joined:]]) if joined else low)

    @property
    def loss(self) -> Bounds:
        return self._column(LOSS)

    @property
    def validation(self) -> Bounds:
        """NaN where it was not taken."""
        return self._column(VALIDATION)

    @property
    def rate(self) -> Bounds:
        """The learning rate."""
        return self._column(RATE)

    def norm(self, phase: Phase, value: int) -> Bounds:
        """‖·‖₂ of what a sweep wrote."""
        return self._column(self._norm + self._place[phase, value])

    def least(self, phase: Phase, value: int) -> Bounds:
        """The least number that a sweep wrote."""
        return self._column(self._low + self._place[phase, value])

    def largest(self, phase: Phase, value: int) -> Bounds:
        """The largest number that a sweep wrote."""
        return self._column(self._high + self._place[phase, value])

    def nonfinite(self, phase: Phase, value: int) -> Bounds:
        """How many of the numbers that a sweep wrote were not finite."""
        return self._column(self._bad + self._place[phase, value])

    def moved(self, value: int) -> Bounds:
        """‖new − old‖₂ of a parameter."""
        return self._column(self._moved + next(k for k, p in enumerate(self._parameters) if p.id == value))

    def has(self, phase: Phase, value: int) -> bool:
        """Whether there are columns for what a sweep writes."""
        return (phase, value) in self._place

    @property
    def counted(self) -> Iterable[int]:
        """The values whose units are counted."""
        return self._counted

    def above_zero(self, value: int) -> Bounds:
        """For each row and unit of a counted value in how many samples it was above 0: shape (rows, units).
        Units are the value's elements without the axis of the samples, in C order."""
        units = self._counted[value][1]
        with self._lock:
            low, joined = self._signs[: self.rows, units].copy(), len(self._signs_high)
            return Bounds(low, np.concatenate([self._signs_high[:, units], low[joined:]]) if joined else low)
