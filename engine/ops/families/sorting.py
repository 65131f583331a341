"""Elements in order of their size: sorted, the largest of them, the middle one, and where they are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Indices, Shape
from gradstep.engine.ops.choosing import Chosen, along
from gradstep.engine.ops.composite import Given, Plan, Several, composite
from gradstep.engine.ops.families.indexing import Index
from gradstep.engine.ops.families.places import ArgMedian, ArgMode, ArgSort, RunningArgMax, RunningArgMin
from gradstep.engine.ops.families.reduction import Max, Min
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.op import KEPT
from gradstep.engine.ops.ranking import middle, most_frequent, ordered, running
from gradstep.engine.ops.rowwise import Fold
from gradstep.engine.ops.shapes import check_one, normal_axes, shape_text

_NAN = "a NaN counts as larger than all numbers"


def _check(name: str, axis: object, descending: object) -> None:
    check_one(name, axis=axis)
    if type(descending) is not bool:
        raise OpError(f"{name}: descending is True or False, not {descending!r}")


class ByRank(Chosen):
    """Along an axis each output is an element of x; which one their sizes say. A class gives `places`."""

    axis: int = -1

    @abstractmethod
    def places(self, x: Array, axis: int) -> Indices:
        """Of an array the places along an axis that are chosen."""

    def chosen(self, xs: Sequence[Array]) -> Indices:
        (x,) = xs
        if not x.ndim:
            return np.zeros((), np.intp)
        (axis,) = normal_axes(self.name, self.axis, x.ndim)
        return along(self.places(x, axis), axis, x.shape)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        normal_axes(self.name, self.axis, len(shapes[0]))
        return tuple(shapes[0])


@dataclass(frozen=True)
class Sorted(ByRank):
    """The elements along an axis in the order of their size."""

    name = "sorted"
    notation = "sorted {0}"
    kink = "equal ones stay in the order in which they stand"
    edge = _NAN
    label = "sort"

    axis: int = -1
    descending: bool = False

    def __post_init__(self) -> None:
        _check(self.name, self.axis, self.descending)

    def places(self, x: Array, axis: int) -> Indices:
        return ordered(x, axis, self.descending)


@dataclass(frozen=True)
class Running(ByRank):
    """The best of all elements up to each along an axis; of equal ones the last."""

    kink = "of equal ones the last gets all of the gradient"
    edge = "from a NaN on all are NaN"
    gated = True
    best: ClassVar[np.ufunc]

    axis: int = 0

    def __post_init__(self) -> None:
        check_one(self.name, axis=self.axis)

    def places(self, x: Array, axis: int) -> Indices:
        return running(x, axis, self.best)


class RunningMax(Running):
    name = "running_max"
    notation = "max of {0} up to each"
    label = "running maximum"
    best = np.maximum


class RunningMin(Running):
    name = "running_min"
    notation = "min of {0} up to each"
    label = "running minimum"
    best = np.minimum


@dataclass(frozen=True)
class MedianAlong(Chosen):
    """The middle element along an axis, of an even number the smaller of two."""

    name = "median_along"
    notation = "median {0}"
    kink = "of equal ones one gets all of the gradient"
    edge = "where one is NaN it is the median, unless NaN are skipped"
    gated = True
    label = "median"

    axis: int = 0
    keepdims: bool = False
    skip_nan: bool = False

    def __post_init__(self) -> None:
        _check(self.name, self.axis, self.keepdims)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        if not x:
            return ()
        (axis,) = normal_axes("median", self.axis, len(x))
        if not x[axis]:
            raise OpError(f"median: there is nothing to choose from along axis {axis} of shape {shape_text(x)}")
        return (*x[:axis], *((1,) if self.keepdims else ()), *x[axis + 1 :])

    def chosen(self, xs: Sequence[Array]) -> Indices:
        (x,) = xs
        if not x.ndim:
            return np.zeros((), np.intp)
        (axis,) = normal_axes("median", self.axis, x.ndim)
        found = along(middle(x, axis, self.skip_nan), axis, x.shape)
        return found if self.keepdims else found.squeeze(axis)


class Median(Fold):
    """The middle element of all, of an even number the smaller of two."""

    name = "median_all"
    notation = "median {0}"
    weighs = True
    slopes = ("1 / n to each of the n that are it, 0 to all others",)
    kink = "equal ones share the gradient evenly"
    edge = "where one is NaN it is the median"
    gated = True
    of_none = False
    label = "median"
    of_whole = KEPT

    def value(self, x: Array) -> Array:
        middle = np.partition(x, (x.shape[-1] - 1) // 2, axis=-1)[..., (x.shape[-1] - 1) // 2]
        return np.where(np.isnan(x).any(axis=-1), x.dtype.type(np.nan), middle)

    def derivatives(self, x: Array, y: Array) -> Array:
        chosen = (x == y) | (np.isnan(x) & np.isnan(y))
        return np.asarray(chosen / np.add.reduce(chosen, axis=-1, keepdims=True, dtype=y.dtype))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        y = self.forward(xs)
        return f"{float(self.vjp(0, np.ones_like(y), y, xs).item(at)):.12g}"


class NanMedian(Median):
    """The middle one of all elements that are numbers, of an even number the smaller of two."""

    name = "nanmedian_all"
    edge = "NaN are skipped; where all are it is NaN"

    def value(self, x: Array) -> Array:
        middle = np.maximum(np.count_nonzero(~np.isnan(x), axis=-1, keepdims=True) - 1, 0) // 2
        return np.asarray(np.take_along_axis(np.sort(x, axis=-1), middle, -1)[..., 0])


def _last(plan: Plan, x: Given, axis: int, at: int, keepdims: bool) -> Plan:
    """The part number `at` along an axis."""
    if not x.shape:
        return plan
    part: Plan = (Index((*(((None,) * 3),) * axis, at)), [plan])
    return (Reshape(tuple(1 if a == axis else n for a, n in enumerate(x.shape))), [part]) if keepdims else part


def _axis(name: str, x: Given, axis: int) -> int:
    return normal_axes(name, axis, len(x.shape))[0] if x.shape else 0


@composite()
def median(x: Given, *, axis: int | None = None, keepdims: bool = False) -> Plan | Several:
    """The middle element, of an even number the smaller of two: of all, or along an axis, and then also where it is."""
    if axis is None:
        return (Median(), [x])
    return Several([(MedianAlong(axis, keepdims), [x]), (ArgMedian(axis, keepdims), [x])])


@composite()
def nanmedian(x: Given, *, axis: int | None = None, keepdims: bool = False) -> Plan | Several:
    """The same of all elements that are numbers."""
    if axis is None:
        return (NanMedian(), [x])
    return Several([(MedianAlong(axis, keepdims, True), [x]), (ArgMedian(axis, keepdims, True), [x])])


@composite()
def sort(x: Given, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Several:
    """The elements along an axis in the order of their size, and where they stood."""
    return Several([(Sorted(axis, descending), [x]), (ArgSort(axis, descending), [x])])


@composite()
def msort(x: Given) -> Plan:
    """The elements along axis 0 in the order of their size."""
    return (Sorted(0), [x])


@composite()
def topk(x: Given, *, k: int = 1, axis: int = -1, largest: bool = True, sorted: bool = True) -> Several:
    """The k largest along an axis, or the smallest, in order, and where they are."""
    at, there = _axis("topk", x, axis), x.shape[_axis("topk", x, axis)] if x.shape else 1
    if not 0 <= k <= there:
        raise OpError(
            f"topk: k is a whole number from 0 to {there}, what axis {at} of {shape_text(x.shape)} has, not {k}"
        )
    if not x.shape:
        return Several([(Sorted(), [x]), (ArgSort(), [x])])
    part = Index((*(((None,) * 3),) * at, (None, k, None)))
    return Several([(part, [(Sorted(at, largest), [x])]), (part, [(ArgSort(at, largest), [x])])])


@composite()
def kthvalue(x: Given, *, k: int = 1, axis: int = -1, keepdims: bool = False) -> Several:
    """The k-th smallest along an axis, k from 1 on, and where it is."""
    at, there = _axis("kthvalue", x, axis), x.shape[_axis("kthvalue", x, axis)] if x.shape else 1
    if not 1 <= k <= there:
        raise OpError(
            f"kthvalue: k is a whole number from 1 to {there}, what axis {at} of {shape_text(x.shape)} has, not {k}"
        )
    return Several(
        [_last((Sorted(axis), [x]), x, at, k - 1, keepdims), _last((ArgSort(axis), [x]), x, at, k - 1, keepdims)]
    )


@composite()
def aminmax(x: Given, *, axis: int | None = None, keepdims: bool = False) -> Several:
    """The smallest and the largest, of all or along an axis."""
    return Several([(Min(axis, keepdims), [x]), (Max(axis, keepdims), [x])])


@composite()
def cummax(x: Given, *, axis: int = 0) -> Several:
    """The largest of all up to each along an axis, and where it is."""
    return Several([(RunningMax(axis), [x]), (RunningArgMax(axis), [x])])


@composite()
def cummin(x: Given, *, axis: int = 0) -> Several:
    """The smallest of all up to each along an axis, and where it is."""
    return Several([(RunningMin(axis), [x]), (RunningArgMin(axis), [x])])


@dataclass(frozen=True)
class Mode(Chosen):
    """The number along an axis that is there most often, of several the smallest."""

    name = "mode_along"
    notation = "mode {0}"
    kink = "of equal ones the last gets all of the gradient"
    gated = True
    label = "mode"

    axis: int = -1
    keepdims: bool = False

    def __post_init__(self) -> None:
        _check(self.name, self.axis, self.keepdims)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return MedianAlong(self.axis, self.keepdims).shape(shapes)

    def chosen(self, xs: Sequence[Array]) -> Indices:
        (x,) = xs
        if not x.ndim:
            return np.zeros((), np.intp)
        (axis,) = normal_axes("mode", self.axis, x.ndim)
        found = along(most_frequent(x, axis), axis, x.shape)
        return found if self.keepdims else found.squeeze(axis)


@composite()
def mode(x: Given, *, axis: int = -1, keepdims: bool = False) -> Several:
    """The number along an axis that is there most often, of several the smallest, and where it is."""
    return Several([(Mode(axis, keepdims), [x]), (ArgMode(axis, keepdims), [x])])
