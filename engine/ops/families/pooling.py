"""Pooling: one number for each place of a window."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Grid, Shape, unravel
from gradstep.engine.notation import brief
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import shape_text
from gradstep.engine.ops.windows import checked_sizes, flat_index, out_sizes, pad, slide, steps, touched, touching


@dataclass(frozen=True)
class Pool(Op):
    """One number for each place of a square window, channel by channel."""

    words: ClassVar[Mapping[str, str]] = {"size": "kernel_size"}

    kernel_size: int = 2
    stride: int | None = None
    padding: int = 0

    def __post_init__(self) -> None:
        checked_sizes(self.name, kernel_size=(self.kernel_size, 1), stride=(self._stride, 1), padding=(self.padding, 0))
        if 2 * self.padding > self.kernel_size:
            raise OpError(
                f"{self.name}: padding is at most half the kernel_size, {self.kernel_size // 2}, not {self.padding}"
            )

    @property
    def _stride(self) -> int:
        return self.kernel_size if self.stride is None else self.stride

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        if len(x) < 2:
            raise OpError(f"{self.name}: x must be (…, H, W), but it is {shape_text(x)}")
        return (*x[:-2], *out_sizes(self.name, x, (self.kernel_size, self.kernel_size), self._stride, self.padding))

    def _box(self, at: int, y: Array, x: Array) -> Grid:
        """The inputs under the window of output `at`."""
        *rest, i, j = unravel(at, y.shape)
        rows = touched(i, x.shape[-2], self.kernel_size, self._stride, self.padding)
        columns = touched(j, x.shape[-1], self.kernel_size, self._stride, self.padding)
        corner = (*rest, i * self._stride + rows[0] - self.padding, j * self._stride + columns[0] - self.padding)
        return Grid(flat_index(corner, x.shape), (rows[1] - rows[0], columns[1] - columns[0]), steps(x.shape)[-2:])

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        box = self._box(at, y, xs[0])
        return Links(0, box, lambda start, stop: self.weights(at, y, xs[0])[start:stop])

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (x,) = xs
        *rest, h, v = unravel(at, x.shape)
        rows = touching(h, y.shape[-2], self.kernel_size, self._stride, self.padding)
        columns = touching(v, y.shape[-1], self.kernel_size, self._stride, self.padding)
        extent = (rows[1] - rows[0], columns[1] - columns[0])
        there = Grid(flat_index((*rest, rows[0], columns[0]), y.shape), extent, steps(y.shape)[-2:])

        def local(start: int, stop: int) -> Array:
            found = np.zeros(stop - start, dtype=x.dtype)
            for k, out in enumerate(there.take(start, stop).tolist()):
                box = self._box(out, y, x)
                found[k] = self.weights(out, y, x)[np.flatnonzero(box.take(0, box.size) == at)[0]]
            return found

        return Links(0, there, local)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        (x,) = xs
        box, weights = self._box(0, self.forward(xs), x), self.weights(0, self.forward(xs), x)
        return brief(weights[np.flatnonzero(box.take(0, box.size) == at)[0]], 12)

    @abstractmethod
    def weights(self, at: int, y: Array, x: Array) -> Array:
        """∂y[at]/∂x for the inputs under its window."""


class MaxPool2d(Pool):
    """The largest under the window; of several equal ones the first gets the gradient."""

    name = "max_pool2d"
    notation = "max over windows of {0}"
    each = "max{over} {each}"
    slopes = ("1 to the largest under the window, 0 to the others",)
    kink = "of equal ones the first gets the gradient"
    edge = "a NaN is larger than all; of several the last gets the gradient"
    gated = True
    label = "max pooling"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        if 0 in x[-2:]:
            raise OpError(f"{self.name}: there is nothing to choose from in images of shape {shape_text(x[-2:])}")
        return super().shape(shapes)

    def _chosen(self, x: Array) -> tuple[Array, Array]:
        """Windows with their elements on the last axis, and which one is the largest."""

        def windows(x: Array, value: float) -> Array:
            seen = slide(pad(x, self.padding, value), self.kernel_size, self.kernel_size, self._stride)
            return seen.reshape(*seen.shape[:-2], self.kernel_size**2)

        flat = windows(x, -np.inf)
        chosen = _largest(flat)
        if self.padding:
            # Where all that is there is −∞, the padding must not be the one that is chosen.
            largest = np.take_along_axis(flat, chosen[..., None], axis=-1)
            ties = (flat == largest) & windows(np.ones(x.shape, dtype=bool), False)
            chosen = np.where(np.isnan(largest[..., 0]), chosen, ties.argmax(axis=-1))
        return flat, chosen

    def forward(self, xs: Sequence[Array]) -> Array:
        seen, chosen = self._chosen(xs[0])
        return np.take_along_axis(seen, chosen[..., None], axis=-1)[..., 0]

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        _, chosen = self._chosen(x)
        flow = np.zeros(x.shape[:-2] + tuple(n + 2 * self.padding for n in x.shape[-2:]), dtype=g.dtype)
        *rest, i, j = np.indices(chosen.shape)
        row, column = np.divmod(chosen, self.kernel_size)
        chosen_at = np.ravel_multi_index((*rest, i * self._stride + row, j * self._stride + column), flow.shape)
        np.add.at(flow.reshape(-1), chosen_at, g)
        p = self.padding
        return np.ascontiguousarray(flow[..., p : flow.shape[-2] - p, p : flow.shape[-1] - p])

    def weights(self, at: int, y: Array, x: Array) -> Array:
        box = self._box(at, y, x)
        under = x.take(box.take(0, box.size))
        found = np.zeros(box.size, dtype=x.dtype)
        found[_largest(under)] = 1
        return found


def _largest(groups: Array) -> Array:
    """Which element along the last axis is the largest: of equal ones the first, of NaN the last, as in PyTorch."""
    chosen = np.asarray(groups.argmax(axis=-1))
    undecided = np.isnan(np.take_along_axis(groups, chosen[..., None], axis=-1))[..., 0]
    if undecided.any():
        last = groups.shape[-1] - 1 - np.isnan(groups)[..., ::-1].argmax(axis=-1)
        chosen = np.where(undecided, last, chosen)
    return chosen


class AvgPool2d(Pool):
    """The mean under the window, padding counted in as zeros (PyTorch's default)."""

    name = "avg_pool2d"
    notation = "mean over windows of {0}"
    each = "Σ{over} {each}/n"
    slopes = ("1/kernel_size² under the window",)
    summed = (0,)
    label = "average pooling"

    def divisor(self, shapes: Sequence[Shape]) -> int:
        return self.kernel_size**2

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "1/n"

    def forward(self, xs: Sequence[Array]) -> Array:
        seen = slide(pad(xs[0], self.padding, 0), self.kernel_size, self.kernel_size, self._stride)
        return np.asarray(seen.sum(axis=(-2, -1)) * xs[0].dtype.type(1 / self.kernel_size**2))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        flow = np.zeros(x.shape[:-2] + tuple(n + 2 * self.padding for n in x.shape[-2:]), dtype=g.dtype)
        rows, columns = g.shape[-2:]
        part, s = g * g.dtype.type(1 / self.kernel_size**2), self._stride
        for k in range(self.kernel_size):
            for m in range(self.kernel_size):
                flow[..., k : k + s * rows : s, m : m + s * columns : s] += part
        p = self.padding
        return np.ascontiguousarray(flow[..., p : flow.shape[-2] - p, p : flow.shape[-1] - p])

    def weights(self, at: int, y: Array, x: Array) -> Array:
        box = self._box(at, y, x)
        return np.full(box.size, 1 / self.kernel_size**2, dtype=x.dtype)
