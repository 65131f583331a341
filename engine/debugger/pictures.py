"""An array as a picture shows it: the numbers of one sample or of all, how large they are, and which of them are
there at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from math import floor, isfinite, log10
from typing import NamedTuple

import numpy as np

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array, Shape, pieces
from gradstep.engine.notation import typed
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.sizes import Known, norm_of
from gradstep.engine.run.staleness import marked
from gradstep.engine.run.timeline import Phase


class Kind(StrEnum):
    """Which of a value's arrays is shown."""

    DATA = "data"
    GRAD = "grad"


class Distribution(NamedTuple):
    """Of numbers: how many fall into each of some bins of log₁₀|·| from `low` to `high`; how many are exactly 0 or
    not finite; of how many in all; and whether they may be others by now."""

    counts: tuple[int, ...]
    low: int
    high: int
    zeros: int
    nonfinite: int
    size: int
    stale: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """The `numbers`, shape (elements,), of an array of `shape` in one sample; `signed` where some may be negative, and
    `stale` where they may be others by now. They are of the type `dtype` where that is not the network's.
    How large they are may be `told` beside them."""

    numbers: Array
    shape: Shape
    kind: Kind
    stale: bool = False
    dtype: str = ""
    told: Known | None = None

    @property
    def size(self) -> int:
        return self.numbers.size

    def at(self, position: int) -> float:
        """One of them; Stale where it is, and a truth or a whole number as such."""
        shown: float = typed(float(self.numbers[position]), self.dtype)
        return marked(shown, self.stale)

    @cached_property
    def peak(self) -> float:
        """The largest finite |number|; 0 where there is none."""
        return marked(peak(self.numbers) if self.told is None else self.told.peak, self.stale)

    @cached_property
    def norm(self) -> float:
        """‖·‖₂ of them; NaN where one of them is."""
        return marked(norm_of(self.numbers) if self.told is None else self.told.norm, self.stale)

    @cached_property
    def signed(self) -> bool:
        """Whether they may be negative: gradients, and values of which one is."""
        if self.kind is Kind.GRAD:
            return True
        with np.errstate(invalid="ignore"):  # in pieces: of most that may be, one of the first is
            return any(bool(np.any(self.numbers[start:stop] < 0)) for start, stop in pieces(self.size))

    @cached_property
    def outstanding(self) -> int:
        """The position of the largest |number|; of the first that is not finite, where one is."""
        size = np.where(np.isfinite(self.numbers), abs(self.numbers), np.inf)
        return int(size.argmax()) if size.size else 0

    @cached_property
    def chosen(self) -> int | None:
        """The position of the 1 where all others are 0, as in the target of a classification; else None."""
        if np.count_nonzero(self.numbers) != 1 or self.numbers.max() != 1:
            return None
        return int(self.numbers.argmax())

    @cached_property
    def shut(self) -> int:
        """How many are not above 0: what a ReLU lets nothing through from."""
        return int(np.count_nonzero(self.numbers <= 0))

    def distribution(self, bins: int) -> Distribution:
        """How their sizes are distributed."""
        finite = self.numbers[np.isfinite(self.numbers)]
        size = abs(finite[finite != 0]).astype(float)
        rest = self.size - len(finite), self.size, self.stale
        if not len(size):
            return Distribution((0,) * bins, 0, 0, len(finite), *rest)
        low, high = floor(log10(size.min())), floor(log10(size.max())) + 1
        counts, _ = np.histogram(np.log10(size), bins, (low, high))
        return Distribution(tuple(counts.tolist()), low, high, len(finite) - len(size), *rest)


@remembered
def picture(recording: Recording, value: int, kind: Kind, sample: int | None) -> Picture:
    """A value, or its gradient, in one sample; of all samples (None) the mean of the values, or the sum of the
    gradients."""
    stale = (kind.value, value) in recording.trace.stale
    dtype = recording.kind(value) if kind is Kind.DATA else ""
    shape, told = recording.samples.shape(value), told_of(recording, value, kind)
    return Picture(numbers(recording, value, kind, sample), shape, kind, stale, dtype, told)


@remembered
def distribution(recording: Recording, value: int, kind: Kind, sample: int | None, bins: int) -> Distribution:
    """The distribution of what a picture shows."""
    return picture(recording, value, kind, sample).distribution(bins)


def numbers(recording: Recording, value: int, kind: Kind, sample: int | None) -> Array:
    """What `picture` shows, shape (elements,)."""
    array, axis = _array(recording, value, kind), recording.samples.axis(value)
    if axis is None or recording.samples.count == 1:
        return array.reshape(-1)
    if sample is not None:
        return np.asarray(array.take(sample, axis)).reshape(-1)
    with np.errstate(all="ignore"):
        return np.asarray(array.sum(axis) if kind is Kind.GRAD else array.mean(axis)).reshape(-1)


def told_of(recording: Recording, value: int, kind: Kind) -> Known | None:
    """How large what `picture` shows is, where that was told beside a recording, and need not be read."""
    if recording.samples.axis(value) is not None and recording.samples.count > 1:
        return None
    return recording.scenario.told(_array(recording, value, kind))


def _array(recording: Recording, value: int, kind: Kind) -> Array:
    return recording.trace.data[value] if kind is Kind.DATA else recording.trace.gradient(value)


class Written(NamedTuple):
    """Which numbers of a picture of `size` are computed at a moment: the `first` ones in C order, or where that does
    not say it those of a `mask`, shape (elements,)."""

    size: int
    first: int
    mask: Array | None = None

    @property
    def some(self) -> bool:
        return self.first > 0 if self.mask is None else bool(self.mask.any())

    @property
    def all(self) -> bool:
        return self.first >= self.size if self.mask is None else bool(self.mask.all())

    def at(self, position: int) -> bool:
        return position < self.first if self.mask is None else bool(self.mask[position])


def written(frame: Frame, value: int, kind: Kind) -> Written:
    """Which numbers of a picture are computed at this moment. Of all samples those that are in every one."""
    recording, samples = frame.recording, frame.recording.samples
    whole, axis = recording.graph.values[value], samples.axis(value)
    size = whole.size if axis is None else whole.size // max(whole.shape[axis], 1)
    if kind is Kind.DATA and whole.node < 0:
        return Written(size, size)
    done = frame.written(recording.timeline.phase_of(value, kind), value)
    if done in (0, whole.size) or axis is None:
        return Written(size, min(done, size))
    grid = samples.elements(value, samples.count - 1 if frame.sample is None else frame.sample)
    return Written(size, 0, np.asarray(grid.take(0, size) < done))


def spread(frame: Frame, element: Element) -> float | None:
    """How far the values of an element scatter over all samples, their standard deviation; None while one of them is
    not known."""
    found = frame.over_samples(*element, Phase.FORWARD)
    if found is None:
        return None
    with np.errstate(all="ignore"):
        return marked(float(found.std()), frame.recording.stale("data", element))


def peak(numbers: Array) -> float:
    """The largest finite |number|; 0 where there is none."""
    if not numbers.size:
        return 0.0
    low, high = float(numbers.min()), float(numbers.max())
    if not (isfinite(low) and isfinite(high)):
        finite = numbers[np.isfinite(numbers)]
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    return max(abs(low), abs(high))
