"""Losses of a number against the number it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import sign
from gradstep.engine.ops.loss import MeanPairLoss, PairLoss
from gradstep.engine.ops.shapes import is_number


class HalfSquaredError(PairLoss):
    """½ Σ (y − t)²; what many walkthroughs of backpropagation call MSE."""

    name = "half_squared_error"
    notation = "½ Σ ({0} − {1})²"
    term = "½({0} − {1})²"
    slopes = ("{0} − {1}", "{1} − {0}")
    label = "squared error"

    def scale(self, count: int) -> float:
        return 0.5

    def terms(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.square(xs[0] - xs[1]))

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return 2 * (xs[slot] - xs[1 - slot])


class Mse(MeanPairLoss):
    """mean (y − t)², over all elements."""

    name = "mse"
    notation = "mean ({0} − {1})²"
    term = "({0} − {1})²/n"
    slopes = ("2 ({0} − {1}) / n", "2 ({1} − {0}) / n")
    label = "mean squared error"

    def terms(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.square(xs[0] - xs[1]))

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return 2 * (xs[slot] - xs[1 - slot])


class Mae(MeanPairLoss):
    """mean |y − t|."""

    name = "mae"
    notation = "mean |{0} − {1}|"
    term = "|{0} − {1}|/n"
    slopes = ("sign({0} − {1}) / n", "sign({1} − {0}) / n")
    kink = "where both are equal the slope is taken as 0"
    edge = "where their difference is NaN the slope is 0"
    label = "mean absolute error"

    def terms(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.abs(xs[0] - xs[1]))

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return sign(xs[slot] - xs[1 - slot])


def _bent(gap: Array, bound: Any) -> Array:
    """½ d² up to a bound, and bound (|d| − ½ bound) beyond: with d held to the bound, c, both are c (d − ½ c)."""
    held = np.clip(gap, -bound, bound)
    rest = np.asarray(held * held.dtype.type(-0.5))
    rest += gap
    rest *= held
    return rest


@dataclass(frozen=True)
class SmoothL1(MeanPairLoss):
    """½ d²/β near the target and |d| − ½ β further off, d = y − t; the mean (Girshick, ICCV 2015)."""

    name = "smooth_l1"
    notation = "mean huber({0} − {1}, β) / β, where huber(d, β) is ½ d² if |d| ≤ β, else β × (|d| − β/2)"
    term = "huber({0} − {1}, β) / β/n"
    slopes = ("clip(({0} − {1}) / β, −1, 1) / n", "clip(({1} − {0}) / β, −1, 1) / n")
    edge = "with β = 0 it is the mean absolute error"
    label = "smooth L1 loss"

    beta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_number(self.beta) or not self.beta >= 0:
            raise OpError(f"smooth_l1: beta is a number from 0 on, not {self.beta!r}")
        if not self.beta:
            for name, text in (("notation", "mean |{0} − {1}|"), ("term", "|{0} − {1}|/n"), ("slopes", Mae.slopes)):
                object.__setattr__(self, name, text)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"β": self.beta}

    def terms(self, xs: Sequence[Array]) -> Array:
        gap = xs[0] - xs[1]
        if not self.beta:
            return np.asarray(np.abs(gap))
        return np.asarray(_bent(gap, gap.dtype.type(self.beta)) / gap.dtype.type(self.beta))

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        gap = xs[slot] - xs[1 - slot]
        return np.asarray(np.clip(gap / self.beta, -1, 1) if self.beta else sign(gap), dtype=gap.dtype)


@dataclass(frozen=True)
class Huber(MeanPairLoss):
    """½ d² near the target and δ(|d| − ½ δ) further off, d = y − t; the mean (Huber, 1964)."""

    name = "huber"
    notation = "mean huber({0} − {1}, δ), where huber(d, δ) is ½ d² if |d| ≤ δ, else δ × (|d| − δ/2)"
    term = "huber({0} − {1}, δ)/n"
    slopes = ("clip({0} − {1}, −δ, δ) / n", "clip({1} − {0}, −δ, δ) / n")
    label = "Huber loss"

    delta: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_number(self.delta) or not self.delta > 0:
            raise OpError(f"huber: delta is a number above 0, not {self.delta!r}")

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"δ": self.delta}

    def terms(self, xs: Sequence[Array]) -> Array:
        gap = xs[0] - xs[1]
        delta = gap.dtype.type(self.delta)
        return _bent(gap, delta)

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return np.asarray(np.clip(xs[slot] - xs[1 - slot], -self.delta, self.delta), dtype=xs[0].dtype)
