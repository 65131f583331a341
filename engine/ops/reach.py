"""Which elements the places of an axis read, and with what weight: pools, interpolation and padding are made of it.

What an operation does along several axes is done one axis after the other, so that a table for each axis, small beside
the arrays, says all: who feeds whom is read off it, and the arrays are gathered and scattered by its columns.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Elements, Grid, Indices, Picked, Shape, unravel
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.taps import Part, Tap, evenly_spaced, length, pieces
from gradstep.engine.ops.windows import Window, steps

#: So many places an axis may get: each has a row in its table, which is made before anything else is known.
_MOST = 1 << 24
#: So many elements all places of an axis may read together.
_ENTRIES = 1 << 26


def places_of(name: str, start: int, stop: int) -> Indices:
    """The places from `start` to before `stop` that an axis gets. Raises OpError where they are too many."""
    if stop - start > _MOST:
        raise OpError(f"{name}: an axis of {stop - start:,} places; at most {_MOST:,} are made")
    return np.arange(start, stop)


def check_table(places: int, each: int) -> None:
    """Raises OpError where so many places that read so many elements each have no table: an array without elements may
    have axes of any length."""
    if places * each > _ENTRIES:
        raise OpError(f"{places:,} windows of {each:,} elements each; at most {_ENTRIES:,} are read in all")


class Reach:
    """For each place of an axis the elements that it reads, −1 for none, shape (places, most); their weights in the
    same shape, 1 where None, and what all of a place's are multiplied by, shape (places,)."""

    def __init__(self, extent: int, index: Indices, weight: Array | None = None, scale: Array | None = None) -> None:
        self.extent, self.index, self.weight, self.scale = extent, index, weight, scale

    @classmethod
    def sliding(cls, window: Window, scale: Array | None = None) -> Reach:
        """What lies under a window."""
        check_table(window.places, window.size)
        places, offsets = np.ogrid[: window.places, : window.size]
        index = places * window.stride + (offsets * window.dilation - window.before)
        return cls(window.extent, np.where(index < window.extent, np.maximum(index, -1), -1), None, scale)

    @property
    def count(self) -> int:
        return len(self.index)

    @cached_property
    def apart(self) -> bool:
        """Whether no element is read by two places."""
        there = self.index[self.index >= 0]
        return len(np.unique(there)) == len(there)

    def under(self, place: int) -> tuple[Indices, Array]:
        """The elements that a place reads, and the weight of each."""
        there = np.flatnonzero(self.index[place] >= 0)
        return self.index[place, there], self._weights(np.full(len(there), place), there)

    def over(self, element: int) -> tuple[Indices, Array]:
        """The places that read an element, and with what weight."""
        places, offsets = np.nonzero(self.index == element)
        return places, self._weights(places, offsets)

    def _weights(self, places: Indices, offsets: Indices) -> Array:
        found = np.ones(len(places)) if self.weight is None else self.weight[places, offsets]
        return found if self.scale is None else found * self.scale[places]

    @cached_property
    def matrix(self) -> Array | None:
        """All weights, shape (places, elements), where the axis is so short that a product with them is quicker than
        what is read one tap after the other; else None."""
        few = self.index.shape[1] <= _FEW and all(tap.even for tap in self.taps)
        if few or self.extent > _SHORT or self.count > 2 * _SHORT or self.apart:
            return None
        found = np.zeros((self.count, self.extent))
        places, offsets = np.nonzero(self.index >= 0)
        np.add.at(found, (places, self.index[places, offsets]), self._weights(places, offsets))
        return found

    def product(self, x: Array, axis: int, back: bool) -> Array | None:
        """What the places read, or `back` what the elements get, as a product with the matrix; None where there is
        none, or where a number is not finite, which would be multiplied by the zeros."""
        if self.matrix is None or x.dtype.char not in "fd" or not np.isfinite(x.sum()):
            return None
        matrix = self.matrix.astype(x.dtype)
        if back:
            matrix = matrix.T
        return np.asarray(x @ matrix.T if axis == -1 else _across(matrix, x, axis))

    @cached_property
    def whole(self) -> bool:
        """Whether there is one place, and it reads each element once, with weight 1."""
        return self.weight is None and self.count == 1 and np.array_equal(self.index[0], np.arange(self.extent))

    @cached_property
    def taps(self) -> tuple[Tap, ...]:
        """The columns of the table, piece by piece where a few are evenly spaced."""
        found = []
        whole = [offset for offset in range(self.index.shape[1]) if (self.index[:, offset] >= 0).all()]
        for offset in range(self.index.shape[1]):
            index, first = self.index[:, offset], offset == (whole[0] if whole else 0)
            there = np.flatnonzero(index >= 0)
            for part in pieces(there, index[there]) if len(there) else ():
                weight = None if self.weight is None else self.weight[there[part], offset]
                found.append(Tap(evenly_spaced(there[part]), evenly_spaced(index[there[part]]), weight, first))
        return tuple(found)

    def gather(self, x: Array, axis: int, join: np.ufunc = np.add, start: float = 0) -> Array:
        """What the places along an axis of x, a negative number, read: joined, `start` where that is nothing, and
        scaled."""
        if join is np.add and self.whole:
            return self._scaled(np.add.reduce(x, axis=axis, keepdims=True), axis)
        if join is np.add and (found := self.product(x, axis, back=False)) is not None:
            return found
        found = np.empty(_with(x.shape, axis, self.count), x.dtype)
        if sum(length(tap.places) for tap in self.taps if tap.first) < self.count:
            found.fill(start)
        for tap in sorted(self.taps, key=lambda tap: not tap.first):
            there, part = _along(axis, tap.places), _weighted(x[_along(axis, tap.elements)], tap, axis)
            if tap.first:
                found[there] = part
            elif isinstance(tap.places, slice):
                join(found[there], part, out=found[there])
            else:
                found[there] = join(found[there], part)
        return self._scaled(found, axis)

    def scatter(self, g: Array, axis: int) -> Array:
        """The transpose of `gather`: what the elements along an axis get from the places that read them."""
        if self.whole:
            return np.broadcast_to(self._scaled(g, axis), _with(g.shape, axis, self.extent))
        if (back := self.product(g, axis, back=True)) is not None:
            return back
        g = self._scaled(g, axis)
        found = np.zeros(_with(g.shape, axis, self.extent), g.dtype)
        for tap in self.taps:
            part = _weighted(g[_along(axis, tap.places)], tap, axis)
            elements = tap.elements
            if not isinstance(elements, slice):
                # An element that several places read with one offset: what these get is added up first.
                order = np.argsort(elements, kind="stable")
                elements, starts = np.unique(elements[order], return_index=True)
                if len(elements) < len(order):
                    part = np.add.reduceat(part[_along(axis, order)], starts, axis=axis)
                else:
                    part = part[_along(axis, order)]
            found[_along(axis, elements)] += part
        return found

    def _scaled(self, x: Array, axis: int) -> Array:
        return x if self.scale is None else np.asarray(x * _wide(self.scale, axis, x.dtype))


#: So many taps are few, and so many elements are a short axis.
_FEW, _SHORT = 3, 160


def _across(matrix: Array, x: Array, axis: int) -> Array:
    """A matrix times the columns that lie along an axis before the last."""
    at = x.ndim + axis
    flat = x.reshape(*x.shape[: at + 1], -1)
    return np.asarray(np.matmul(matrix, flat)).reshape(_with(x.shape, axis, len(matrix)))


def _along(axis: int, part: Part) -> tuple[Any, ...]:
    return (..., part, *(slice(None) for _ in range(-axis - 1)))


def _with(shape: Shape, axis: int, count: int) -> Shape:
    at = len(shape) + axis
    return (*shape[:at], count, *shape[at + 1 :])


def _wide(weight: Array, axis: int, dtype: np.dtype[Any]) -> Array:
    return np.asarray(weight, dtype).reshape(-1, *(1 for _ in range(-axis - 1)))


def _weighted(part: Array, tap: Tap, axis: int) -> Array:
    return part if tap.weight is None else np.asarray(part * _wide(tap.weight, axis, part.dtype))


class Reaching(Op):
    """Each output is made of a box of elements along the last axes of x. A class says what lies under it."""

    @abstractmethod
    def reaches(self, x: Shape) -> tuple[Reach, ...]:
        """What the places along each of the last axes read. Raises OpError where they do not fit."""

    def reached(self, x: Shape) -> tuple[Reach, ...]:
        """The same, kept for the next one who asks."""
        return _reached(self, tuple(x))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x = tuple(shapes[0])
        found = self.reached(x)
        return (*x[: len(x) - len(found)], *(reach.count for reach in found))

    def box(self, at: int, y: Shape, x: Shape) -> tuple[Elements, list[Array]]:
        """The elements under the window of output `at`, and their weights along each axis."""
        reaches, index = self.reached(x), unravel(at, y)
        lead = len(x) - len(reaches)
        found = [reach.under(place) for reach, place in zip(reaches, index[lead:], strict=True)]
        return crossed(index[:lead], [elements for elements, _ in found], x), [weights for _, weights in found]

    def places(self, at: int, y: Shape, x: Shape) -> tuple[Elements, list[Array]]:
        """The outputs that element `at` is under, and its weights along each axis."""
        reaches, index = self.reached(x), unravel(at, x)
        lead = len(x) - len(reaches)
        found = [reach.over(element) for reach, element in zip(reaches, index[lead:], strict=True)]
        return crossed(index[:lead], [places for places, _ in found], y), [weights for _, weights in found]


@lru_cache(maxsize=64)
def _reached(op: Reaching, x: Shape) -> tuple[Reach, ...]:
    return op.reaches(x)


class Weighing(Reaching):
    """A weighted sum of what lies under each box: the weight of an element is one for each axis, multiplied."""

    summed: ClassVar[tuple[int, ...]] = (0,)
    weighs = True

    def forward(self, xs: Sequence[Array]) -> Array:
        found = xs[0]
        for reach, axis in self._order(xs[0].shape):
            found = reach.gather(found, axis)
        return found

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        for reach, axis in reversed(self._order(xs[0].shape)):
            g = reach.scatter(g, axis)
        return g

    def _order(self, x: Shape) -> list[tuple[Reach, int]]:
        """The axes, in the order that makes the arrays between them small."""
        reaches = self.reached(x)
        axes = [(reach, axis) for axis, reach in zip(range(-len(reaches), 0), reaches, strict=True)]
        return sorted(axes, key=lambda one: (one[0].count / max(one[0].extent, 1), one[1]))

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        elements, weights = self.box(at, y.shape, xs[0].shape)
        return Links(0, elements, _products(weights, y.dtype))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        places, weights = self.places(at, y.shape, xs[0].shape)
        return Links(0, places, _products(weights, y.dtype))


def _products(weights: Sequence[Array], dtype: np.dtype[Any]) -> Callable[[int, int], Array]:
    """The weights of a box in C order, from one for each axis."""
    found = np.ones(1)
    for along in weights:
        found = (found[:, None] * along).reshape(-1)
    return lambda start, stop: found[start:stop].astype(dtype)


def crossed(lead: Sequence[int], along: Sequence[Indices], shape: Shape) -> Elements:
    """The elements of an array of `shape` at a place of its first axes and at some of each of the others: a grid where
    these are evenly spaced."""
    by = steps(shape)
    base = sum(here * step for here, step in zip(lead, by, strict=False))
    last = by[len(lead) :]
    extent = tuple(len(index) for index in along)
    if not all(extent):
        return Grid(base, extent, (0,) * len(extent))
    spaced = [int(index[1] - index[0]) if len(index) > 1 else 1 for index in along]
    if all((np.diff(index) == step).all() for index, step in zip(along, spaced, strict=True)):
        first = sum(int(index[0]) * step for index, step in zip(along, last, strict=True))
        return Grid(base + first, extent, tuple(n * step for n, step in zip(spaced, last, strict=True)))
    found = np.array([base], np.intp)
    for index, step in zip(along, last, strict=True):
        found = (found[:, None] + index * step).reshape(-1)
    return Picked(found)
