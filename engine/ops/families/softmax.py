"""Operations within groups of elements: softmax, normalisation, the largest and the smallest.

Their Jacobians are dense within a group, so each gives one formula for an entry of it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.op import Rowwise, normal_axes


@dataclass(frozen=True)
class AlongAxis(Rowwise):
    """A group is what lies along one axis, the last one unless it is said."""

    axis: int = -1

    def __post_init__(self) -> None:
        if type(self.axis) is not int:
            raise OpError(f"{self.name}: axis is a whole number, not {self.axis!r}")

    def axes(self, ndim: int) -> tuple[int, ...]:
        if ndim == 0:
            raise OpError(f"{self.name} works along an axis, but its input is a single number")
        if self.axis == -1:
            return (ndim - 1,)  # as nearly always
        return normal_axes(self.name, self.axis, ndim)


class Softmax(AlongAxis):
    """exp(x) / Σ exp(x), with the largest x taken off first so that nothing overflows."""

    name = "softmax"
    notation = "exp({0}) / Σ exp({0})"
    slopes = ("y × (1 − y) to its own, −y × yⱼ to each other",)
    label = "softmax"

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        (axis,) = self.axes(x.ndim)
        if not x.size:
            return x
        y = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
        return np.asarray(y / np.add.reduce(y, axis=axis, keepdims=True))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (axis,) = self.axes(y.ndim)
        return np.asarray(y * (g - np.add.reduce(g * y, axis=axis, keepdims=True)))

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        return np.asarray(y[k] * ((k == j) - y[j]))


class LogSoftmax(AlongAxis):
    """x − ln Σ exp(x), the logarithm of softmax in the form that keeps its digits."""

    name = "log_softmax"
    notation = "{0} − ln Σ exp({0})"
    slopes = ("1 − softmax to its own, −softmaxⱼ to each other",)
    label = "log softmax"

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        (axis,) = self.axes(x.ndim)
        if not x.size:
            return x
        moved = x - np.maximum.reduce(x, axis=axis, keepdims=True)
        total = np.log(np.add.reduce(np.exp(moved), axis=axis, keepdims=True))
        return np.asarray(np.subtract(moved, total, out=moved))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (axis,) = self.axes(y.ndim)
        flow = np.exp(y)
        flow *= np.add.reduce(g, axis=axis, keepdims=True)
        return np.subtract(g, flow, out=flow)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        return np.asarray((k == j) - np.exp(y[j]))


@dataclass(frozen=True)
class Normalising(Rowwise):
    """A group is what lies along `axis`, one or several."""

    axis: int | tuple[int, ...] = -1
    eps: float = 1e-5

    def __post_init__(self) -> None:
        listed = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        if not listed or any(type(a) is not int for a in listed) or type(self.eps) not in (int, float) or self.eps < 0:
            raise OpError(f"{self.name}: axis is a whole number or several in brackets, eps a number from 0 on")

    def axes(self, ndim: int) -> tuple[int, ...]:
        if ndim == 0:
            raise OpError(f"{self.name} works along an axis, but its input is a single number")
        return tuple(sorted(normal_axes(self.name, self.axis, ndim)))

    def _mean(self, x: Array) -> Array:
        return np.asarray(x.mean(axis=self.axes(x.ndim), keepdims=True))


class Normalize(Normalising):
    """(x − μ) / √(σ² + ε) with the mean and the (biased) variance of the group."""

    name = "normalize"
    notation = "({0} − μ) / √(σ² + ε)"
    slopes = ("(δ − 1/n − y yⱼ / n) / √(σ² + ε), to every element of the group",)
    label = "normalise"

    def forward(self, xs: Sequence[Array]) -> Array:
        centred = xs[0] - self._mean(xs[0])
        return np.asarray(centred / np.sqrt(self._mean(np.square(centred)) + xs[0].dtype.type(self.eps)))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x = xs[0]
        scale = np.sqrt(self._mean(np.square(x - self._mean(x))) + x.dtype.type(self.eps))
        return np.asarray((g - self._mean(g) - y * self._mean(g * y)) / scale)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        scale = np.sqrt(x.var() + x.dtype.type(self.eps))
        count = x.dtype.type(len(x))
        return np.asarray(((k == j) - (1 + y[k] * y[j]) / count) / scale)


class RmsNormalize(Normalising):
    """x / √(mean x² + ε) over the group (Zhang and Sennrich, NeurIPS 2019)."""

    name = "rms_normalize"
    notation = "{0} / √(mean {0}² + ε)"
    slopes = ("(δ − y yⱼ / n) / √(mean {0}² + ε), to every element of the group",)
    label = "RMS normalise"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0] / np.sqrt(self._mean(np.square(xs[0])) + xs[0].dtype.type(self.eps)))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        scale = np.sqrt(self._mean(np.square(xs[0])) + y.dtype.type(self.eps))
        return np.asarray((g - y * self._mean(g * y)) / scale)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        scale = np.sqrt(np.square(x).mean() + x.dtype.type(self.eps))
        return np.asarray(((k == j) - y[k] * y[j] / x.dtype.type(len(x))) / scale)


@dataclass(frozen=True)
class Extreme(Rowwise):
    """One element of each group is chosen; of several equal ones the first gets the gradient."""

    reduced = True
    slopes = ("1 to the one chosen, 0 to all others",)
    kink = "of equal ones the first gets the gradient"
    gated = True

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def __post_init__(self) -> None:
        listed = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        if not (self.axis is None or all(type(a) is int for a in listed)) or type(self.keepdims) is not bool:
            raise OpError(f"{self.name}: axis is a whole number, several in brackets, or None; keepdims True or False")

    def axes(self, ndim: int) -> tuple[int, ...]:
        return normal_axes(self.name, self.axis, ndim)

    def keeps(self) -> bool:
        return self.keepdims

    @abstractmethod
    def chosen(self, groups: Array) -> Array:
        """Which element of each group (on the last axis) is chosen."""

    def forward(self, xs: Sequence[Array]) -> Array:
        groups = self.grouped(xs[0])
        found = np.take_along_axis(groups, np.asarray(self.chosen(groups))[..., None], axis=-1)
        return found.reshape(self.shape([xs[0].shape]))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        groups = self.grouped(xs[0])
        flow = np.zeros_like(groups)
        np.put_along_axis(flow, np.asarray(self.chosen(groups))[..., None], g.reshape(*groups.shape[:-1], 1), axis=-1)
        return self.ungrouped(flow, xs[0].shape)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        return np.asarray((j == self.chosen(x)) & (k == k))


class Max(Extreme):
    name = "max"
    notation = "max {0}"
    label = "max"

    def chosen(self, groups: Array) -> Array:
        return np.asarray(groups.argmax(axis=-1))


class Min(Extreme):
    name = "min"
    notation = "min {0}"
    label = "min"

    def chosen(self, groups: Array) -> Array:
        return np.asarray(groups.argmin(axis=-1))
