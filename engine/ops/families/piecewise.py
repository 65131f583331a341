"""Activations made of straight pieces, or with a hard threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise, chosen
from gradstep.engine.ops.functions import OPEN, function
from gradstep.engine.ops.links import masked
from gradstep.engine.ops.op import KEPT
from gradstep.engine.ops.shapes import check_numbers


@dataclass(frozen=True)
class HardTanh(Elementwise):
    name = "hard_tanh"
    notation = "max(low, min(high, {0}))"
    slopes = ("1 if low < {0} < high, else 0",)
    kink = "at the bounds the slope is taken as 0"
    edge = OPEN
    gated = True
    label = "hard tanh"

    min_val: float = -1.0
    max_val: float = 1.0

    def __post_init__(self) -> None:
        check_numbers("hard_tanh", min_val=self.min_val, max_val=self.max_val)
        if not self.min_val <= self.max_val:
            raise OpError(f"hard_tanh: min_val is at most max_val, not {self.min_val!r} and {self.max_val!r}")

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"low": self.min_val, "high": self.max_val}

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.clip(xs[0], self.min_val, self.max_val), dtype=xs[0].dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return (~((xs[0] <= self.min_val) | (xs[0] >= self.max_val))).astype(y.dtype)


@dataclass(frozen=True)
class Threshold(Elementwise):
    """x where it is above the threshold, else another number."""

    name = "threshold"
    notation = "{0} if {0} > θ, else v"
    slopes = ("1 if {0} > θ, else 0",)
    kink = "at the threshold the slope is taken as 0"
    edge = OPEN
    gated = True
    label = "threshold"

    threshold: float = 0.0
    value: float = 0.0

    def __post_init__(self) -> None:
        check_numbers("threshold", threshold=self.threshold, value=self.value)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"θ": self.threshold, "v": self.value}

    def forward(self, xs: Sequence[Array]) -> Array:
        return chosen(xs[0] <= self.threshold, self.value, xs[0], xs[0].dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return (~(xs[0] <= self.threshold)).astype(y.dtype)


@dataclass(frozen=True)
class Shrink(Elementwise):
    """0 between −λ and λ."""

    slopes = ("1 if |{0}| > λ, else 0",)
    kink = "at −λ and λ the slope is taken as 0"
    edge = OPEN
    gated = True

    lambd: float = 0.5

    def __post_init__(self) -> None:
        check_numbers(self.name, lambd=self.lambd)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"λ": self.lambd}

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return (~((xs[0] >= -self.lambd) & (xs[0] <= self.lambd))).astype(y.dtype)


class HardShrink(Shrink):
    """x outside of −λ to λ."""

    name = "hardshrink"
    notation = "{0} if |{0}| > λ, else 0"
    label = "hard shrink"

    def forward(self, xs: Sequence[Array]) -> Array:
        return chosen(np.abs(xs[0]) <= self.lambd, 0, xs[0], xs[0].dtype)


class SoftShrink(Shrink):
    """What lies outside of −λ to λ, moved towards 0 by λ."""

    name = "softshrink"
    notation = "sign({0}) × max(0, |{0}| − λ)"
    label = "soft shrink"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lambd < 0:
            raise OpError(f"softshrink: lambd is a number from 0 on, not {self.lambd!r}")

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        most = x.dtype.type(self.lambd)
        return np.asarray(x - np.clip(x, -most, most))


def _between(x: Array, low: float, high: float) -> Array:
    """Where x is, strictly, or is NaN."""
    return np.asarray(~((x <= low) | (x >= high)))


def _hardswish(x: Array) -> Array:
    found = np.asarray(x + 3)
    np.clip(found, 0, 6, out=found)
    found *= x
    found /= 6
    return found


def _hardswish_slope(x: Array) -> Array:
    # Of −1.5, where the slope is 0 and no gate is shut, it is −0 (see `masked`).
    return chosen(x < 3, chosen(x <= -3, 0, (-1.5 - x) / -3, x.dtype), 1, x.dtype)


#: What torch.nn.functional.hardsigmoid multiplies gradients by: a single-precision 1/6, for doubles too.
_SIXTH = float(np.float32(1 / 6))

function("relu6", "min(6, max(0, {0}))", lambda x: np.clip(x, 0, 6),
    ("1 if 0 < {0} < 6, else 0", lambda y, x: _between(x, 0, 6)),
    label="ReLU6", kink="at 0 and 6 the slope is taken as 0", edge=OPEN, gated=True, of_whole=KEPT,
)  # fmt: skip
function("hardsigmoid", "min(1, max(0, {0} / 6 + ½))", lambda x: np.clip(x + 3, 0, 6) / 6,
    ("s if −3 < {0} < 3, else 0", lambda y, x: ((x > -3) & (x < 3)) * _SIXTH),
    label="hard sigmoid", kink="at −3 and 3 the slope is taken as 0", gated=True,
    edge="s is a single-precision 1/6, for doubles too; at NaN the slope is 0",
    constants=lambda self, dtype: {"s": _SIXTH}, saturates=True,
)  # fmt: skip
function("hardswish", "{0} × min(1, max(0, {0} / 6 + ½))", _hardswish,
    ("0 if {0} ≤ −3, 1 if {0} ≥ 3, else {0} / 3 + ½",
     lambda y, x: _hardswish_slope(x)), beyond=staticmethod(masked),
    label="hard swish", edge="at NaN the slope is 1", kink="at −3 and 3 the slope beyond them is taken, 0 and 1",
)  # fmt: skip
