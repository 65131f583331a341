"""What is kept of every iteration, read by name: its loss, and of each array that it writes the norm, the least and
the largest number, how many are not finite; how far each parameter moved; and for each unit of a layer in how many
samples its sum is above 0.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gradstep.engine.history.columns import AVERAGED, HELD, LOSS, RATE, VALIDATION, Columns
from gradstep.engine.history.measuring import Measurer
from gradstep.engine.history.rows import Bounds, Rows
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase


class Summaries:
    """The rows of one training (see `Rows`), by what stands in their columns."""

    def __init__(self, columns: Columns, rows: Rows) -> None:
        self.columns, self._rows = columns, rows

    @classmethod
    def within(cls, recording: Recording, budget: int) -> Summaries:
        """Those of a training whose iterations have the steps of `recording`, in at most `budget` bytes; none yet."""
        columns = Columns(recording)
        most = budget // Rows.size(columns.width, columns.units)
        return cls(columns, Rows(columns.width, columns.units, most, HELD))

    def measurer(self) -> Measurer:
        """What adds iterations to these rows."""
        return Measurer(self.columns, self._rows)

    @property
    def recording(self) -> Recording:
        """An iteration that has the steps of all of them."""
        return self.columns.recording

    @property
    def bytes(self) -> int:
        return self._rows.bytes

    @property
    def rows(self) -> int:
        return len(self._rows)

    @property
    def last(self) -> int:
        """The last iteration."""
        return self._rows.last

    @property
    def starts(self) -> Array:
        """The first iteration of each row, and at the end the one after the last: shape (rows + 1,)."""
        return self._rows.starts

    @property
    def exact(self) -> Array:
        """Which rows stand for one iteration."""
        return np.asarray(np.diff(self.starts) == 1)

    def row_of(self, iteration: int) -> int:
        """The row that stands for an iteration."""
        return int(np.searchsorted(self.starts, iteration, side="right")) - 1

    def until(self, iteration: int) -> Summaries:
        """A copy of the rows up to an iteration; one that stands for later ones as well is left out."""
        return Summaries(self.columns, self._rows.until(iteration))

    def view(self) -> Summaries:
        """All rows that there are now, for reading only, while others are added."""
        return Summaries(self.columns, self._rows.view())

    def between(self, low: int, high: int) -> Summaries:
        """The rows low to high (the last one left out), for reading only."""
        return Summaries(self.columns, self._rows.between(low, high))

    # Columns -------------------------------------------------------------------------------------

    @property
    def loss(self) -> Bounds:
        return self._rows.numbers(LOSS)

    @property
    def validation(self) -> Bounds:
        """The loss over the samples held back; NaN where it was not taken."""
        return self._rows.numbers(VALIDATION)

    @property
    def rate(self) -> Bounds:
        """The learning rate."""
        return self._rows.numbers(RATE)

    def has(self, phase: Phase, value: int) -> bool:
        """Whether there are columns for what a sweep writes."""
        return (phase, value) in self.columns.place

    def norm(self, phase: Phase, value: int) -> Bounds:
        """‖·‖₂ of what a sweep wrote; 0 where it has no element."""
        if not self.recording.graph.values[value].size:
            return Bounds(np.zeros(self.rows), np.zeros(self.rows))
        return self._of(self.columns.norm, phase, value)

    def least(self, phase: Phase, value: int) -> Bounds:
        """The least number that a sweep wrote."""
        return self._of(self.columns.low, phase, value)

    def largest(self, phase: Phase, value: int) -> Bounds:
        """The largest number that a sweep wrote."""
        return self._of(self.columns.high, phase, value)

    def nonfinite(self, phase: Phase, value: int) -> Bounds:
        """How many of the numbers that a sweep wrote were not finite."""
        return self._of(self.columns.bad, phase, value)

    def _of(self, first: int, phase: Phase, value: int) -> Bounds:
        return self._rows.numbers(first + self.columns.place[phase, value])

    def moved(self, value: int) -> Bounds:
        """‖new − old‖₂ of a parameter."""
        return self._rows.numbers(self.columns.moved + self.columns.order[value])

    @property
    def counted(self) -> Iterable[int]:
        """The values whose units are counted."""
        return self.columns.counted

    def above_zero(self, value: int) -> Bounds:
        """For each row and unit of a counted value in how many samples it was above 0 or NaN: shape (rows, units).
        Units are the value's elements without the axis of the samples, in C order."""
        return self._rows.counts(self.columns.counted[value].units)


def averaged(summaries: Summaries) -> Bounds:
    """The loss over the samples held back with the average of the weights in their place."""
    return summaries._rows.numbers(AVERAGED)
