"""Correlations whose windows move on by one place at a time, without gathering what lies under them.

In an array with padding, laid out in one row, an offset of the window is a distance that is the same for all places.
So the sum over a window is one product for each of its offsets, of the kernel there and of the row moved on by that
distance, and nothing is copied for it. At the end of each line the row runs on into the next: what comes out there is
left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod

import numpy as np

from gradstep.engine.index import Array, Indices, Shape, pieces
from gradstep.engine.ops.windows import Window, steps

#: So many numbers are made at a time, which stay in the cache next to the processor, but of a channel so many at least.
_PIECE, _LEAST = 1 << 15, 256


@dataclass(frozen=True)
class Shifting:
    """What lies along the axes that the windows move along. Channels lie before them, and all of them meet each other;
    for those that meet themselves only see `apart`."""

    windows: tuple[Window, ...]

    @cached_property
    def extents(self) -> Shape:
        """What the windows reach along each axis, padding included."""
        return tuple(w.places + (w.size - 1) * w.dilation for w in self.windows)

    @cached_property
    def distances(self) -> list[int]:
        """How far each offset lies behind the first, in the row."""
        along = zip(self.windows, steps(self.extents), strict=True)
        return [sum(one) for one in product(*(range(0, w.size * w.dilation * by, w.dilation * by) for w, by in along))]

    @cached_property
    def length(self) -> int:
        """How far the last place lies behind the first, and one."""
        return sum((w.places - 1) * by for w, by in zip(self.windows, steps(self.extents), strict=True)) + 1

    def to_coarse(self, kernels: Array, fine: Array) -> Array:
        """Kernels (offsets, O, C) and fine (samples, C, *extents)."""
        row = self._padded(fine)
        found = np.empty((len(fine), kernels.shape[1], prod(self.extents)), fine.dtype)
        self._sum(kernels, row, self.distances, found[..., : self.length])
        return self._places(found)

    def to_fine(self, coarse: Array, kernels: Array) -> Array:
        """The same kernels, with coarse (samples, O, *places): they are gone through from behind."""
        back, last = kernels.swapaxes(1, 2), self.distances[-1]
        row = np.zeros((*coarse.shape[:2], last + prod(self.extents)), coarse.dtype)
        self._places(row[..., last:])[...] = coarse
        found = np.empty((len(coarse), back.shape[1], prod(self.extents)), coarse.dtype)
        self._sum(back, row, [last - far for far in self.distances], found)
        return self._inside(found.reshape(*found.shape[:2], *self.extents))

    def to_weight(self, coarse: Array, fine: Array) -> Array:
        """(offsets, O, C)."""
        row, made = self._padded(fine), np.zeros((*coarse.shape[:2], prod(self.extents)), coarse.dtype)
        self._places(made)[...] = coarse
        found = np.zeros((len(self.distances), coarse.shape[1], fine.shape[1]), coarse.dtype)
        most = max(_PIECE // max(found.shape[1:]), _LEAST)
        for sample, (start, stop) in product(range(len(fine)), pieces(self.length, most)):
            here = made[sample, :, start:stop]
            for into, far in zip(found, self.distances, strict=True):
                into += here @ row[sample, :, start + far : stop + far].T
        return found

    def _sum(self, kernels: Array, row: Array, distances: Sequence[int], out: Array) -> None:
        """Σ kernel · row moved on by its distance, some of the places at a time."""
        samples, channels, length = out.shape
        most = max(_PIECE // channels, _LEAST)
        for sample, (start, stop) in product(range(samples), pieces(length, most)):
            total, more = np.empty((2, channels, stop - start), out.dtype)
            for k, far in enumerate(distances):
                np.matmul(kernels[k], row[sample, :, start + far : stop + far], out=more if k else total)
                if k:
                    np.add(total, more, out=total)
            out[sample, :, start:stop] = total

    def _places(self, row: Array) -> Array:
        """The places in a row, (samples, O, *places): a view."""
        parts = tuple(slice(w.places) for w in self.windows)
        return row.reshape(*row.shape[:2], *self.extents)[(slice(None), slice(None), *parts)]

    def _ends(self) -> Indices:
        return np.array(
            [[w.before, min(w.before + w.extent, n)] for w, n in zip(self.windows, self.extents, strict=True)]
        )

    def _padded(self, fine: Array) -> Array:
        """The fine array with zeros around it, as one row for each channel."""
        lead, taken = fine.shape[:2], tuple(slice(end - start) for start, end in self._ends())
        if fine.shape[2:] == self.extents:
            return fine.reshape(*lead, -1)
        found = np.zeros((*lead, *self.extents), fine.dtype)
        inside = tuple(slice(start, end) for start, end in self._ends())
        found[(slice(None), slice(None), *inside)] = fine[(slice(None), slice(None), *taken)]
        return found.reshape(*lead, -1)

    def _inside(self, padded: Array) -> Array:
        """What is left without the padding; zeros where no window reaches."""
        inside = (slice(None), slice(None), *(slice(start, end) for start, end in self._ends()))
        if all(end - start == w.extent for (start, end), w in zip(self._ends(), self.windows, strict=True)):
            return padded[inside]
        found = np.zeros((*padded.shape[:2], *(w.extent for w in self.windows)), padded.dtype)
        found[(slice(None), slice(None), *(slice(end - start) for start, end in self._ends()))] = padded[inside]
        return found
