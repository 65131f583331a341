"""The weighted sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, Space, strides
from gradstep.engine.ops.base import Contract, shape_text


@dataclass(frozen=True, slots=True)
class Linear(Contract):
    """y[…, i] = Σⱼ W[i, j] · x[…, j] + b[i].

    x has shape (…, in), W (out, in) and b (out,), as in PyTorch; y has shape (…, out).
    """

    name = "linear"
    slots = ("x", "W", "b")
    optional = 1
    notation = "Σ {1} × {0} + {2}"
    slopes = ("{1}", "{0}", "1")
    summed = (0, 2)
    label = "weighted sum"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, W = shapes[:2]
        if len(W) != 2 or not x:
            raise OpError(
                f"linear: W must be (out, in) and x (…, in), but W is {shape_text(W)} and x is {shape_text(x)}"
            )
        if x[-1] != W[1]:
            raise OpError(
                f"linear: W {shape_text(W)} takes {W[1]} inputs, but x {shape_text(x)} has {x[-1]} on its last axis"
            )
        if len(shapes) == 3 and tuple(shapes[2]) != (W[0],):
            raise OpError(
                f"linear: the bias must have one number for each of the {W[0]} outputs, shape ({W[0]},), "
                f"but it is {shape_text(shapes[2])}"
            )
        return (*x[:-1], W[0])

    def forward(self, xs: Sequence[Array]) -> Array:
        x, W = xs[:2]
        y: Array = W @ x if x.ndim == 1 else x @ W.T
        if len(xs) == 3:
            y += xs[2]
        return y

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x, W = xs[:2]
        if slot == 0:
            return np.asarray(g @ W)
        if slot == 1:
            if x.ndim == 1:
                return g[:, None] * x
            return g.reshape(-1, g.shape[-1]).T @ x.reshape(-1, x.shape[-1])
        return g if g.ndim == 1 else np.add.reduce(g.reshape(-1, g.shape[-1]), axis=0)

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        (*batch, width), (outs, _) = shapes[:2]
        rows = prod(batch)
        x_rows, x_cols = strides((rows, width))
        w_rows, w_cols = strides((outs, width))
        y_rows, y_cols = strides((rows, outs))
        b_cols = strides((outs,))[0]
        if slot == 2:  # the bias is added once, not once for every input
            return Space((rows, outs), ((x_rows, 0), (0, w_rows), (0, b_cols)), (y_rows, y_cols))
        operands = ((x_rows, 0, x_cols), (0, w_rows, w_cols), (0, b_cols, 0))
        return Space((rows, outs, width), operands[: len(shapes)], (y_rows, y_cols, 0))

    def slope(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.ones_like(y) if slot == 2 else xs[1 - slot]
