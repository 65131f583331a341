"""Convolution of images (…, C, H, W)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Grid, Shape, unravel
from gradstep.engine.ops.links import Links, ones
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import shape_text
from gradstep.engine.ops.windows import (
    checked_sizes,
    flat_index,
    meeting,
    out_sizes,
    pad,
    slide,
    steps,
    touched,
    touching,
)


@dataclass(frozen=True)
class Conv2d(Op):
    """y[…, o, i, j] = Σ w[o, c, k, l] · x[…, c, i·stride + k − padding, j·stride + l − padding] + b[o].

    x is (C, H, W) or (N, C, H, W), w (O, C, KH, KW), b (O,), as in PyTorch.
    """

    name = "conv2d"
    slots = ("x", "w", "b")
    words: ClassVar[Mapping[str, str]] = {"weight": "w", "bias": "b"}
    optional = 1
    notation = "{1} ∗ {0} + {2}"
    slopes = ("{1}", "{0}", "1")
    summed = (0, 2)
    contracts = True
    label = "convolution"

    stride: int = 1
    padding: int = 0

    def __post_init__(self) -> None:
        checked_sizes("conv2d", stride=(self.stride, 1), padding=(self.padding, 0))

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
        return (*x[:-3], w[0], *out_sizes("conv2d", x, w[-2:], self.stride, self.padding))

    def forward(self, xs: Sequence[Array]) -> Array:
        x, w = xs[:2]
        seen = slide(pad(x, self.padding, 0), w.shape[2], w.shape[3], self.stride)
        # (…, C, OH, OW, KH, KW) with (O, C, KH, KW) over C, KH and KW; then O before the places.
        y = np.moveaxis(np.tensordot(seen, w, axes=((-5, -2, -1), (1, 2, 3))), -1, -3)
        return y + xs[2][:, None, None] if len(xs) == 3 else y

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x, w = xs[:2]
        if slot == 2:
            return np.asarray(g.sum(axis=tuple(a for a in range(g.ndim) if a != g.ndim - 3)))
        samples = g[None] if g.ndim == 3 else g
        padded = pad(x if x.ndim == 4 else x[None], self.padding, 0)
        if slot == 1:
            seen = slide(padded, w.shape[2], w.shape[3], self.stride)
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
        seen = Grid(flat_index(in_x, x.shape), extent, steps(x.shape)[-3:])
        weights = Grid(flat_index((o, 0, rows[0], columns[0]), w.shape), extent, steps(w.shape)[-3:])
        return _product(slot, (seen, weights)[slot], 1 - slot, (weights, seen)[slot], xs)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        x, w = xs[:2]
        out = steps(y.shape)
        if slot == 2:
            samples = prod(y.shape[:-3])
            return Links(2, Grid(at * out[-3], (samples, *y.shape[-2:]), (prod(y.shape[-3:]), *out[-2:])), ones(y))
        s, p = self.stride, self.padding
        if slot == 1:
            o, c, k, m = unravel(at, w.shape)
            rows = meeting(k, x.shape[-2], y.shape[-2], s, p)
            columns = meeting(m, x.shape[-1], y.shape[-1], s, p)
            samples = prod(y.shape[:-3])
            extent = (samples, rows[1] - rows[0], columns[1] - columns[0])
            base = (c, rows[0] * s + k - p, columns[0] * s + m - p)
            seen = Grid(
                flat_index(base, x.shape[-3:]),
                extent,
                (prod(x.shape[-3:]), s * steps(x.shape)[-2], s * steps(x.shape)[-1]),
            )
            there = Grid(flat_index((o, rows[0], columns[0]), y.shape[-3:]), extent, (prod(y.shape[-3:]), *out[-2:]))
            return _product(1, there, 0, seen, xs)
        *sample, c, h, v = unravel(at, x.shape)
        rows = touching(h, y.shape[-2], w.shape[2], s, p)
        columns = touching(v, y.shape[-1], w.shape[3], s, p)
        extent = (w.shape[0], rows[1] - rows[0], columns[1] - columns[0])
        there = Grid(flat_index((*sample, 0, rows[0], columns[0]), y.shape), extent, out[-3:])
        step = steps(w.shape)
        corner = (0, c, h + p - rows[0] * s, v + p - columns[0] * s)
        weights = Grid(flat_index(corner, w.shape), extent, (step[0], -s * step[2], -s * step[3]))
        return _product(0, there, 1, weights, xs)

    def _window(self, x: Array, w: Array, i: int, j: int) -> tuple[tuple[int, int], tuple[int, int]]:
        return (
            touched(i, x.shape[-2], w.shape[2], self.stride, self.padding),
            touched(j, x.shape[-1], w.shape[3], self.stride, self.padding),
        )


def _product(slot: int, grid: Grid, other: int, factor: Grid, xs: Sequence[Array]) -> Links:
    return Links(slot, grid, lambda start, stop: xs[other].take(factor.take(start, stop)), (other, factor))
