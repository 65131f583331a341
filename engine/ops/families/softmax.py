"""Softmax and its logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.ops.shapes import normal_axes


@dataclass(frozen=True)
class AlongAxis(Rowwise):
    """A group is what lies along one axis, the last one unless it is said."""

    shares = True

    axis: int = -1

    def __post_init__(self) -> None:
        if type(self.axis) is not int:
            raise OpError(f"{self.name}: axis is a whole number, not {self.axis!r}")

    def axes(self, ndim: int) -> tuple[int, ...]:
        if self.axis == -1 and ndim:
            return (ndim - 1,)  # as nearly always
        return normal_axes(self.name, self.axis, ndim)


class Softmax(AlongAxis):
    """exp(x) / Σ exp(x), with the largest x taken off first so that nothing overflows."""

    name = "softmax"
    notation = "exp({0}) / Σ exp({0})"
    slopes = ("y × (1 − y) to its own, −y × yⱼ to each other",)
    each = "exp({0}) / Σ{over} exp({each})"
    label = "softmax"

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        axis = self.axes(x.ndim)
        if not x.size:
            return x
        y = np.exp(x - np.maximum.reduce(x, axis=axis, keepdims=True))
        return np.asarray(y / np.add.reduce(y, axis=axis, keepdims=True))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        axis = self.axes(y.ndim)
        return np.asarray(y * (g - np.add.reduce(g * y, axis=axis, keepdims=True)))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "{y} × (1 − {y})"

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        return np.asarray(y[k] * ((k == j) - y[j]))


class LogSoftmax(AlongAxis):
    """x − ln Σ exp(x), the logarithm of softmax in the form that keeps its digits."""

    name = "log_softmax"
    notation = "{0} − ln Σ exp({0})"
    slopes = ("1 − softmax to its own, −softmaxⱼ to each other",)
    each = "{0} − ln Σ{over} exp({each})"
    label = "log softmax"

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        axis = self.axes(x.ndim)
        if not x.size:
            return x
        moved = np.asarray(x - np.maximum.reduce(x, axis=axis, keepdims=True))
        total = np.log(np.add.reduce(np.exp(moved), axis=axis, keepdims=True))
        return np.asarray(np.subtract(moved, total, out=moved))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        axis = self.axes(y.ndim)
        flow = np.asarray(np.exp(y))
        flow *= np.add.reduce(g, axis=axis, keepdims=True)
        return np.asarray(np.subtract(g, flow, out=flow))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "1 − exp({y})"

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        return np.asarray((k == j) - np.exp(y[j]))
