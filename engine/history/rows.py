"""Rows of numbers, one an iteration. When there are too many, older ones are joined in pairs, again and again, and
keep the least and the largest of what they stand for: memory is bounded, and what can be said of a time long past is
less exact, but never wrong.
"""

from __future__ import annotations

from copy import copy
from threading import RLock
from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array

#: Room for so many rows at first, and at least: for several times what is added together.
_LEAST = 256


class Bounds(NamedTuple):
    """For each row the least and the largest of a number in the iterations that it stands for. Of a row of
    one iteration they are the same, and the number itself."""

    low: Array
    high: Array


class _Table:
    """Numbers of every row: `low` in all of them, and of the oldest, which stand for several iterations, `high` as
    well, which is never written to again. Shapes (room, width) and (joined rows, width)."""

    def __init__(self, low: Array, high: Array) -> None:
        self.low, self.high = low, high

    def copied(self, rows: int, room: int) -> _Table:
        """A new one of the first `rows`, with room for more."""
        empty = np.empty((room - rows, self.low.shape[1]), self.low.dtype)
        return _Table(np.concatenate([self.low[:rows], empty]), self.high)

    def joined(self, rows: int, old: int, sparse: int | slice | None) -> _Table:
        """A new one, with the first `old` of its rows joined in pairs. In columns that are `sparse` NaN is what was not
        taken, and says nothing."""
        low, joined = self.low, len(self.high)
        top = np.concatenate([self.high, low[joined:old]])[:old]
        whole, most = np.empty_like(low), np.maximum(top[::2], top[1::2])
        least = np.minimum(low[:old:2], low[1:old:2], out=whole[: old // 2])
        if sparse is not None:
            least[:, sparse] = np.fmin(low[:old:2, sparse], low[1:old:2, sparse])
            most[:, sparse] = np.fmax(top[::2, sparse], top[1::2, sparse])
        whole[old // 2 : rows - old // 2] = low[old:rows]
        return _Table(whole, most)

    def between(self, low: int, high: int) -> _Table:
        return _Table(self.low[low:high], self.high[low : min(high, len(self.high))])

    def read(self, rows: int, columns: int | slice) -> Bounds:
        low, joined = self.low[:rows, columns].copy(), len(self.high)
        return Bounds(low, np.concatenate([self.high[:, columns], low[joined:]]) if joined else low)

    @property
    def bytes(self) -> int:
        return self.low.nbytes + self.high.nbytes


class Rows:
    """At most `most` rows of `width` numbers and of `units` counts each. In columns that are `sparse` NaN is what was
    not taken. Iterations are added in their order, from 1 on; in one thread, while a screen reads in another."""

    def __init__(self, width: int, units: int, most: int, sparse: int | slice) -> None:
        self._most, self._sparse, self._lock = max(most, _LEAST), sparse, RLock()
        self._starts = np.zeros(_LEAST + 1, np.int64)
        self._numbers = _Table(np.empty((_LEAST, width)), np.empty((0, width)))
        self._counts = _Table(np.zeros((_LEAST, units), np.uint32), np.zeros((0, units), np.uint32))
        self._length = 0
        #: The last iteration that was added.
        self.last = 0

    def __len__(self) -> int:
        return self._length

    @staticmethod
    def size(width: int, units: int) -> int:
        """The bytes of a row."""
        return 8 * width + 4 * units + 8

    @property
    def bytes(self) -> int:
        return self._starts.nbytes + self._numbers.bytes + self._counts.bytes

    def add(self, numbers: Array, counts: Array) -> None:
        """Adds the iterations after the last one, a row each: shapes (iterations, width) and (iterations, units)."""
        count = len(numbers)
        with self._lock:
            if self._length + count > len(self._numbers.low):
                self._make_room(count)
            there = slice(self._length, self._length + count)
            self._numbers.low[there], self._counts.low[there] = numbers, counts
            self._starts[there.start : there.stop + 1] = np.arange(self.last + 1, self.last + count + 2)
            self._length += count
            self.last += count

    def _make_room(self, count: int) -> None:
        room = len(self._numbers.low)
        if self._length + count > self._most:
            self._join()
        if self._length + count > room:
            self._give(max(min(2 * room, self._most), self._length + count))

    def _give(self, room: int) -> None:
        """Copies the rows to where there is room for so many."""
        self._numbers, self._counts = (t.copied(self._length, room) for t in (self._numbers, self._counts))
        self._starts = np.concatenate([self.starts, np.zeros(room - self._length, np.int64)])

    def _join(self) -> None:
        """Joins the older half of the rows in pairs. Into new arrays: somebody may be looking at these."""
        old = self._length // 2 // 2 * 2
        self._numbers = self._numbers.joined(self._length, old, self._sparse)
        self._counts = self._counts.joined(self._length, old, None)
        starts = np.zeros_like(self._starts)
        kept = np.concatenate([self._starts[:old:2], self._starts[old : self._length + 1]])
        starts[: len(kept)] = kept
        self._starts, self._length = starts, self._length - old // 2

    # Reading -------------------------------------------------------------------------------------

    @property
    def starts(self) -> Array:
        """The first iteration of each row, and at the end the one after the last: shape (rows + 1,)."""
        return self._starts[: self._length + 1]

    def numbers(self, column: int) -> Bounds:
        """A column of all rows: shapes (rows,)."""
        with self._lock:
            return self._numbers.read(self._length, column)

    def counts(self, units: slice) -> Bounds:
        """The counts of some units in all rows: shapes (rows, units)."""
        with self._lock:
            return self._counts.read(self._length, units)

    def until(self, iteration: int) -> Rows:
        """A copy of the rows up to an iteration; one that stands for later ones as well is left out."""
        with self._lock:
            count = max(int(np.searchsorted(self.starts, iteration + 1, side="right")) - 1, 0)
            other = self.between(0, count)
        other._lock = RLock()
        other._give(max(count, _LEAST))
        return other

    def view(self) -> Rows:
        """All rows that there are now, for reading only, while others are added."""
        with self._lock:
            return self.between(0, self._length)

    def between(self, low: int, high: int) -> Rows:
        """The rows low to high (the last one left out), for reading only."""
        other = copy(self)
        other._length, other._starts = high - low, self._starts[low : high + 1]
        other.last = int(self._starts[high]) - 1
        other._numbers, other._counts = self._numbers.between(low, high), self._counts.between(low, high)
        return other
