"""Windows that slide over images: convolution and pooling. Images are (…, C, H, W).

A window that reaches over the edge meets padding there. Padding is no element, so the links of an
output are those inputs of its window that exist: still a box, cut at the edges.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Grid, Shape, unravel
from gradstep.engine.ops.op import Links, Op, ones, shape_text


def _sizes(op: str, **options: tuple[object, int]) -> None:
    for name, (value, least) in options.items():
        if type(value) is not int or value < least:
            raise OpError(f"{op}: {name} is a whole number from {least} on, not {value!r}")


def _slid(op: str, x: Shape, window: Shape, stride: int, padding: int) -> Iterator[int]:
    """How many places a window (height, width) takes along the last two axes of x."""
    for axis, size in zip((-2, -1), window, strict=True):
        extent = x[axis] + 2 * padding
        if extent < size:
            padded = f" ({extent} with padding {padding})" if padding else ""
            raise OpError(
                f"{op}: a window of {shape_text(window)} does not fit into x {shape_text(x)}: axis {axis} has "
                f"{x[axis]}{padded}"
            )
        yield (extent - size) // stride + 1


def _touched(here: int, extent: int, window: int, stride: int, padding: int) -> tuple[int, int]:
    """Offsets inside the window at place `here` that lie on elements, first and last + 1."""
    start = here * stride - padding
    return max(0, -start), max(min(window, extent - start), max(0, -start))


def _touching(at: int, count: int, window: int, stride: int, padding: int) -> tuple[int, int]:
    """The places, first and last + 1, whose window lies on the element `at`."""
    first = max(0, -(-(at + padding - window + 1) // stride))
    return first, max(min(count, (at + padding) // stride + 1), first)


def _padded(x: Array, padding: int, value: float) -> Array:
    if not padding:
        return x
    widths = [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2
    return np.pad(x, widths, constant_values=value)


def _windows(x: Array, height: int, width: int, stride: int) -> Array:
    """(…, H, W) as (…, OH, OW, height, width), a view."""
    found = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(-2, -1))
    return found[..., ::stride, ::stride, :, :]


@dataclass(frozen=True)
class Conv2d(Op):
    """y[…, o, i, j] = Σ w[o, c, k, l] · x[…, c, i·stride + k − padding, j·stride + l − padding] + b[o].

    x is (C, H, W) or (N, C, H, W), w (O, C, KH, KW), b (O,), as in PyTorch.
    """

    name = "conv2d"
    slots = ("x", "w", "b")
    optional = 1
    notation = "{1} ∗ {0} + {2}"
    slopes = ("{1}", "{0}", "1")
    summed = (0, 2)
    label = "convolution"

    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        _sizes("conv2d", stride=(self.stride, 1), padding=(self.padding, 0))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, w = shapes[:2]
        if len(w) != 4 or len(x) not in (3, 4):
            raise OpError(
                f"conv2d: x must be (C, H, W) or (N, C, H, W) and w (O, C, KH, KW), "
                f"but x is {shape_text(x)} and w is {shape_text(w)}"
            )
        if x[-3] != w[1]:
            raise OpError(
                f"conv2d: w {shape_text(w)} takes {w[1]} channels, but x {shape_text(x)} has {x[-3]} on axis -3"
            )
        if len(shapes) == 3 and tuple(shapes[2]) != (w[0],):
            raise OpError(f"conv2d: the bias must have shape ({w[0]},), but it is {shape_text(shapes[2])}")
        places = _slid("conv2d", x, w[-2:], self.stride, self.padding)
        return (*x[:-3], w[0], *places)

    def forward(self, xs: Sequence[Array]) -> Array:
        x, w = xs[:2]
        seen = _windows(_padded(x, self.padding, 0), w.shape[2], w.shape[3], self.stride)
        # (…, C, OH, OW, KH, KW) with (O, C, KH, KW) over C, KH and KW; then O before the places.
        y = np.moveaxis(np.tensordot(seen, w, axes=((-5, -2, -1), (1, 2, 3))), -1, -3)
        return y + xs[2][:, None, None] if len(xs) == 3 else y

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x, w = xs[:2]
        if slot == 2:
            return np.asarray(g.sum(axis=tuple(a for a in range(g.ndim) if a != g.ndim - 3)))
        samples = g[None] if g.ndim == 3 else g
        padded = _padded(x if x.ndim == 4 else x[None], self.padding, 0)
        if slot == 1:
            seen = _windows(padded, w.shape[2], w.shape[3], self.stride)
            return np.tensordot(samples, seen, axes=((0, 2, 3), (0, 2, 3)))
        flow = np.zeros_like(padded)
        rows, columns = g.shape[-2:]
        for k in range(w.shape[2]):
            for m in range(w.shape[3]):
                part = np.moveaxis(np.tensordot(samples, w[:, :, k, m], axes=((1,), (0,))), -1, 1)
                s = self.stride
                flow[:, :, k : k + s * rows : s, m : m + s * columns : s] += part
        inner = flow[:, :, self.padding : flow.shape[2] - self.padding, self.padding : flow.shape[3] - self.padding]
        return np.ascontiguousarray(inner).reshape(x.shape)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        x, w = xs[:2]
        *sample, o, i, j = unravel(at, y.shape)
        if slot == 2:
            return Links(2, Grid(o, (), ()), ones(y))
        rows, columns = self._window(x, w, i, j)
        extent = (w.shape[1], rows[1] - rows[0], columns[1] - columns[0])
        in_x = (*sample, 0, i * self.stride + rows[0] - self.padding, j * self.stride + columns[0] - self.padding)
        seen = Grid(_flat(in_x, x.shape), extent, _steps(x.shape)[-3:])
        weights = Grid(_flat((o, 0, rows[0], columns[0]), w.shape), extent, _steps(w.shape)[-3:])
        return _product(slot, (seen, weights)[slot], 1 - slot, (weights, seen)[slot], xs)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        x, w = xs[:2]
        out = _steps(y.shape)
        if slot == 2:
            samples = prod(y.shape[:-3])
            return Links(2, Grid(at * out[-3], (samples, *y.shape[-2:]), (prod(y.shape[-3:]), *out[-2:])), ones(y))
        s, p = self.stride, self.padding
        if slot == 1:
            o, c, k, m = unravel(at, w.shape)
            rows = _meeting(k, x.shape[-2], y.shape[-2], s, p)
            columns = _meeting(m, x.shape[-1], y.shape[-1], s, p)
            samples = prod(y.shape[:-3])
            extent = (samples, rows[1] - rows[0], columns[1] - columns[0])
            base = (c, rows[0] * s + k - p, columns[0] * s + m - p)
            seen = Grid(
                _flat(base, x.shape[-3:]),
                extent,
                (prod(x.shape[-3:]), s * _steps(x.shape)[-2], s * _steps(x.shape)[-1]),
            )
            there = Grid(_flat((o, rows[0], columns[0]), y.shape[-3:]), extent, (prod(y.shape[-3:]), *out[-2:]))
            return _product(1, there, 0, seen, xs)
        *sample, c, h, v = unravel(at, x.shape)
        rows = _touching(h, y.shape[-2], w.shape[2], s, p)
        columns = _touching(v, y.shape[-1], w.shape[3], s, p)
        extent = (w.shape[0], rows[1] - rows[0], columns[1] - columns[0])
        there = Grid(_flat((*sample, 0, rows[0], columns[0]), y.shape), extent, out[-3:])
        step = _steps(w.shape)
        corner = (0, c, h + p - rows[0] * s, v + p - columns[0] * s)
        weights = Grid(_flat(corner, w.shape), extent, (step[0], -s * step[2], -s * step[3]))
        return _product(0, there, 1, weights, xs)

    def _window(self, x: Array, w: Array, i: int, j: int) -> tuple[tuple[int, int], tuple[int, int]]:
        return (
            _touched(i, x.shape[-2], w.shape[2], self.stride, self.padding),
            _touched(j, x.shape[-1], w.shape[3], self.stride, self.padding),
        )


def _meeting(k: int, extent: int, count: int, stride: int, padding: int) -> tuple[int, int]:
    """The places at which offset k of the window lies on an element."""
    first = max(0, -(-(padding - k) // stride))
    return first, max(min(count, (extent - 1 + padding - k) // stride + 1), first)


def _steps(shape: Shape) -> Shape:
    """Elements between neighbours on each axis; unlike `strides`, also on axes of length 1."""
    return tuple(prod(shape[a + 1 :]) for a in range(len(shape)))


def _flat(index: Sequence[int], shape: Shape) -> int:
    """`ravel` without a check: an empty box may begin outside."""
    return sum(i * s for i, s in zip(index, _steps(shape), strict=True))


def _product(slot: int, grid: Grid, other: int, factor: Grid, xs: Sequence[Array]) -> Links:
    return Links(slot, grid, lambda start, stop: xs[other].take(factor.take(start, stop)), (other, factor))


@dataclass(frozen=True)
class Pool(Op):
    """One number for each place of a square window, channel by channel."""

    size: int = 2
    stride: int | None = None
    padding: int = 0

    def __post_init__(self) -> None:
        _sizes(self.name, size=(self.size, 1), stride=(self._stride, 1), padding=(self.padding, 0))
        if 2 * self.padding > self.size:
            raise OpError(f"{self.name}: padding is at most half the size, {self.size // 2}, not {self.padding}")

    @property
    def _stride(self) -> int:
        return self.size if self.stride is None else self.stride

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        if len(x) < 2:
            raise OpError(f"{self.name}: x must be (…, H, W), but it is {shape_text(x)}")
        return (*x[:-2], *_slid(self.name, x, (self.size, self.size), self._stride, self.padding))

    def _box(self, at: int, y: Array, x: Array) -> Grid:
        """The inputs under the window of output `at`."""
        *rest, i, j = unravel(at, y.shape)
        rows = _touched(i, x.shape[-2], self.size, self._stride, self.padding)
        columns = _touched(j, x.shape[-1], self.size, self._stride, self.padding)
        corner = (*rest, i * self._stride + rows[0] - self.padding, j * self._stride + columns[0] - self.padding)
        return Grid(_flat(corner, x.shape), (rows[1] - rows[0], columns[1] - columns[0]), _steps(x.shape)[-2:])

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        box = self._box(at, y, xs[0])
        return Links(0, box, lambda start, stop: self.weights(at, y, xs[0])[start:stop])

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (x,) = xs
        *rest, h, v = unravel(at, x.shape)
        rows = _touching(h, y.shape[-2], self.size, self._stride, self.padding)
        columns = _touching(v, y.shape[-1], self.size, self._stride, self.padding)
        extent = (rows[1] - rows[0], columns[1] - columns[0])
        there = Grid(_flat((*rest, rows[0], columns[0]), y.shape), extent, _steps(y.shape)[-2:])

        def local(start: int, stop: int) -> Array:
            found = np.zeros(stop - start, dtype=x.dtype)
            for k, out in enumerate(there.take(start, stop).tolist()):
                box = self._box(out, y, x)
                found[k] = self.weights(out, y, x)[np.flatnonzero(box.take(0, box.size) == at)[0]]
            return found

        return Links(0, there, local)

    @abstractmethod
    def weights(self, at: int, y: Array, x: Array) -> Array:
        """∂y[at]/∂x for the inputs under its window."""


class MaxPool2d(Pool):
    """The largest under the window; of several equal ones the first gets the gradient."""

    name = "max_pool2d"
    notation = "max over windows of {0}"
    slopes = ("1 to the largest under the window, 0 to the others",)
    kink = "of equal ones the first gets the gradient"
    gated = True
    label = "max pooling"

    def _chosen(self, x: Array) -> tuple[Array, Array]:
        """Windows with their elements on the last axis, and which one is the largest."""

        def windows(x: Array, value: float) -> Array:
            seen = _windows(_padded(x, self.padding, value), self.size, self.size, self._stride)
            return seen.reshape(*seen.shape[:-2], -1)

        flat = windows(x, -np.inf)
        chosen = flat.argmax(axis=-1)
        if self.padding:
            # Where all that is there is −∞, the padding must not be the one that is chosen.
            largest = np.take_along_axis(flat, chosen[..., None], axis=-1)
            ties = (flat == largest) | (np.isnan(flat) & np.isnan(largest))
            chosen = (ties & windows(np.ones(x.shape, dtype=bool), False)).argmax(axis=-1)
        return flat, chosen

    def forward(self, xs: Sequence[Array]) -> Array:
        seen, chosen = self._chosen(xs[0])
        return np.take_along_axis(seen, chosen[..., None], axis=-1)[..., 0]

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        _, chosen = self._chosen(x)
        flow = np.zeros(x.shape[:-2] + tuple(n + 2 * self.padding for n in x.shape[-2:]), dtype=g.dtype)
        *rest, i, j = np.indices(chosen.shape)
        row, column = np.divmod(chosen, self.size)
        chosen_at = np.ravel_multi_index((*rest, i * self._stride + row, j * self._stride + column), flow.shape)
        np.add.at(flow.reshape(-1), chosen_at, g)
        p = self.padding
        return np.ascontiguousarray(flow[..., p : flow.shape[-2] - p, p : flow.shape[-1] - p])

    def weights(self, at: int, y: Array, x: Array) -> Array:
        box = self._box(at, y, x)
        under = x.take(box.take(0, box.size))
        found = np.zeros(box.size, dtype=x.dtype)
        found[under.argmax()] = 1
        return found


class AvgPool2d(Pool):
    """The mean under the window, padding counted in as zeros (PyTorch's default)."""

    name = "avg_pool2d"
    notation = "mean over windows of {0}"
    slopes = ("1/size² under the window",)
    summed = (0,)
    label = "average pooling"

    def forward(self, xs: Sequence[Array]) -> Array:
        seen = _windows(_padded(xs[0], self.padding, 0), self.size, self.size, self._stride)
        return np.asarray(seen.sum(axis=(-2, -1)) * xs[0].dtype.type(1 / self.size**2))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        flow = np.zeros(x.shape[:-2] + tuple(n + 2 * self.padding for n in x.shape[-2:]), dtype=g.dtype)
        rows, columns = g.shape[-2:]
        part, s = g * g.dtype.type(1 / self.size**2), self._stride
        for k in range(self.size):
            for m in range(self.size):
                flow[..., k : k + s * rows : s, m : m + s * columns : s] += part
        p = self.padding
        return np.ascontiguousarray(flow[..., p : flow.shape[-2] - p, p : flow.shape[-1] - p])

    def weights(self, at: int, y: Array, x: Array) -> Array:
        box = self._box(at, y, x)
        return np.full(box.size, 1 / self.size**2, dtype=x.dtype)
