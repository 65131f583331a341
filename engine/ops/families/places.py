"""Where elements are that are larger or smaller than others: whole numbers, which get no gradient."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Indices
from gradstep.engine.ops.choosing import Pointing, along
from gradstep.engine.ops.ranking import middle, most_frequent, ordered, running
from gradstep.engine.ops.rowwise import Fold, Rowwise
from gradstep.engine.ops.shapes import check_one, normal_axes

_NONE = ("0: a place does not change with the numbers, it jumps",)


@dataclass(frozen=True)
class Places(Rowwise, Pointing):
    """For each element a place along an axis. A class gives `places`."""

    discrete = True
    slopes = _NONE
    kink = "where elements are equal the place jumps"

    axis: int = -1

    def __post_init__(self) -> None:
        check_one(self.name, axis=self.axis)

    @abstractmethod
    def places(self, x: Array, axis: int) -> Indices:
        """The places along an axis, from 0 on."""

    def axes(self, ndim: int) -> tuple[int, ...]:
        return normal_axes(self.name, self.axis, ndim)

    def pointed(self, at: int, xs: Sequence[Array]) -> int:
        """The element of x whose place output `at` is."""
        (x,) = xs
        if not x.ndim:
            return 0
        (axis,) = self.axes(x.ndim)
        return int(along(self.places(x, axis), axis, x.shape).item(at))

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        if not x.ndim:
            return np.zeros_like(x)
        return np.asarray(self.places(x, self.axes(x.ndim)[0]), dtype=x.dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return np.zeros_like(xs[0])

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        return np.zeros(np.broadcast_shapes(k.shape, j.shape))


@dataclass(frozen=True)
class ArgSort(Places):
    """Which element is the first in the order of size along an axis, which the next, and so on."""

    name = "argsort"
    notation = "argsort {0}"
    edge = "a NaN counts as larger than all numbers"
    label = "places in order"

    descending: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.descending) is not bool:
            raise OpError(f"argsort: descending is True or False, not {self.descending!r}")

    def places(self, x: Array, axis: int) -> Indices:
        return ordered(x, axis, self.descending)


class RunningArg(Places):
    """Where the best of all elements up to each is."""

    best: ClassVar[np.ufunc]

    def places(self, x: Array, axis: int) -> Indices:
        return running(x, axis, self.best)


class RunningArgMax(RunningArg):
    name = "running_argmax"
    notation = "argmax of {0} up to each"
    label = "place of the running maximum"
    best = np.maximum


class RunningArgMin(RunningArg):
    name = "running_argmin"
    notation = "argmin of {0} up to each"
    label = "place of the running minimum"
    best = np.minimum


class ArgExtreme(Fold, Pointing):
    """Where the best element of each group is, counted in C order; of equal ones the first."""

    discrete = True
    of_none = False
    slopes = _NONE
    kink = "where elements are equal the place jumps, of equal ones it is the first"
    edge = "a NaN is taken for the best"

    def pointed(self, at: int, xs: Sequence[Array]) -> int:
        """The element of x whose place output `at` is."""
        (x,) = xs
        groups = self.grouped(np.arange(x.size).reshape(x.shape)).reshape(-1, x.size // max(self.forward(xs).size, 1))
        return int(groups[at, int(self.forward(xs).item(at))])

    def derivatives(self, x: Array, y: Array) -> Array:
        return np.zeros_like(x)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "0"


class ArgMax(ArgExtreme):
    name = "argmax"
    notation = "argmax {0}"
    label = "place of the maximum"

    def value(self, x: Array) -> Array:
        return np.asarray(np.argmax(x, axis=-1))


class ArgMin(ArgExtreme):
    name = "argmin"
    notation = "argmin {0}"
    label = "place of the minimum"

    def value(self, x: Array) -> Array:
        return np.asarray(np.argmin(x, axis=-1))


@dataclass(frozen=True)
class ArgMedian(ArgExtreme):
    """Where the middle element along an axis is."""

    name = "argmedian"
    notation = "argmedian {0}"
    edge = "a NaN is taken for the middle one, unless NaN are skipped"
    label = "place of the median"

    skip_nan: bool = False

    def value(self, x: Array) -> Array:
        return np.asarray(middle(x, x.ndim - 1, self.skip_nan)[..., 0])


class ArgMode(ArgExtreme):
    """Where the number is that is there most often along an axis."""

    name = "argmode"
    notation = "argmode {0}"
    label = "place of the mode"

    def value(self, x: Array) -> Array:
        return np.asarray(most_frequent(x, x.ndim - 1)[..., 0])
