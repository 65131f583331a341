"""Attention, and the mask that keeps it from looking ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.arithmetic import Divide
from gradstep.engine.ops.families.linear import Matmul
from gradstep.engine.ops.families.shape import Transpose
from gradstep.engine.ops.families.softmax import Softmax
from gradstep.engine.ops.moving import Masked
from gradstep.engine.ops.shapes import shape_text


class CausalMask(Masked):
    """−∞ where the last axis is ahead of the one before it: no position looks at later ones."""

    name = "causal_mask"
    notation = "{0}, −∞ above the diagonal"
    slopes = ("1 on and below the diagonal, 0 above",)
    label = "causal mask"
    masking = True

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes[0]) < 2:
            raise OpError(f"causal_mask: at least two axes are needed, but the shape is {shape_text(shapes[0])}")
        return tuple(shapes[0])

    def made(self, slope: float) -> str:
        return "{0}" if slope else "−∞"

    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        return np.broadcast_to(np.tri(*shape[-2:], dtype=dtype), shape)

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        return np.where(np.tri(*x.shape[-2:]) > 0, x, x.dtype.type(-np.inf))


@composite(query="q", key="k", value="v", causal="is_causal")
def attention(q: Given, k: Given, v: Given, *, is_causal: bool = False) -> Plan:
    """softmax(q kᵀ / √d) v (Vaswani et al., 2017); q (…, n, d), k (…, m, d), v (…, m, e)."""
    if type(is_causal) is not bool:
        raise OpError(f"attention: is_causal is True or False, not {is_causal!r}")
    for name, part in (("q", q), ("k", k), ("v", v)):
        if len(part.shape) < 2:
            raise OpError(f"attention: {name} must be (…, positions, width), but it is {shape_text(part.shape)}")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise OpError(
            f"attention: q {shape_text(q.shape)} and k {shape_text(k.shape)} must have the same width, "
            f"k and v {shape_text(v.shape)} the same number of positions"
        )
    order = (*range(len(k.shape) - 2), len(k.shape) - 1, len(k.shape) - 2)
    products = Part("products", (Matmul(), [q, (Transpose(order), [k])]))
    scores: Plan = Part("scores", (Divide(), [products, float(q.shape[-1]) ** 0.5]))
    if is_causal:
        scores = Part("masked", (CausalMask(), [scores]))
    return (Matmul(), [Part("weights", (Softmax(-1), [scores])), v])
