"""Softmax and its logarithm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.bound import Bound, Calls
from gradstep.engine.ops.rowwise import AlongAxis


class _Bound(Bound):
    """What is found of a group stands in an array of its own, `each`."""

    def __init__(self, op: AlongAxis, y: Array, xs: Sequence[Array], ever: Sequence[Array | None]) -> None:
        super().__init__(op, y, xs, ever)
        self.axis = op.axes(y.ndim)
        self.each = np.empty([1 if a in self.axis else n for a, n in enumerate(y.shape)], y.dtype)

    def of_each(self, of: np.ufunc, x: Array) -> partial[object]:
        """Reduces each group of x to one number, in `each`."""
        return partial(of.reduce, x, self.axis, None, self.each, keepdims=True)


class _BoundSoftmax(_Bound):
    def forward(self) -> Calls:
        y, (x,) = self.y, self.xs
        if not y.size:
            return []
        return [
            self.of_each(np.maximum, x),
            partial(np.subtract, x, self.each, y),
            partial(np.exp, y, y),
            self.of_each(np.add, y),
            partial(np.divide, y, self.each, y),
        ]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        return [
            partial(np.multiply, g, self.y, flow),
            self.of_each(np.add, flow),
            partial(np.subtract, g, self.each, flow),
            partial(np.multiply, self.y, flow, flow),
        ]


class _BoundLogSoftmax(_Bound):
    def forward(self) -> Calls:
        y, (x,) = self.y, self.xs
        if not y.size:
            return []
        powers = np.empty_like(y)
        return [
            self.of_each(np.maximum, x),
            partial(np.subtract, x, self.each, y),
            partial(np.exp, y, powers),
            self.of_each(np.add, powers),
            partial(np.log, self.each, self.each),
            partial(np.subtract, y, self.each, y),
        ]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        return [
            partial(np.exp, self.y, flow),
            self.of_each(np.add, g),
            partial(np.multiply, flow, self.each, flow),
            partial(np.subtract, g, flow, flow),
        ]


@dataclass(frozen=True)
class Softmax(AlongAxis):
    """exp(x) / Σ exp(x), with the largest x taken off first so that nothing overflows. Where all of a group are −∞,
    nothing is left to share: it is NaN, or 0 for each with `safe`, as in PyTorch's attention."""

    name = "softmax"
    notation = "exp({0}) / Σ exp({0})"
    slopes = ("y × (1 − y) to its own, −y × yⱼ to each other",)
    each = "exp({0}) / Σ{over} exp({each})"
    edge = "where all are −∞ it is NaN; with safe=True value and slopes are 0 there"
    label = "softmax"
    bound = _BoundSoftmax

    safe: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.safe) is not bool:
            raise OpError(f"softmax: safe is True or False, not {self.safe!r}")
        if self.safe:
            object.__setattr__(self, "bound", Bound)  # which calls what is below

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        axis = self.axes(x.ndim)
        if not x.size:
            return x
        if self.safe:
            nothing = np.logical_and.reduce(np.isneginf(x), axis=axis, keepdims=True)
            if nothing.any():
                return np.asarray(np.where(nothing, 0, Softmax(self.axis).forward([np.where(nothing, 0, x)])), x.dtype)
        y = np.asarray(x - np.maximum.reduce(x, axis=axis, keepdims=True))
        np.exp(y, out=y)
        np.divide(y, np.add.reduce(y, axis=axis, keepdims=True), out=y)
        return y

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        axis = self.axes(y.ndim)
        flow = np.asarray(g * y)
        np.subtract(g, np.add.reduce(flow, axis=axis, keepdims=True), out=flow)
        np.multiply(y, flow, out=flow)
        return flow

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
    bound = _BoundLogSoftmax

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
