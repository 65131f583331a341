"""Sums of products: the weighted sum and the matrix product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from math import prod
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, Space, broadcast_strides, strides
from gradstep.engine.ops.affine import Contract
from gradstep.engine.ops.bound import Bound, Calls
from gradstep.engine.ops.shapes import broadcast, shape_text, unbroadcast


def _rows(array: Array) -> Array:
    """All axes before the last one as one; also of an array without elements, where −1 would say nothing."""
    return array if array.ndim == 2 else array.reshape(prod(array.shape[:-1]), array.shape[-1])


class _BoundLinear(Bound):
    """Each matrix product, and each sum, where it belongs."""

    def forward(self) -> Calls:
        x, W = self.xs[:2]
        product = partial(np.matmul, W, x, self.y) if x.ndim == 1 else partial(np.matmul, x, W.T, self.y)
        return [product, *(partial(np.add, self.y, bias, self.y) for bias in self.xs[2:])]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        x, W = self.xs[:2]
        if slot == 0:
            return [partial(np.matmul, g, W, flow)]
        if slot == 1:
            if x.ndim == 1:
                return [partial(np.multiply, g[:, None], x, flow)]
            return [partial(np.matmul, _rows(g).T, _rows(x), flow)]
        return [partial(np.copyto, flow, g) if g.ndim == 1 else partial(np.add.reduce, _rows(g), 0, None, flow)]


class Linear(Contract):
    """y[…, i] = Σⱼ W[i, j] · x[…, j] + b[i].

    x has shape (…, in), W (out, in) and b (out,), as in PyTorch; y has shape (…, out).
    """

    name = "linear"
    slots = ("x", "W", "b")
    words: ClassVar[Mapping[str, str]] = {"weight": "W", "bias": "b"}
    optional = 1
    notation = "Σ {1} × {0} + {2}"
    slopes = ("{1}", "{0}", "1")
    summed = (0, 2)
    label = "weighted sum"
    bound = _BoundLinear

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
            return _rows(g).T @ _rows(x)
        return g if g.ndim == 1 else np.add.reduce(_rows(g), axis=0)

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        (*batch, width), (outs, _) = shapes[:2]
        *x_rows, x_cols = strides((*batch, width))
        w_rows, w_cols = strides((outs, width))
        out, none = strides((*batch, outs)), (0,) * len(batch)
        b_cols = strides((outs,))[0]
        if slot == 2:  # the bias is added once, not once for every input
            return Space((*batch, outs), ((*x_rows, 0), (*none, w_rows), (*none, b_cols)), out)
        operands = ((*x_rows, 0, x_cols), (*none, w_rows, w_cols), (*none, b_cols, 0))
        return Space((*batch, outs, width), operands[: len(shapes)], (*out, 0))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.ones_like(y) if slot == 2 else xs[1 - slot]


class _BoundMatmul(Bound):
    """Products of matrices; what is broadcast is added up elsewhere."""

    def forward(self) -> Calls:
        return [partial(np.matmul, *self.xs, self.y)]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        a, b = self.xs
        if min(a.ndim, b.ndim) < 2 or a.shape[:-2] != b.shape[:-2]:
            return super().vjp(slot, g, flow)
        if slot == 0:
            return [partial(np.matmul, g, b.swapaxes(-1, -2), flow)]
        return [partial(np.matmul, a.swapaxes(-1, -2), g, flow)]


class Matmul(Contract):
    """y[…, i, j] = Σₖ a[…, i, k] · b[…, k, j], as NumPy's `@`: axes before the last two broadcast,
    and an array of one axis is a row on the left and a column on the right."""

    name = "matmul"
    slots = ("a", "b")
    notation = "Σ {0} × {1}"
    slopes = ("{1}", "{0}")
    summed = (0,)
    label = "matrix product"
    bound = _BoundMatmul

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        a, b = shapes
        if not a or not b:
            raise OpError(f"matmul: a single number has no axes; use * (a is {shape_text(a)}, b is {shape_text(b)})")
        wide_a, wide_b = self._wide(a, b)
        if wide_a[-1] != wide_b[-2]:
            raise OpError(
                f"matmul: a {shape_text(a)} has {wide_a[-1]} on axis -1, but b {shape_text(b)} has {wide_b[-2]} "
                f"on axis {-2 if len(b) > 1 else -1}; they must be equal"
            )
        batch = broadcast([wide_a[:-2], wide_b[:-2]], "matmul")
        return (*batch, *((wide_a[-2],) if len(a) > 1 else ()), *((wide_b[-1],) if len(b) > 1 else ()))

    @staticmethod
    def _wide(a: Shape, b: Shape) -> tuple[Shape, Shape]:
        """Both shapes with at least two axes."""
        return ((1, *a) if len(a) == 1 else tuple(a)), ((*b, 1) if len(b) == 1 else tuple(b))

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0] @ xs[1])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        wide_a, wide_b = self._wide(xs[0].shape, xs[1].shape)
        a, b = xs[0].reshape(wide_a), xs[1].reshape(wide_b)
        g = g.reshape(*broadcast([wide_a[:-2], wide_b[:-2]], "matmul"), wide_a[-2], wide_b[-1])
        flow = g @ b.swapaxes(-1, -2) if slot == 0 else a.swapaxes(-1, -2) @ g
        return unbroadcast(flow, (wide_a, wide_b)[slot]).reshape(xs[slot].shape)

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        a, b = self._wide(*shapes)
        batch = broadcast([a[:-2], b[:-2]], "matmul")
        rows, inner, columns = a[-2], a[-1], b[-1]
        (a_row, a_in), (b_in, b_column) = strides(a)[-2:], strides(b)[-2:]
        out = strides((*batch, rows, columns))
        of_a = (*broadcast_strides(a, (*batch, *a[-2:]))[:-2], a_row, 0, a_in)
        of_b = (*broadcast_strides(b, (*batch, *b[-2:]))[:-2], 0, b_column, b_in)
        return Space((*batch, rows, columns, inner), (of_a, of_b), (*out, 0))
