"""Attention, and the masks that keep it from looking ahead, or far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.arithmetic import Add, Divide, Multiply
from gradstep.engine.ops.families.choice import Where
from gradstep.engine.ops.families.dropout import Dropout
from gradstep.engine.ops.families.linear import Matmul
from gradstep.engine.ops.families.rearranging import RepeatInterleave
from gradstep.engine.ops.families.shape import Transpose
from gradstep.engine.ops.families.softmax import Softmax
from gradstep.engine.ops.moving import Masked
from gradstep.engine.ops.op import REGISTRY
from gradstep.engine.ops.shapes import check_one, shape_text


class CausalMask(Masked):
    """−∞ where the last axis is ahead of the one before it: no position looks at later ones."""

    name = "causal_mask"
    notation = "{0}, −∞ above the diagonal"
    slopes = ("1 on and below the diagonal, 0 above",)
    label = "causal mask"
    masking = True

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes[0]) < 2:
            raise OpError(f"{self.name}: at least two axes are needed, but the shape is {shape_text(shapes[0])}")
        return tuple(shapes[0])

    def made(self, slope: float) -> str:
        return "{0}" if slope else "−∞"

    def seen(self, rows: int, columns: int) -> Array:
        """Which scores stay."""
        return np.tri(rows, columns, dtype=bool)

    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        return np.broadcast_to(self.seen(*shape[-2:]).astype(dtype), shape)

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        return np.where(self.seen(*x.shape[-2:]), x, x.dtype.type(-np.inf))


@dataclass(frozen=True)
class BandMask(CausalMask):
    """−∞ where the last axis is more than `left` behind the one before it, or more than `right` ahead; −1 is no bound.
    A window of positions slides along with them (Beltagy et al., 2020)."""

    name = "band_mask"
    notation = "{0}, −∞ outside of a band"
    slopes = ("1 in the band, 0 outside",)
    label = "band mask"

    left: int = -1
    right: int = -1

    def __post_init__(self) -> None:
        check_one(self.name, left=self.left, right=self.right)
        if min(self.left, self.right) < -1:
            raise OpError(f"band_mask: left and right are from −1 on, not {self.left} and {self.right}")

    def seen(self, rows: int, columns: int) -> Array:
        ahead = np.arange(columns) - np.arange(rows)[:, None]
        within = np.ones(ahead.shape, bool)
        if self.left >= 0:
            within &= ahead >= -self.left
        return within & (ahead <= self.right) if self.right >= 0 else within


@composite(kernel=True, query="q", key="k", value="v", attn_mask="mask", causal="is_causal")
def attention(
    q: Given,
    k: Given,
    v: Given,
    mask: Given | None = None,
    *,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    bool_mask: bool = False,
    softcap: float | None = None,
    window: tuple[int, ...] | None = None,
    seed: int = 0,
) -> Plan:
    """softmax(q kᵀ / √d) v (Vaswani et al., 2017); q (…, n, d), k (…, m, d), v (…, m, e).

    A mask is added to the scores; with bool_mask it says which of them count, those where it is not 0. `scale` is
    there instead of 1/√d. With enable_gqa there are fewer heads, on axis −3, of k and v than of q, each of them for
    several of q (Ainslie et al., 2023). `softcap` c makes c tanh(s / c) of a score s. A `window` (left, right) lets a
    position see so many before and behind it, −1 all of them. A row that is wholly masked gives 0."""
    _check(q, k, v, softcap)
    keys, values = (_repeated(one, q) for one in (k, v)) if enable_gqa else (k, v)
    order = (*range(len(k.shape) - 2), len(k.shape) - 1, len(k.shape) - 2)
    products = Part("products", (Matmul(), [q, (Transpose(order), [keys])]))
    scaled: Plan = (Divide(), [products, float(q.shape[-1]) ** 0.5])
    scores: Plan = Part("scores", scaled if scale is None else (Multiply(), [products, float(scale)]))
    if softcap is not None:
        capped: Plan = (REGISTRY["tanh"](), [(Divide(), [scores, float(softcap)])])
        scores = Part("capped", (Multiply(), [capped, float(softcap)]))
    masked = _masked(scores, mask, bool_mask, is_causal, window)
    weights: Plan = Part("weights", (Softmax(-1, safe=masked is not scores), [masked]))
    if dropout_p:
        weights = (Dropout(dropout_p, seed), [weights])
    return (Matmul(), [weights, values])


def _check(q: Given, k: Given, v: Given, softcap: float | None) -> None:
    """Raises OpError where these do not go together."""
    for name, part in (("q", q), ("k", k), ("v", v)):
        if len(part.shape) < 2:
            raise OpError(f"attention: {name} must be (…, positions, width), but it is {shape_text(part.shape)}")
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise OpError(
            f"attention: q {shape_text(q.shape)} and k {shape_text(k.shape)} must have the same width, "
            f"k and v {shape_text(v.shape)} the same number of positions"
        )
    if softcap is not None and not softcap > 0:
        raise OpError(f"attention: softcap is a number above 0, not {softcap!r}")


def _repeated(one: Given, q: Given) -> Plan:
    """Heads on axis −3 repeated, so that there is one for each of q."""
    if min(len(one.shape), len(q.shape)) < 3 or not one.shape[-3] or q.shape[-3] % one.shape[-3]:
        raise OpError(
            f"attention: with enable_gqa the heads of {one.slot} {shape_text(one.shape)} on axis −3 must divide "
            f"those of q {shape_text(q.shape)}"
        )
    times = q.shape[-3] // one.shape[-3]
    return one if times == 1 else (RepeatInterleave(times, len(one.shape) - 3), [one])


def _masked(scores: Plan, mask: Given | None, holds: bool, is_causal: bool, window: tuple[int, ...] | None) -> Plan:
    """Scores with −∞ where nothing is to be seen."""
    if mask is not None:
        chosen: Plan = (Where(), [mask, scores, -inf]) if holds else (Add(), [scores, mask])
        scores = Part("masked", chosen)
    if is_causal:
        scores = Part("masked", (CausalMask(), [scores]))
    if window is None:
        return scores
    if len(window) != 2:
        raise OpError(f"attention: window is two whole numbers, (left, right), not {window!r}")
    return Part("masked", (BandMask(*window), [scores]))
