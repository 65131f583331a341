"""Operations within groups, where every element may depend on every other."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Elements, Grid, Shape, picked, ravel, strides, unravel
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import normal_axes, shape_text


class Rowwise(Op):
    """An operation within groups: the elements along some axes, where every element may depend on
    every other. A class gives one formula, `entries`, for its Jacobian within a group.

    `axes` are those of a group. The output has x's shape, or `reduced`, one element a group.
    """

    reduced: ClassVar[bool] = False
    #: Whether something can be said of a group without elements.
    of_none: ClassVar[bool] = False

    @abstractmethod
    def axes(self, ndim: int) -> tuple[int, ...]:
        """The axes of a group, from 0 on. Raises OpError."""

    def keeps(self) -> bool:
        """Whether reduced axes stay with length 1."""
        return False

    @abstractmethod
    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        """∂y[k]/∂x[j] within a group that holds x and y; k and j broadcast. A reduced operation
        has one output, y[0]."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        axes = self.axes(len(x))
        if not self.reduced:
            return tuple(x)
        if not self.of_none and 0 in (x[a] for a in axes):
            raise OpError(f"{self.name}: there is nothing to choose from along axes {axes} of shape {shape_text(x)}")
        return tuple(1 if a in axes else n for a, n in enumerate(x) if self.keeps() or a not in axes)

    def grouped(self, x: Array) -> Array:
        """x as (…, n): one group on the last axis, in C order of its axes; a view or a copy."""
        axes = self.axes(x.ndim)
        rest = [a for a in range(x.ndim) if a not in axes]
        moved = x.transpose(rest + sorted(axes))
        # Not −1: of an array without elements it says nothing.
        return moved.reshape(*(x.shape[a] for a in rest), prod(x.shape[a] for a in axes))

    def ungrouped(self, groups: Array, shape: Shape) -> Array:
        """The inverse of `grouped` for an array of `shape`."""
        axes = sorted(self.axes(len(shape)))
        rest = [a for a in range(len(shape)) if a not in axes]
        order = rest + axes
        moved = groups.reshape([shape[a] for a in order])
        return np.array(moved.transpose(np.argsort(order).tolist()), order="C")

    def _group(self, shape: Shape, index: tuple[int, ...]) -> tuple[Grid, int]:
        """The group around a multi-index of x, and which of its elements that is."""
        axes, steps = sorted(self.axes(len(shape))), strides(shape)
        base = sum(i * s for a, (i, s) in enumerate(zip(index, steps, strict=True)) if a not in axes)
        extent = tuple(shape[a] for a in axes)
        return Grid(base, extent, tuple(steps[a] for a in axes)), ravel(tuple(index[a] for a in axes), extent)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (x,) = xs
        if not self.reduced:
            group, k = self._group(x.shape, unravel(at, x.shape))
            return self._links(group, group, y, x, row=k)
        index = unravel(at, y.shape)
        if not self.keeps():
            axes, kept = self.axes(x.ndim), iter(index)
            index = tuple(0 if a in axes else next(kept) for a in range(x.ndim))
        group, _ = self._group(x.shape, index)
        return self._links(group, picked(at), y, x, row=0)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (x,) = xs
        group, j = self._group(x.shape, unravel(at, x.shape))
        if not self.reduced:
            return self._links(group, group, y, x, column=j)
        axes, index = self.axes(x.ndim), unravel(at, x.shape)
        out = tuple(0 if a in axes else i for a, i in enumerate(index) if self.keeps() or a not in axes)
        return self._links(group, picked(ravel(out, y.shape)), y, x, column=j)

    def _links(
        self, group: Grid, out: Elements, y: Array, x: Array, row: int | None = None, column: int | None = None
    ) -> Links:
        def local(start: int, stop: int) -> Array:
            there = np.arange(start, stop)
            k, j = (np.asarray(row), there) if row is not None else (there, np.asarray(column))
            with np.errstate(all="ignore"):
                found = self.entries(k, j, y.take(out.take(0, out.size)), x.take(group.take(0, group.size)))
            return np.broadcast_to(np.asarray(found, dtype=x.dtype), (stop - start,))

        return Links(0, group if row is not None else out, local)


@dataclass(frozen=True)
class Fold(Rowwise):
    """One number of each group along `axis` (an int, several, or None for all). A class gives `value` of groups and
    `derivatives` in them."""

    reduced = True
    of_none = True

    axis: int | tuple[int, ...] | None = None
    keepdims: bool = False

    def __post_init__(self) -> None:
        check_axes(self.name, self.axis, self.keepdims)

    @abstractmethod
    def value(self, x: Array) -> Array:
        """The number of each group of x, shape (…, n), in shape (…)."""

    @abstractmethod
    def derivatives(self, x: Array, y: Array) -> Array:
        """∂y/∂x for groups x of shape (…, n) and their numbers y, shape (…, 1)."""

    def axes(self, ndim: int) -> tuple[int, ...]:
        return normal_axes(self.name, self.axis, ndim)

    def keeps(self) -> bool:
        return self.keepdims

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        return np.asarray(self.value(self.grouped(x)), dtype=x.dtype).reshape(self.shape([x.shape]))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        groups = self.grouped(xs[0])
        each = (*groups.shape[:-1], 1)
        flow = g.reshape(each) * np.asarray(self.derivatives(groups, y.reshape(each)), dtype=g.dtype)
        return self.ungrouped(flow, xs[0].shape)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        return np.asarray(self.derivatives(x, y[:1])[j] * (k == k))


def check_axes(op: str, axis: object, keepdims: object) -> None:
    """Raises OpError unless these are axes and a yes or no."""
    listed = axis if isinstance(axis, tuple) else (axis,)
    if not (axis is None or all(type(a) is int for a in listed)) or type(keepdims) is not bool:
        raise OpError(f"{op}: axis is a whole number, several in brackets, or None; keepdims True or False")


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
