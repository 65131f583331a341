"""Writes into a part of an array: it is another array, with the part replaced."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Indices, Shape, check_shape
from gradstep.engine.ops.families.diagonals import Diagonal
from gradstep.engine.ops.families.indexing import Index
from gradstep.engine.ops.moving import Move
from gradstep.engine.ops.putting import Accumulating, Pairs, Written
from gradstep.engine.ops.shapes import broadcast, check_one, counted_from_end, normal_axes, shape_text


class PartWritten(Written):
    """x, with the elements of src in the part of it that another operation would take. A class gives `part`."""

    slots = ("x", "src")
    slopes = ("0 where another is put, else 1", "1")
    notation = "{0}, {1} in a part of it"

    @abstractmethod
    def part(self, shape: Shape) -> Move:
        """The operation that takes the part of an array of `shape`."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, src = shapes
        part = self.part(tuple(x)).shape([x])
        if tuple(src) not in (part, ()):
            raise OpError(
                f"{self.name}: the part of {shape_text(x)} has shape {shape_text(part)}, and src is {shape_text(src)}"
            )
        return tuple(x)

    def _there(self, x: Array) -> Array:
        """The part of an array that may be written to, as a view."""
        view = self.part(x.shape).forward([x])
        view.flags.writeable = True
        return view

    def _single(self, x: Array) -> bool:
        """Whether the part is a single number, of which there is no view."""
        return not self.part(x.shape).shape([x.shape])

    def forward(self, xs: Sequence[Array]) -> Array:
        if self._single(xs[0]):
            return super().forward(xs)
        found = xs[0].copy()
        self._there(found)[...] = xs[1]
        return found

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if self._single(g):
            return super().vjp(slot, g, y, xs)
        if slot:
            part = self.part(g.shape).forward([g])
            return part if xs[1].shape == part.shape else np.asarray(part.sum(), g.dtype).reshape(xs[1].shape)
        flow = g.copy()
        self._there(flow)[...] = 0
        return flow

    def pairs(self, xs: Sequence[Array]) -> Pairs:
        shape = xs[0].shape
        places = self.part(shape).forward([np.arange(prod(shape)).reshape(shape)]).astype(np.intp)
        sources = np.broadcast_to(np.arange(xs[1].size).reshape(xs[1].shape), places.shape)
        return Pairs(places.reshape(-1), sources.reshape(-1))


def _axis(name: str, axis: int, shape: Shape) -> int:
    if not shape:
        raise OpError(f"{name}: a single number has no axis")
    return normal_axes(name, axis, len(shape))[0]


@dataclass(frozen=True)
class SliceScatter(PartWritten):
    """x, with src as its part from `start` to `end` along an axis."""

    name = "slice_scatter"
    label = "write into a slice"

    axis: int = 0
    start: int | None = None
    end: int | None = None
    step: int = 1

    def __post_init__(self) -> None:
        check_one(self.name, axis=self.axis, step=self.step)
        ends = {k: v for k, v in (("start", self.start), ("end", self.end)) if v is not None}
        check_one(self.name, **ends)
        if self.step < 1:
            raise OpError(f"slice_scatter: step is a whole number from 1 on, not {self.step}")

    def part(self, shape: Shape) -> Move:
        axis = _axis(self.name, self.axis, shape)
        return Index((*(((None,) * 3),) * axis, (self.start, self.end, self.step)))


@dataclass(frozen=True)
class SelectScatter(PartWritten):
    """x, with src as its part number `index` along an axis."""

    name = "select_scatter"
    label = "write into a part"

    axis: int = 0
    index: int = 0

    def __post_init__(self) -> None:
        check_one(self.name, axis=self.axis, index=self.index)

    def part(self, shape: Shape) -> Move:
        return Index((*(((None,) * 3),) * _axis(self.name, self.axis, shape), self.index))


@dataclass(frozen=True)
class DiagonalScatter(PartWritten):
    """x, with src on a diagonal of two axes."""

    name = "diagonal_scatter"
    words: ClassVar[Mapping[str, str]] = {"dim1": "axis1", "dim2": "axis2"}
    label = "write into a diagonal"

    offset: int = 0
    axis1: int = 0
    axis2: int = 1

    def __post_init__(self) -> None:
        self.part(())

    def part(self, shape: Shape) -> Move:
        return Diagonal(self.offset, self.axis1, self.axis2)


class MaskedScatter(Written):
    """x, and where the mask is not 0 the elements of src, one after the other."""

    name = "masked_scatter"
    slots = ("x", "mask", "src")
    words: ClassVar[Mapping[str, str]] = {"source": "src"}
    slopes = ("0 where another is put, else 1", "0", "1 where it is put")
    notation = "{0}, {2} where {1}"
    label = "masked scatter"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, mask, _ = shapes
        if broadcast([x, mask], self.name) != tuple(x):
            raise OpError(f"masked_scatter: a mask {shape_text(mask)} does not broadcast to x {shape_text(x)}")
        return tuple(x)

    def pairs(self, xs: Sequence[Array]) -> Pairs:
        x, mask, src = xs
        places = np.flatnonzero(np.broadcast_to(mask != 0, x.shape))
        if len(places) > src.size:
            raise OpError(f"masked_scatter: the mask holds {len(places):,} times, and src has {src.size:,} elements")
        return Pairs(places, np.arange(len(places)))


@dataclass(frozen=True)
class Put(Accumulating):
    """x, with the elements of src in the places, counted through all axes in C order, that ids has; or added there."""

    name = "put"
    slots = ("x", "ids", "src")
    words: ClassVar[Mapping[str, str]] = {"index": "ids", "indices": "ids", "source": "src", "values": "src"}
    slopes = ("0 where another is put, else 1", "0", "1 where it is put")
    notation = "{0}, {2} at {1}"
    kink = "of several for one place the last one stays, unless they are added"
    label = "put"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, ids, src = shapes
        if prod(ids) != prod(src):
            raise OpError(f"put: ids {shape_text(ids)} and src {shape_text(src)} must have as many elements")
        return tuple(x)

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot == 1:
            self._ids(x, shapes[0])

    @staticmethod
    def _ids(ids: Array, shape: Shape) -> Indices:
        return counted_from_end(f"put: ids, counted through {shape_text(shape)},", ids, prod(shape))

    def pairs(self, xs: Sequence[Array]) -> Pairs:
        return Pairs(self._ids(xs[1], xs[0].shape).reshape(-1), np.arange(xs[2].size))


@dataclass(frozen=True)
class IndexPut(Accumulating):
    """x, with `values` at x[ids₀, ids₁, …], or added there; the arrays of numbers broadcast together, and values to
    what they take."""

    name = "index_put"
    slots = ("x", "values", "ids")
    slopes = ("0 where another is put, else 1", "1 where it is put", "0")
    notation = "{0}, {1} at {2}"
    kink = "of several for one place the last one stays, unless they are added"
    label = "index put"
    variadic = True
    puts = 1

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes) < 3:
            raise OpError("index_put needs x, values, and at least one array of numbers")
        x, values, *ids = shapes
        if len(ids) > len(x):
            raise OpError(f"index_put: {len(ids)} arrays of numbers for shape {shape_text(x)}, which has {len(x)} axes")
        taken = (*broadcast(ids, "index_put"), *x[len(ids) :])
        check_shape(taken)
        if broadcast([taken, values], "index_put") != taken:
            raise OpError(
                f"index_put: values {shape_text(values)} do not broadcast to {shape_text(taken)}, what is taken"
            )
        return tuple(x)

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot > 1:
            self._ids(x, slot - 2, shapes[0])

    @staticmethod
    def _ids(ids: Array, axis: int, shape: Shape) -> Indices:
        return counted_from_end(f"index_put: numbers on axis {axis} of {shape_text(shape)}", ids, shape[axis])

    def pairs(self, xs: Sequence[Array]) -> Pairs:
        x, values, *ids = xs
        key = tuple(self._ids(one, axis, x.shape) for axis, one in enumerate(ids))
        places = np.arange(x.size).reshape(x.shape)[key]
        sources = np.broadcast_to(np.arange(values.size).reshape(values.shape), places.shape)
        return Pairs(places.reshape(-1), sources.reshape(-1))
