"""Sums and means over axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.op import Reduce, shape_text


@dataclass(frozen=True)
class AxisReduce(Reduce):
    """A reduction of one input over `axis` (an int, several, or None for all)."""

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def __post_init__(self) -> None:
        listed = self.axis if isinstance(self.axis, tuple) else (self.axis,)
        if not (self.axis is None or all(type(a) is int for a in listed)) or type(self.keepdims) is not bool:
            raise OpError(f"{self.name}: axis is a whole number, several in brackets, or None; keepdims True or False")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        listed = () if self.axis is None else (self.axis,) if isinstance(self.axis, int) else self.axis
        for axis in listed:
            if not -len(x) <= axis < len(x):
                raise OpError(f"{self.name}: axis {axis} is out of range for shape {shape_text(x)}")
        if len({a % len(x) for a in listed}) != len(listed):
            raise OpError(f"{self.name}: an axis is named twice in {self.axis!r}")
        return super().shape(shapes)

    def axes(self, ndim: int) -> tuple[int, ...]:
        if self.axis is None:
            return tuple(range(ndim))
        return tuple(a % ndim for a in ((self.axis,) if isinstance(self.axis, int) else self.axis))

    def keeps(self) -> bool:
        return self.keepdims

    def terms(self, xs: Sequence[Array]) -> Array:
        return xs[0]

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return np.ones((), dtype=xs[0].dtype)


class Sum(AxisReduce):
    name = "sum"
    notation = "Σ {0}"
    slopes = ("1",)
    summed = (0,)
    label = "sum"


class Mean(AxisReduce):
    name = "mean"
    notation = "(1/n) Σ {0}"
    term = "{0}/n"
    slopes = ("1/n",)
    summed = (0,)
    label = "mean"
    averages = True
