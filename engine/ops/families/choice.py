"""Choosing: larger, smaller, between bounds, by a condition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise


class Maximum(Elementwise):
    """The larger of two; where they are equal the gradient goes to the first."""

    name = "maximum"
    slots = ("a", "b")
    notation = "max({0}, {1})"
    slopes = ("1 if {0} ≥ {1}, else 0", "1 if {1} > {0}, else 0")
    kink = "where both are equal the first gets the gradient"
    gated = True
    label = "maximum"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.maximum(xs[0], xs[1]))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        # A NaN compares with nothing: it wins, and so gets the gradient.
        second = (xs[1] > xs[0]) | (np.isnan(xs[1]) & ~np.isnan(xs[0]))
        return (second if slot else ~second).astype(y.dtype)


class Minimum(Elementwise):
    """The smaller of two; where they are equal the gradient goes to the first."""

    name = "minimum"
    slots = ("a", "b")
    notation = "min({0}, {1})"
    slopes = ("1 if {0} ≤ {1}, else 0", "1 if {1} < {0}, else 0")
    kink = "where both are equal the first gets the gradient"
    gated = True
    label = "minimum"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.minimum(xs[0], xs[1]))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        second = (xs[1] < xs[0]) | (np.isnan(xs[1]) & ~np.isnan(xs[0]))
        return (second if slot else ~second).astype(y.dtype)


@dataclass(frozen=True)
class Clip(Elementwise):
    """x held between two bounds."""

    name = "clip"
    notation = "clip({0})"
    slopes = ("1 within the bounds, else 0",)
    kink = "at a bound the slope is taken as 1"
    gated = True
    label = "clip"

    low: float = -1.0
    high: float = 1.0

    def __post_init__(self) -> None:
        if any(type(v) not in (int, float) for v in (self.low, self.high)) or not self.low <= self.high:
            raise OpError(f"clip: low and high are numbers with low ≤ high, not {self.low!r} and {self.high!r}")

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.clip(xs[0], self.low, self.high), dtype=xs[0].dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return ((xs[0] >= self.low) & (xs[0] <= self.high)).astype(y.dtype)


class Where(Elementwise):
    """a where the condition holds (is not 0), else b.

    The gradient of the branch not taken is multiplied by 0, which is no help where its own slope
    is infinite: 0 × ∞ is NaN.
    """

    name = "where"
    slots = ("condition", "a", "b")
    notation = "where({0}, {1}, {2})"
    slopes = ("0", "1 where {0}, else 0", "0 where {0}, else 1")
    label = "where"
    gated = True

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.where(xs[0] != 0, xs[1], xs[2])

    def deliberate(self, y: Array, xs: Sequence[Array]) -> Array | None:
        # A single −∞ for all that is left out is how masks are written.
        masks = [x.size == 1 and bool(np.isneginf(x).all()) for x in xs[1:]]
        return np.isneginf(y) & np.where(xs[0] != 0, *masks) if any(masks) else None

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        if slot == 0:
            return np.zeros_like(y)
        holds = (xs[0] != 0) if slot == 1 else (xs[0] == 0)
        return np.broadcast_to(holds.astype(y.dtype), y.shape)
