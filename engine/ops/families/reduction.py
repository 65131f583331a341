"""Sums, means, and the largest and the smallest, over axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.op import COUNTED, KEPT
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.rowwise import Fold, check_axes
from gradstep.engine.ops.shapes import shape_text


@dataclass(frozen=True)
class AxisReduce(Reduce):
    """A reduction of one input over `axis` (an int, several, or None for all)."""

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def __post_init__(self) -> None:
        check_axes(self.name, self.axis, self.keepdims)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        listed = () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis
        most = max(len(x), 1)  # of a single number 0 and −1 name what there is of it, see `normal_axes`
        for axis in listed:
            if not -most <= axis < most:
                raise OpError(f"{self.name}: axis {axis} is out of range for shape {shape_text(x)}")
        if len({a % most for a in listed}) != len(listed):
            raise OpError(f"{self.name}: an axis is named twice in {self.axis!r}")
        return super().shape(shapes)

    def axes(self, ndim: int) -> tuple[int, ...]:
        if self.axis is None or not ndim:
            return tuple(range(ndim))
        return tuple(a % ndim for a in ((self.axis,) if isinstance(self.axis, int) else self.axis))

    def keeps(self) -> bool:
        return self.keepdims

    def terms(self, xs: Sequence[Array]) -> Array:
        return xs[0]

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return np.ones((), dtype=xs[0].dtype)


def _whole_sum(op: Any, xs: Sequence[Array]) -> Array:
    return np.asarray(xs[0].sum(axis=op.axes(xs[0].ndim), keepdims=op.keeps()))


class Sum(AxisReduce):
    name = "sum"
    notation = "Σ {0}"
    slopes = ("1",)
    summed = (0,)
    label = "sum"
    of_whole = COUNTED
    exactly = _whole_sum


class Mean(AxisReduce):
    name = "mean"
    notation = "(1/n) Σ {0}"
    term = "{0}/n"
    slopes = ("1/n",)
    summed = (0,)
    label = "mean"

    def averages(self) -> bool:
        return True


class Extreme(Fold):
    """The largest or the smallest element of each group; of several equal ones each gets the same share of the
    gradient, as in torch.amax and jax.numpy.max."""

    of_none = False
    slopes = ("1 / n to each of the n that are it, 0 to all others",)
    of_whole = KEPT
    kink = "equal ones share the gradient evenly"
    edge = "where one is NaN none is the one, and all get NaN, 0/0 of the gradient"
    gated = True
    best: ClassVar[np.ufunc]

    def value(self, x: Array) -> Array:
        return np.asarray(self.best.reduce(x, axis=-1))

    def derivatives(self, x: Array, y: Array) -> Array:
        chosen = x == self.best.reduce(x, axis=-1, keepdims=True)  # y may have been set by hand
        return np.asarray(chosen / np.add.reduce(chosen, axis=-1, keepdims=True, dtype=y.dtype))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        chosen = xs[0] == self.forward(xs)
        count = np.count_nonzero(chosen)
        return "0" if not chosen.item(at) else f"1/{count}" if count > 1 else "1"


class Max(Extreme):
    name = "max"
    notation = "max {0}"
    each = "max{over} {each}"
    label = "max"
    best = np.maximum


class Min(Extreme):
    name = "min"
    notation = "min {0}"
    each = "min{over} {each}"
    label = "min"
    best = np.minimum
