"""Correlations of channels that meet themselves only, as in a depthwise convolution.

A kernel is then one number for each offset of the window and each channel: a product with it is too little for a call.
So a channel is laid out in a row, in which an offset is a distance that is the same for all places (see `shifting`),
the rows moved on by all distances are laid beside each other, and all offsets are one product. A few channels are
taken at a time, for which all that is made on the way stays in the cache next to the processor.

Where windows move on by a stride, the elements that are so far apart lie next to each other in the row, and behind
them those that are one further, and so on: the phases. So nothing is stepped over there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import gcd, prod
from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array, Indices, Shape, pieces
from gradstep.engine.ops.windows import Window, spots, steps

#: So many bytes are laid beside each other,
_BESIDE = 1 << 20
#: and of one channel at least so many places.
_LEAST = 256


class Phase(NamedTuple):
    """Elements that are a whole number of strides apart: which part of a row they are, of its lines those that are no
    padding, and which of the fine array these are. `offsets` of the window lie on them, along each axis some of a
    regular row, of which the first lies `first` behind the place in this part, and each `every` behind the one
    before."""

    number: int
    lines: tuple[slice, ...]
    elements: tuple[slice, ...]
    offsets: tuple[range, ...]
    first: Shape
    every: Shape

    @property
    def size(self) -> int:
        """How many elements they are."""
        return prod(len(range(line.stop)[line]) for line in self.lines)


@dataclass(frozen=True)
class Apart:
    """Kernels are (C, offsets), fine is (samples, C, *extents) and coarse (samples, C, *places)."""

    windows: tuple[Window, ...]

    @cached_property
    def reach(self) -> Shape:
        """How many elements of a phase windows reach along each axis."""
        return tuple(w.places + (w.size - 1) * w.dilation // w.stride for w in self.windows)

    @cached_property
    def size(self) -> int:
        return prod(self.reach)

    @cached_property
    def places(self) -> Shape:
        return tuple(w.places for w in self.windows)

    @cached_property
    def length(self) -> int:
        """How far the last place lies behind the first, and one."""
        return self._far([n - 1 for n in self.places]) + 1

    @cached_property
    def phases(self) -> list[Phase]:
        """Those on which an offset lies at all."""
        along = [w._replace(size=w.stride, dilation=1, places=n) for w, n in zip(self.windows, self.reach, strict=True)]
        found = []
        for number, (lines, elements, behind) in enumerate(spots(along)):
            offsets, every = [], []
            for w, far in zip(self.windows, behind, strict=True):
                common = gcd(w.stride, w.dilation)
                first = next((k for k in range(w.size) if k * w.dilation % w.stride == far), w.size)
                offsets.append(range(first, w.size, w.stride // common))
                every.append(w.dilation // common)
            firsts = tuple(o.start * w.dilation // w.stride for o, w in zip(offsets, self.windows, strict=True))
            if all(offsets):
                found.append(Phase(number, lines, elements, tuple(offsets), firsts, tuple(every)))
        return found

    @cached_property
    def order(self) -> list[Indices]:
        """Which offsets of a window lie on each phase."""
        every = np.arange(prod(w.size for w in self.windows)).reshape([w.size for w in self.windows])
        return [every[np.ix_(*phase.offsets)].reshape(-1) for phase in self.phases]

    # Arrays -------------------------------------------------------------------------------------------

    def to_coarse(self, kernels: Array, fine: Array) -> Array:
        given, kernels = _channels(fine), np.tile(kernels[:, np.concatenate(self.order)], (len(fine), 1))
        found = np.empty((len(given), *self.places), fine.dtype)
        row, total, spare = self._row(given), self._lines(given, 0), self._spare(given)
        moved = [self._moved(row, phase, self.length) for phase in self.phases]
        for part in self._parts(given):
            some = slice(part.stop - part.start)
            self._lay(row[some], given[part])
            _multiply(kernels[part], moved, spare, total[some, : self.length])
            found[part] = self._at_places(total[some])
        return found.reshape(*fine.shape[:2], *self.places)

    def to_fine(self, coarse: Array, kernels: Array) -> Array:
        """What comes from each place goes to the offsets of its window: the row is moved the other way."""
        given, kernels = _channels(coarse), np.tile(kernels, (len(coarse), 1))
        extents, before = tuple(w.extent for w in self.windows), self.size - self.length
        row, total, spare = self._lines(given, before), self._lines(given, 0), self._spare(given)
        moved = [[self._moved(row, phase, self.size, before)] for phase in self.phases]
        whole = sum(phase.size for phase in self.phases) == prod(extents)
        found = (np.empty if whole else np.zeros)((len(given), *extents), coarse.dtype)
        for part in self._parts(given):
            some = slice(part.stop - part.start)
            self._at_places(row[some, before:])[...] = given[part]
            lines = total[some].reshape(-1, *self.reach)
            for phase, at, rows in zip(self.phases, self.order, moved, strict=True):
                _multiply(kernels[part, at], rows, spare, total[some])
                found[(part, *phase.elements)] = lines[(slice(None), *phase.lines)]
        return found.reshape(*coarse.shape[:2], *extents)

    def to_weight(self, coarse: Array, fine: Array) -> Array:
        given, flow = _channels(fine), _channels(coarse)
        found = np.zeros((len(flow), sum(map(len, self.order))), coarse.dtype)
        row, total = self._row(given), self._lines(flow, 0)
        each = total[:, : self.length].reshape(-1, *(1 for _ in self.windows), self.length)
        moved = [self._moved(row, phase, self.length) for phase in self.phases]
        for part in self._parts(given):
            some = slice(part.stop - part.start)
            self._lay(row[some], given[part])
            self._at_places(total[some])[...] = flow[part]
            for at, rows in zip(self.order, moved, strict=True):
                found[part, at] = np.vecdot(each[some], rows[some]).reshape(-1, len(at))
        return np.asarray(found.reshape(*fine.shape[:2], -1).sum(axis=0))

    # Rows ---------------------------------------------------------------------------------------------

    def _far(self, index: Sequence[int]) -> int:
        return sum(n * by for n, by in zip(index, steps(self.reach), strict=True))

    def _parts(self, array: Array) -> Iterator[slice]:
        """A few channels at a time."""
        return (slice(*part) for part in pieces(len(array), self._at_once(array)))

    def _at_once(self, array: Array) -> int:
        each: int = array.itemsize * self.size * prod(w.size for w in self.windows)
        return min(max(_BESIDE // each, 1), len(array))

    def _row(self, array: Array) -> Array:
        """A row for each of some channels, all phases one behind the other, with zeros for padding."""
        return np.zeros((self._at_once(array), prod(w.stride for w in self.windows) * self.size), array.dtype)

    def _lines(self, array: Array, before: int) -> Array:
        """One phase for each of some channels, with so many zeros before it."""
        return np.zeros((self._at_once(array), before + self.size), array.dtype)

    def _spare(self, array: Array) -> Array:
        """Where rows are laid beside each other."""
        taps = prod(w.size for w in self.windows)
        return np.empty(taps * max(self._at_once(array) * min(self.size, _wide(array, taps)), 1), array.dtype)

    def _lay(self, row: Array, fine: Array) -> None:
        lines = row.reshape(len(row), -1, *self.reach)
        for phase in self.phases:
            lines[:, phase.number][(slice(None), *phase.lines)] = fine[(slice(None), *phase.elements)]

    def _at_places(self, lines: Array) -> Array:
        """The places in a row of one phase: a view."""
        return lines.reshape(len(lines), *self.reach)[(slice(None), *(slice(n) for n in self.places))]

    def _moved(self, row: Array, phase: Phase, length: int, before: int | None = None) -> Array:
        """(channels, *offsets, length): for each offset of a phase the row moved on by its distance, or from `before`
        on backwards: a view."""
        way, start = (1, phase.number * self.size) if before is None else (-1, before)
        by = [way * row.itemsize * n * step for n, step in zip(phase.every, steps(self.reach), strict=True)]
        return np.lib.stride_tricks.as_strided(
            row[:, start + way * self._far(phase.first) :],
            (len(row), *map(len, phase.offsets), length),
            (row.strides[0], *by, row.itemsize),
            writeable=False,
        )


def _channels(array: Array) -> Array:
    """Those of all samples, one behind the other."""
    return array.reshape(-1, *array.shape[2:])


def _wide(array: Array, taps: int) -> int:
    """How many places of a channel are laid beside each other."""
    many: int = _BESIDE // (array.itemsize * taps)
    return max(many, _LEAST)


def _multiply(kernels: Array, moved: Sequence[Array], spare: Array, out: Array) -> None:
    """Σ kernel · row, of all of the moved rows, in the order of the kernels (channels, offsets). There may be rows of
    more channels."""
    count, taps = kernels.shape
    for start, stop in pieces(out.shape[-1], _wide(out, taps)):
        beside, at = spare[: count * taps * (stop - start)].reshape(count, taps, stop - start), 0
        for rows in moved:
            offsets = rows.shape[1:-1]
            many = prod(offsets)
            beside[:, at : at + many].reshape(count, *offsets, -1)[...] = rows[:count, ..., start:stop]
            at += many
        np.matmul(kernels[:, None], beside, out=out[:, None, start:stop])
