"""Sums and products of all elements up to each, along an axis."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Elements, Grid, Shape, unravel
from gradstep.engine.ops.links import Links, ones
from gradstep.engine.ops.op import COUNTED, Op
from gradstep.engine.ops.shapes import normal_axes
from gradstep.engine.ops.windows import steps


@dataclass(frozen=True)
class Cumulative(Op):
    """y[k] is made of x[0] to x[k] along an axis."""

    axis: int = 0

    def __post_init__(self) -> None:
        if type(self.axis) is not int:
            raise OpError(f"{self.name}: axis is a whole number, not {self.axis!r}")

    @abstractmethod
    def local(self, k: Array, j: Array, x: Array) -> Array:
        """∂y[k]/∂x[j] for j ≤ k, of a group x that lies along the axis."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        normal_axes(self.name, self.axis, len(shapes[0]))
        return tuple(shapes[0])

    def _group(self, at: int, shape: Shape) -> tuple[Grid, int]:
        """The group around an element, and which of it that is."""
        if not shape:
            return Grid(0, (1,), (1,)), 0
        (axis,) = normal_axes(self.name, self.axis, len(shape))
        step, k = steps(shape)[axis], unravel(at, shape)[axis]
        return Grid(at - k * step, (shape[axis],), (step,)), k

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        group, k = self._group(at, xs[0].shape)
        x = xs[0].take(group.take(0, group.size))
        return Links(
            slot,
            Grid(group.base, (k + 1,), group.strides),
            lambda start, stop: self._told(np.asarray(k), np.arange(start, stop), x),
        )

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        group, j = self._group(at, xs[0].shape)
        x = xs[0].take(group.take(0, group.size))
        return Links(
            slot,
            Grid(at, (group.size - j,), group.strides),
            lambda start, stop: self._told(np.arange(j + start, j + stop), np.asarray(j), x),
        )

    def _told(self, k: Array, j: Array, x: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(self.local(k, j, x), dtype=x.dtype)


def _accumulate(function: np.ufunc, x: Array, axis: int, out: Array) -> Array:
    """`function.accumulate`, where many numbers lie beside each other on an axis behind it one row after the other:
    NumPy goes down column by column."""
    rows, flows = np.moveaxis(x, axis, 0), np.moveaxis(out, axis, 0)
    if rows[:1].size < _BROAD or x.strides[axis] in (x.itemsize, -x.itemsize):
        function.accumulate(x, axis, out=out)
        return out
    flows[0] = rows[0]
    for k in range(1, len(rows)):
        function(flows[k - 1], rows[k], out=flows[k])
    return out


#: From so many numbers on a call for each row is worth it.
_BROAD = 64


def _from_behind(g: Array, axis: int) -> Array:
    """Of each the sum of all from it on along an axis."""
    found = np.empty_like(g)
    _accumulate(np.add, np.flip(g, axis), axis, np.flip(found, axis))
    return found


class CumSum(Cumulative):
    """Σ x over all up to each."""

    name = "cumsum"
    notation = "Σ {0} up to each"
    slopes = ("1 to itself and all behind it",)
    term = "{0}"
    summed = (0,)
    reduces = True
    label = "running sum"
    of_whole = COUNTED

    def forward(self, xs: Sequence[Array]) -> Array:
        return _accumulate(np.add, xs[0], self.axis, np.empty_like(xs[0])) if xs[0].ndim else xs[0]

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return _from_behind(g, self.axis) if g.ndim else g

    def local(self, k: Array, j: Array, x: Array) -> Array:
        return np.ones(np.broadcast_shapes(k.shape, j.shape))

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        group, k = self._group(at, xs[0].shape)
        return Links(slot, Grid(group.base, (k + 1,), group.strides), ones(y))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "1"

    def summands(self, at: int, xs: Sequence[Array]) -> tuple[Elements, Callable[[int, int], Array]]:
        grid = self.row(0, at, xs[0], xs).grid
        return grid, lambda start, stop: xs[0].take(grid.take(start, stop))


class CumProd(Cumulative):
    """Π x over all up to each. Its slopes are products of others, also where one of them is 0."""

    name = "cumprod"
    notation = "Π {0} up to each"
    slopes = ("to itself and all behind it, the product of the others up to there",)
    each = "Π{over} {each}"
    label = "running product"
    of_whole = COUNTED

    def forward(self, xs: Sequence[Array]) -> Array:
        return _accumulate(np.multiply, xs[0], self.axis, np.empty_like(xs[0])) if xs[0].ndim else xs[0]

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        if not x.ndim:
            return g
        (axis,) = normal_axes(self.name, self.axis, x.ndim)
        if y.all() and np.isfinite(y).all():
            flows = g * y
            flows = _from_behind(flows, axis)
            flows /= x
            return flows
        rows, flows = np.moveaxis(x, axis, -1), np.moveaxis(g, axis, -1)
        found = np.empty(rows.shape, dtype=x.dtype)
        before = np.ones(rows.shape[:-1], dtype=x.dtype)
        for j in range(rows.shape[-1]):  # what comes behind a 0 cannot be divided by it
            behind = np.ones((*rows.shape[:-1], rows.shape[-1] - j), dtype=x.dtype)
            behind[..., 1:] = np.multiply.accumulate(rows[..., j + 1 :], axis=-1)
            found[..., j] = (flows[..., j:] * (before[..., None] * behind)).sum(axis=-1)
            before = before * rows[..., j]
        return np.moveaxis(found, -1, axis)

    def local(self, k: Array, j: Array, x: Array) -> Array:
        k, j = np.broadcast_arrays(k, j)
        pairs = zip(k.reshape(-1).tolist(), j.reshape(-1).tolist(), strict=True)
        return np.array([np.prod(x[:b]) * np.prod(x[b + 1 : a + 1]) for a, b in pairs], dtype=x.dtype).reshape(k.shape)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "1"  # of a group of one number


#: So far apart powers of e still keep all their digits, in single precision too.
_WIDE = 60.0


class LogCumSumExp(Cumulative):
    """ln Σ exp(x) over all up to each, the largest taken off first so that nothing overflows."""

    name = "logcumsumexp"
    notation = "ln Σ exp({0}) up to each"
    slopes = ("exp({0} − y), its share of what there is up to each",)
    each = "ln Σ{over} exp({each})"
    label = "ln of a running sum of powers of e"

    def forward(self, xs: Sequence[Array]) -> Array:
        if not xs[0].ndim:
            return xs[0]
        return np.asarray(np.logaddexp.accumulate(xs[0], axis=self.axis))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        if not x.ndim:
            return np.asarray(g * np.exp(x - y))
        (axis,) = normal_axes(self.name, self.axis, x.ndim)
        last = y.take([-1], axis) if y.size else y
        if np.isfinite(y).all() and np.all(last - y <= _WIDE):  # y grows: its last is the largest
            flows = np.exp(last - y)
            flows *= g
            flows = _from_behind(flows, axis)
            flows *= np.exp(x - last)
            return flows
        rows, sums, flows = (np.moveaxis(part, axis, -1) for part in (x, y, g))
        found = np.empty(rows.shape, dtype=x.dtype)
        for j in range(rows.shape[-1]):
            shares = np.exp(rows[..., j, None] - sums[..., j:])
            found[..., j] = (flows[..., j:] * shares).sum(axis=-1)
        return np.moveaxis(found, -1, axis)

    def local(self, k: Array, j: Array, x: Array) -> Array:
        return np.asarray(np.exp(x[j] - np.logaddexp.accumulate(x)[k]))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "1"  # of a group of one number
