"""Elements put to where numbers say: in the stead of others, added to them, or folded with them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Indices, Shape
from gradstep.engine.ops.adding import add_along
from gradstep.engine.ops.choosing import along
from gradstep.engine.ops.putting import Added, Folded, Pairs, Put, Written
from gradstep.engine.ops.shapes import check_one, counted_from_end, normal_axes, shape_text

_WORDS = {"index": "ids", "indices": "ids", "source": "src", "value": "src", "values": "src"}


class Scattering(Put):
    """Numbers in slot 1 say where along an axis the elements of slot 2 go. A class gives `fits` and `placed`."""

    slots = ("x", "ids", "src")
    words: ClassVar[Mapping[str, str]] = _WORDS
    axis_second = True

    axis: int = 0

    @abstractmethod
    def fits(self, x: Shape, ids: Shape, src: Shape, axis: int) -> bool:
        """Whether the shapes go together; src has at least one axis."""

    @abstractmethod
    def placed(self, ids: Array, shape: Shape, axis: int) -> Indices:
        """Where each number of `ids`, or each part that it is for, goes in an array of `shape`."""

    #: What is said of shapes that do not fit.
    needs: ClassVar[str]

    def _axis(self, shape: Shape) -> int:
        return normal_axes(self.name, self.axis, len(shape))[0] if shape else 0

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, ids, src = (tuple(s) or (1,) for s in shapes)
        if not self.fits(x, ids, src if len(shapes[2]) else (), self._axis(x)):
            raise OpError(
                f"{self.name}: x is {shape_text(shapes[0])}, ids {shape_text(shapes[1])}, src {shape_text(shapes[2])}; "
                f"on axis {self.axis} {self.needs}"
            )
        return tuple(shapes[0])

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot == 1:
            self._ids(x, shapes[0])

    def _ids(self, ids: Array, shape: Shape) -> Array:
        axis = self._axis(shape)
        what = f"{self.name}: ids on axis {axis} of {shape_text(shape)}"
        return counted_from_end(what, ids, shape[axis] if shape else 1)

    def pairs(self, xs: Sequence[Array]) -> Pairs:
        x, ids, src = xs
        shape = x.shape or (1,)
        whole = self._ids(ids if ids.ndim else ids.reshape(1), x.shape)
        places = self.placed(whole, shape, self._axis(shape))
        if not places.size:
            return Pairs(places.reshape(-1), places.reshape(-1))
        sources = np.arange(src.size).reshape(src.shape)
        if src.ndim:
            sources = sources[tuple(slice(n) for n in places.shape)]
        return Pairs(places.reshape(-1), np.broadcast_to(sources, places.shape).reshape(-1))


class Pointed(Scattering):
    """ids, in the shape of what is taken of src, has a number for each element."""

    needs = "ids must be no longer than src anywhere, nor than x on another axis; or src is a single number"

    def fits(self, x: Shape, ids: Shape, src: Shape, axis: int) -> bool:
        if ids == (0,) or 0 in ids:
            return True
        within = len(ids) == len(x) and all(n <= m for a, (n, m) in enumerate(zip(ids, x, strict=True)) if a != axis)
        return within and (not src or (len(src) == len(ids) and all(n <= m for n, m in zip(ids, src, strict=True))))

    def placed(self, ids: Array, shape: Shape, axis: int) -> Indices:
        return along(ids, axis, shape) if ids.size else np.zeros(ids.shape, np.intp)


class Sliced(Scattering):
    """ids, a row, has a number for each part of src along the axis."""

    needs = "src must have as many parts as ids has numbers, and be as x on the other axes; or src is a single number"

    def fits(self, x: Shape, ids: Shape, src: Shape, axis: int) -> bool:
        return len(ids) == 1 and src in ((), (*x[:axis], ids[0], *x[axis + 1 :]))

    def placed(self, ids: Array, shape: Shape, axis: int) -> Indices:
        return np.arange(prod(shape)).reshape(shape).take(ids.reshape(-1), axis=axis)

    def _row(self, xs: Sequence[Array]) -> tuple[Indices, int]:
        """Where the parts of src go, and along which axis, of an array with axes."""
        return self._ids(xs[1], xs[0].shape), self._axis(xs[0].shape)

    def _read_back(self, g: Array, xs: Sequence[Array]) -> Array:
        """The parts of a gradient from where those of src went."""
        ids, axis = self._row(xs)
        return np.asarray(g.take(ids, axis=axis))


@dataclass(frozen=True)
class _One(Scattering):
    """With the one option that is the axis."""

    axis: int = 0

    def __post_init__(self) -> None:
        check_one(self.name, axis=self.axis)


_REPLACES = ("0 where another is put, else 1", "0", "1 where it is put")
_LAST = "of several for one place the last one stays"


class Scatter(_One, Pointed, Written):
    """x, and at [ids[i, j], j] with axis 0 the element src[i, j] instead."""

    name = "scatter"
    notation = "{0}, {2} at {1}"
    slopes = _REPLACES
    kink = _LAST
    label = "scatter"


class ScatterAdd(_One, Pointed, Added):
    """x, and at [ids[i, j], j] with axis 0 the element src[i, j] besides."""

    name = "scatter_add"
    notation = "{0} + {2} at {1}"
    slopes = ("1", "0", "1")
    summed = (0, 2)
    label = "scatter and add"


class IndexCopy(_One, Sliced, Written):
    """x, with the parts of src along an axis in the places that ids has."""

    name = "index_copy"
    notation = "{0}, {2} at {1}"
    slopes = _REPLACES
    kink = _LAST
    label = "index copy"

    def forward(self, xs: Sequence[Array]) -> Array:
        if not xs[0].ndim:
            return super().forward(xs)
        ids, axis = self._row(xs)
        found = xs[0].copy()
        np.moveaxis(found, axis, 0)[ids] = np.moveaxis(xs[2], axis, 0) if xs[2].ndim else xs[2]
        return found

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if slot == 1 or not xs[2].ndim or not xs[0].ndim:
            return super().vjp(slot, g, y, xs)
        ids, axis = self._row(xs)
        if slot == 0:
            flow = g.copy()
            np.moveaxis(flow, axis, 0)[ids] = 0
            return flow
        flow = self._read_back(g, xs)
        last = np.zeros(g.shape[axis], np.intp)
        last[ids] = np.arange(len(ids))
        np.moveaxis(flow, axis, 0)[last[ids] != np.arange(len(ids))] = 0
        return flow


class IndexAdd(_One, Sliced, Added):
    """x, and the parts of src along an axis besides, in the places that ids has."""

    name = "index_add"
    notation = "{0} + {2} at {1}"
    slopes = ("1", "0", "1")
    summed = (0, 2)
    label = "index add"

    def forward(self, xs: Sequence[Array]) -> Array:
        if xs[0].ndim and xs[2].ndim:
            found = xs[0].copy()
            if add_along(found, self._row(xs)[0], xs[2], self._row(xs)[1]):
                return found
        return super().forward(xs)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return self._read_back(g, xs) if slot == 2 and xs[2].ndim and xs[0].ndim else super().vjp(slot, g, y, xs)


@dataclass(frozen=True)
class Folding(Folded, Scattering):
    """With the options of a fold."""

    notation = "{0} with {2} at {1}"
    slopes = ("1, 1/n, or the product of all others", "0", "1, 1/n, or the product of all others")
    kink = "the largest or the smallest share the gradient evenly where they are equal"

    axis: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_one(self.name, axis=self.axis)

    @classmethod
    def options(cls) -> dict[str, object]:
        """In the order in which PyTorch takes them by their place."""
        return {"axis": 0, "reduce": "sum", "include_self": True}


class ScatterReduce(Folding, Pointed):
    """At each place what ids puts there, folded with what was there: 'sum', 'prod', 'mean', 'amax' or 'amin'."""

    name = "scatter_reduce"
    label = "scatter and fold"


class IndexReduce(Folding, Sliced):
    """In each place that ids has the part of src for it, folded with what was there: 'prod', 'mean', 'amax', 'amin'."""

    name = "index_reduce"
    label = "index and fold"
