"""Activation functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.base import Elementwise


@dataclass(frozen=True, slots=True)
class Relu(Elementwise):
    name = "relu"
    notation = "max(0, {0})"
    slopes = ("1 if {0} > 0, else 0",)
    kink = "at 0 the slope is taken as 0"
    label = "ReLU"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.maximum(xs[0], 0)

    def slope(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return (xs[0] > 0).astype(y.dtype)


@dataclass(frozen=True, slots=True)
class Sigmoid(Elementwise):
    name = "sigmoid"
    notation = "σ({0})"
    slopes = ("σ({0}) × (1 − σ({0}))",)
    label = "σ"

    def forward(self, xs: Sequence[Array]) -> Array:
        # exp(−x) may overflow to ∞ for very negative x; 1 / (1 + ∞) is then the right answer, 0.
        return np.asarray(1 / (1 + np.exp(-xs[0])))

    def slope(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return y * (1 - y)


@dataclass(frozen=True, slots=True)
class Tanh(Elementwise):
    name = "tanh"
    notation = "tanh({0})"
    slopes = ("1 − tanh({0})²",)
    label = "tanh"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.tanh(xs[0])

    def slope(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return 1 - y * y
