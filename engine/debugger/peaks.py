"""Many numbers in a few places: of each group the one that is largest by size. Not a number is larger than all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording, remembered

#: Of a range of more steps than this a sample is looked at. Of a very long one, whose numbers may be read from a
#: file, those at a few places: neighbours come with the same page.
_SAMPLE, _LONG, _PLACES, _BESIDE = 256, 1 << 18, 8, 64


def gradient_peaks(recording: Recording, ranges: tuple[range, ...], done: int) -> tuple[float, ...]:
    """Of each range of backward steps, none of them empty, the gradient that is largest by size: of all, so that their
    scale stays; of long ones only the first `done`, which are on the screen, as others may have to be read for it."""
    if any(len(one) >= _LONG for one in ranges):
        return tuple(_peaks(recording, (one,))[0] for one in ranges[:done])
    return _peaks(recording, ranges)


@remembered
def _peaks(recording: Recording, ranges: tuple[range, ...]) -> tuple[float, ...]:
    sampled = [_sample(one) for one in ranges]
    if not sampled:
        return ()
    steps, sweeps = np.concatenate(sampled), recording.timeline.sweeps
    # The sweeps' starts rise, so those of the steps are found as a step's is.
    begins = np.array([sweep.start for sweep in sweeps])
    numbers = np.searchsorted(begins, steps) - 1
    elements, found = steps - begins[numbers] - 1, np.empty(len(steps))
    borders = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(steps)]
    for number, (start, stop) in zip(numbers[borders[:-1]].tolist(), pairwise(borders), strict=True):
        found[start:stop] = recording.trace.gradient(sweeps[number].value).reshape(-1)[elements[start:stop]]
    return tuple(_largest(found, list(map(len, sampled))).tolist())


def _sample(steps: range) -> Array:
    """Some steps of a range, in order."""
    if len(steps) < _LONG:
        return np.arange(steps.start, steps.stop, max(len(steps) // _SAMPLE, 1))
    places = np.linspace(steps.start, steps.stop - _BESIDE, _PLACES).astype(np.intp)
    return (places[:, None] + np.arange(_BESIDE)).reshape(-1)


def extremes(array: Array, count: int) -> tuple[float, ...]:
    """Of each of `count` pieces that an array, shape (elements,), is cut into, the number that is largest by size.
    Where there are fewer elements than pieces, neighbouring ones have the same."""
    edges: Sequence[int] = np.linspace(0, array.size, count + 1).astype(int).tolist()
    parts = (array[start : max(stop, start + 1)] for start, stop in pairwise(edges))
    return tuple(float(_largest(part, [len(part)])[0]) for part in parts)


def extreme(array: Array) -> float:
    """The number of an array, shape (elements,), that is largest by size, apart from those that are not a number;
    NaN where all are."""
    return float(array[np.nanargmax(abs(array))]) if not np.isnan(array).all() else float("nan")


def _largest(numbers: Array, counts: Sequence[int]) -> Array:
    """Of each of some groups, so many numbers that follow each other, none of them empty, the first that is largest by
    size."""
    size, starts = abs(numbers), np.cumsum([0, *counts[:-1]])
    most = np.repeat(np.maximum.reduceat(size, starts), counts)  # not a number where one of the group is none
    there = np.flatnonzero((size == most) | np.isnan(size))
    return np.asarray(numbers[there[np.searchsorted(there, starts)]])
