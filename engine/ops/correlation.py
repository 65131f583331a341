"""What convolutions are made of: Σ coarse[n, o, i] · weight[o, c, k] · fine[n, c, i·stride + k·dilation − padding].

A convolution makes the coarse array from the fine one and the weight, its gradients make the other two, and a
transposed convolution makes the fine one. So each of the three arrays is a sum over the other two, and whom an
element meets there is one question for all of them, for any number of axes and groups of channels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from gradstep.engine.index import Array, Grid, Shape, unravel
from gradstep.engine.ops.apart import Apart
from gradstep.engine.ops.shifting import Shifting
from gradstep.engine.ops.windows import Window, spots, steps

#: The three arrays.
COARSE, WEIGHT, FINE = range(3)
#: So many elements of columns are multiplied together.
_TOGETHER = 1 << 19
#: From so many channels and places on a product of one offset of the window is worth a call.
_BROAD = 16


@dataclass(frozen=True)
class Correlation:
    """Three arrays that meet under windows: coarse (samples, O, *places), weight (O, C / groups, *sizes) and fine
    (samples, C, *extents). Channels are in groups, those of one meet among themselves only."""

    samples: int
    groups: int
    outer: int
    inner: int
    windows: tuple[Window, ...]

    @property
    def shapes(self) -> tuple[Shape, Shape, Shape]:
        places, sizes, extents = (
            tuple(getattr(w, name) for w in self.windows) for name in ("places", "size", "extent")
        )
        return (
            (self.samples, self.outer, *places),
            (self.outer, self.inner // self.groups, *sizes),
            (self.samples, self.inner, *extents),
        )

    # Elements -----------------------------------------------------------------------------------------

    def meet(self, role: int, flat: int) -> tuple[Grid, Grid, Grid]:
        """Which elements of the three arrays meet in the products with one element of `role`."""
        first, second, *rest = unravel(flat, self.shapes[role])
        each, into = self.outer // self.groups, self.inner // self.groups
        at = [
            window.at_place if role == COARSE else window.at_offset if role == WEIGHT else window.at_element
            for window in self.windows
        ]
        along = [where(index) for where, index in zip(at, rest, strict=True)]
        if role == COARSE:
            sample, outer, inner, group = (first, 0), (second, 0), (0, 1), second // each
            count = into
        elif role == FINE:
            group, here = divmod(second, into)
            sample, outer, inner = (first, 0), (group * each, 1), (here, 0)
            count = each
        else:
            sample, outer, inner, group = (0, 1), (first, 0), (second, 0), first // each
            count = self.samples
        channel = (group * into + inner[0], inner[1])
        return (
            _grid(self.shapes[COARSE], count, [sample, outer], [(a.pairs, *a.place) for a in along]),
            _grid(self.shapes[WEIGHT], count, [outer, inner], [(a.pairs, *a.offset) for a in along]),
            _grid(self.shapes[FINE], count, [sample, channel], [(a.pairs, *a.element) for a in along]),
        )

    # Arrays -------------------------------------------------------------------------------------------

    def to_coarse(self, weight: Array, fine: Array) -> Array:
        """Σ weight · fine, shape (samples, O, *places)."""
        if self._alone is not None and _finite(weight):
            return self._alone.to_coarse(weight.reshape(self.outer, -1), fine.reshape(self.shapes[FINE]))
        if self._shifting is not None:
            return self._shifted(self._shifting.to_coarse, COARSE, self._by_offset(weight), self._split(FINE, fine))
        if self._apart and self._places >= _BROAD:  # nothing to add up over channels
            found, wide = np.zeros(self.shapes[COARSE], fine.dtype), self._wide(weight)
            for here, there, of in zip(*self._met(fine.reshape(self.shapes[FINE]), found), wide, strict=True):
                there += here * of
            return found
        kernels = weight.reshape(self.groups, self.outer // self.groups, self._taken)
        found = np.empty((self.samples, self.groups, self.outer // self.groups, self._places), fine.dtype)
        for part, columns in self._columns(fine):
            np.matmul(kernels, columns, out=found[part])
        return found.reshape(self.shapes[COARSE])

    def to_weight(self, coarse: Array, fine: Array) -> Array:
        """Σ coarse · fine, shape (O, C / groups, *sizes)."""
        if self._alone is not None and _finite(coarse, fine):
            found = self._alone.to_weight(coarse.reshape(self.shapes[COARSE]), fine.reshape(self.shapes[FINE]))
            return found.reshape(self.shapes[WEIGHT])
        if self._shifting is not None and _finite(coarse, fine):
            both = self._split(COARSE, coarse), self._split(FINE, fine)
            moved = [self._shifting.to_weight(*pair) for pair in zip(*both, strict=True)]
            every = np.concatenate(moved, axis=1)
            return np.ascontiguousarray(np.moveaxis(every, 0, -1)).reshape(self.shapes[WEIGHT])
        if self._apart and self._places >= _BROAD:
            axes = list(range(2 + len(self.windows)))
            met = zip(*self._met(fine.reshape(self.shapes[FINE]), coarse.reshape(self.shapes[COARSE])), strict=True)
            sums = [np.einsum(here, axes, there, axes, [1]) for here, there in met]
            return np.ascontiguousarray(np.array(sums).T).reshape(self.shapes[WEIGHT])
        grouped = coarse.reshape(self.samples, self.groups, self.outer // self.groups, self._places)
        found = np.zeros((self.groups, self.outer // self.groups, self._taken), fine.dtype)
        for part, columns in self._columns(fine):
            found += np.matmul(grouped[part], columns.swapaxes(-1, -2)).sum(axis=0)
        return found.reshape(self.shapes[WEIGHT])

    def to_fine(self, coarse: Array, weight: Array) -> Array:
        """Σ coarse · weight, shape (samples, C, *extents)."""
        if self._alone is not None and _finite(coarse, weight):
            return self._alone.to_fine(coarse.reshape(self.shapes[COARSE]), weight.reshape(self.outer, -1))
        if self._shifting is not None and _finite(coarse, weight):
            return self._shifted(self._shifting.to_fine, FINE, self._split(COARSE, coarse), self._by_offset(weight))
        each, found = self.outer // self.groups, np.zeros(self.shapes[FINE], coarse.dtype)
        if self._apart:
            met = self._met(found, coarse.reshape(self.shapes[COARSE]))
            for here, there, of in zip(*met, self._wide(weight), strict=True):
                here += there * of
            return found
        kernels = weight.reshape(self.groups, each, self._taken).swapaxes(-1, -2)
        grouped = coarse.reshape(self.samples, self.groups, each, self._places)
        _, sizes, _ = self.shapes
        for part in self._parts():
            made = np.matmul(kernels, grouped[part])
            made = made.reshape(len(made), self.inner, *sizes[2:], *self.shapes[COARSE][2:])
            for places, elements, offset in spots(self.windows):
                found[(part, slice(None), *elements)] += made[(slice(None), slice(None), *offset, *places)]
        return found

    @cached_property
    def _apart(self) -> bool:
        """Whether each channel meets itself only."""
        return self.outer == self.inner == self.groups

    def _met(self, fine: Array, coarse: Array) -> tuple[list[Array], list[Array]]:
        """For each offset of the window the elements of both arrays that meet there: views."""
        every = (slice(None), slice(None))
        parts = list(spots(self.windows))
        return [fine[(*every, *there)] for _, there, _ in parts], [coarse[(*every, *here)] for here, _, _ in parts]

    def _wide(self, weight: Array) -> list[Array]:
        """Of channels apart the weight of each offset, as it broadcasts."""
        kernel = weight.reshape(self.outer, self._taken)
        return [kernel[:, k].reshape(-1, *(1 for _ in self.windows)) for k in range(self._taken)]

    @cached_property
    def _shifting(self) -> Shifting | None:
        """How it is computed where windows move on by one, and the products are large enough without what lies under
        a window being put together."""
        if any(w.stride > 1 for w in self.windows) or not self._broad:
            return None
        if self._apart or min(self.inner, self.outer) < _BROAD * self.groups:
            return None
        return Shifting(self.windows)

    @cached_property
    def _alone(self) -> Apart | None:
        """How it is computed where channels are apart and windows overlap."""
        overlap = all(w.size >= w.stride for w in self.windows) and any(w.size > w.stride for w in self.windows)
        return Apart(self.windows) if self._apart and overlap and self._broad else None

    @cached_property
    def _broad(self) -> bool:
        return self._places >= _BROAD and all(map(prod, self.shapes))

    def _by_offset(self, weight: Array) -> list[Array]:
        """(offsets, O, C / groups), of each group."""
        every = np.moveaxis(weight.reshape(self.outer, self.inner // self.groups, -1), -1, 0)
        return [np.ascontiguousarray(part) for part in np.split(every, self.groups, axis=1)]

    def _split(self, role: int, array: Array) -> list[Array]:
        """The channels of each group."""
        return np.split(array.reshape(self.shapes[role]), self.groups, axis=1)

    def _shifted(self, of: Callable[[Array, Array], Array], role: int, *parts: list[Array]) -> Array:
        """What is made of each group, together."""
        found = np.empty(self.shapes[role], parts[0][0].dtype)
        for into, first, second in zip(self._split(role, found), *parts, strict=True):
            into[...] = of(first, second)
        return found

    @property
    def workspace(self) -> int:
        """The elements that are taken besides the three arrays, at most."""
        columns = self._taken * self.groups * self._places * min(self._at_once, self.samples)
        return columns + 2 * prod(self.shapes[FINE]) + prod(self.shapes[WEIGHT])

    @cached_property
    def _places(self) -> int:
        return prod(w.places for w in self.windows)

    @cached_property
    def _taken(self) -> int:
        """How many products a sum of one group has."""
        return self.inner // self.groups * prod(w.size for w in self.windows)

    @cached_property
    def _at_once(self) -> int:
        return max(1, _TOGETHER // max(self._taken * self.groups * self._places, 1))

    def _parts(self) -> Iterator[slice]:
        """The samples, as many at once as are multiplied together."""
        return (slice(at, at + self._at_once) for at in range(0, self.samples, self._at_once))

    def _columns(self, fine: Array) -> Iterator[tuple[slice, Array]]:
        """Samples, and what lies under their windows: (samples, groups, C / groups · offsets, places)."""
        fine = fine.reshape(self.shapes[FINE])
        seen = _seen(self._padded(fine), self.windows)
        for part in self._parts():
            columns = np.ascontiguousarray(seen[part])
            yield part, columns.reshape(len(columns), self.groups, self._taken, self._places)

    def _padded(self, fine: Array) -> Array:
        """The fine array with zeros around it wherever a window reaches."""
        lead, extents, inside = fine.shape[:2], [], []
        for window in self.windows:
            last = window.element(max(window.places - 1, 0), window.size - 1)
            extents.append(window.before + max(window.extent, last + 1))
            inside.append(slice(window.before, window.before + window.extent))
        if (*lead, *extents) == fine.shape:
            return fine
        found = np.zeros((*lead, *extents), fine.dtype)
        found[(slice(None), slice(None), *inside)] = fine
        return found


def _finite(*arrays: Array) -> bool:
    """Whether all are numbers: the zeros that others are put among make NaN of what is infinite."""
    return all(bool(np.isfinite(array.sum())) for array in arrays)


def _grid(shape: Shape, count: int, channels: Sequence[tuple[int, int]], along: Sequence[tuple[int, int, int]]) -> Grid:
    """Elements of an array of `shape`: `count` of them along its first two axes, and for each what is along the
    others."""
    by = steps(shape)
    firsts = [first for first, _ in channels] + [first for _, first, _ in along]
    together = sum(step * s for (_, step), s in zip(channels, by, strict=False))
    return Grid(
        sum(first * s for first, s in zip(firsts, by, strict=True)),
        (count, *(n for n, _, _ in along)),
        (together, *(step * s for (_, _, step), s in zip(along, by[2:], strict=True))),
    )


def _seen(fine: Array, windows: Sequence[Window]) -> Array:
    """(samples, C, *extents) as (samples, C, *sizes, *places), a view."""
    along = fine.strides[2:]
    return np.lib.stride_tricks.as_strided(
        fine,
        (*fine.shape[:2], *(w.size for w in windows), *(w.places for w in windows)),
        (
            *fine.strides[:2],
            *(w.dilation * s for w, s in zip(windows, along, strict=True)),
            *(w.stride * s for w, s in zip(windows, along, strict=True)),
        ),
        writeable=False,
    )
