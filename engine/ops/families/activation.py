"""Activation functions, each of one number. Those with an option take it as in PyTorch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise

#: Whoever looks for a NaN wants to see where it goes on.
_OPEN = "a NaN is no shut gate: the slope there is 1"


class Relu(Elementwise):
    name = "relu"
    notation = "max(0, {0})"
    slopes = ("1 if {0} > 0, else 0",)
    kink = "at 0 the slope is taken as 0"
    edge = _OPEN
    gated = True
    rectifier = True
    label = "ReLU"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.maximum(0, xs[0])  # in this order −0 stays −0

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.asarray(~(xs[0] <= 0))


class Sigmoid(Elementwise):
    name = "sigmoid"
    notation = "σ({0})"
    slopes = ("σ({0}) × (1 − σ({0}))",)
    label = "σ"
    saturates = True

    def forward(self, xs: Sequence[Array]) -> Array:
        # exp(−x) may overflow to ∞ for very negative x; 1 / (1 + ∞) is then the right answer, 0.
        return _sigmoid(xs[0])

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.asarray(y * (1 - y))


class Tanh(Elementwise):
    name = "tanh"
    notation = "tanh({0})"
    slopes = ("1 − tanh({0})²",)
    label = "tanh"
    saturates = True

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.tanh(xs[0])

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return 1 - y * y


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def _number(op: str, **options: object) -> None:
    for name, value in options.items():
        if type(value) not in (int, float):
            raise OpError(f"{op}: {name} is a number, not {value!r}")


@dataclass(frozen=True)
class LeakyRelu(Elementwise):
    """x, or a small share of it where it is negative (Maas et al., ICML 2013)."""

    name = "leaky_relu"
    words: ClassVar[Mapping[str, str]] = {"slope": "negative_slope"}
    notation = "{0} if {0} > 0, else slope × {0}"
    slopes = ("1 if {0} > 0, else slope",)
    kink = "at 0 the slope of the negative side is taken"
    edge = "at NaN the slope is that of the negative side"
    label = "leaky ReLU"

    negative_slope: float = 0.01

    def __post_init__(self) -> None:
        _number("leaky_relu", negative_slope=self.negative_slope)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"slope": self.negative_slope}

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.where(xs[0] > 0, xs[0], xs[0] * xs[0].dtype.type(self.negative_slope))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.asarray(np.where(xs[0] > 0, y.dtype.type(1), y.dtype.type(self.negative_slope)))


@dataclass(frozen=True)
class Elu(Elementwise):
    """Clevert et al., ICLR 2016."""

    name = "elu"
    notation = "{0} if {0} > 0, else α × (exp({0}) − 1)"
    slopes = ("1 if {0} > 0, else α × exp({0})",)
    kink = "at 0 the slope of the negative side is taken, which is another one unless α is 1"
    edge = _OPEN
    label = "ELU"

    alpha: float = 1.0

    def __post_init__(self) -> None:
        _number("elu", alpha=self.alpha)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"α": self.alpha}

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        return np.where(x > 0, x, x.dtype.type(self.alpha) * np.expm1(np.minimum(0, x)))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        alpha = y.dtype.type(self.alpha)
        return np.asarray(np.where(xs[0] <= 0, alpha * np.exp(np.minimum(xs[0], 0)), y.dtype.type(1)))


class Gelu(Elementwise):
    """x·Φ(x) with the normal distribution's Φ, exactly and not by the tanh approximation
    (Hendrycks and Gimpel, 2016)."""

    name = "gelu"
    notation = "{0} × Φ({0})"
    slopes = ("Φ({0}) + {0} × φ({0})",)
    label = "GELU"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0] * _phi(xs[0]))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        density = np.exp(-0.5 * np.square(x)) * x.dtype.type(1 / math.sqrt(2 * math.pi))
        return np.asarray(_phi(x) + x * density)


def _phi(x: Array) -> Array:
    """The standard normal distribution function. NumPy has no erf; the standard library's is exact
    to the last digits and slow."""
    scaled = np.asarray(x, dtype=np.float64) * (-1 / math.sqrt(2))
    # erfc keeps the digits of the lower tail, where 1 + erf would have cancelled them.
    return np.asarray(0.5 * _erfc(scaled)).astype(x.dtype)


_erfc = np.vectorize(math.erfc, otypes=[np.float64])


class Silu(Elementwise):
    """x·σ(x), also called swish (Ramachandran et al., 2017)."""

    name = "silu"
    notation = "{0} × σ({0})"
    slopes = ("σ({0}) × (1 + {0} × (1 − σ({0})))",)
    label = "SiLU"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0] * _sigmoid(xs[0]))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        s = _sigmoid(xs[0])
        return np.asarray(s * (1 + xs[0] * (1 - s)))


@dataclass(frozen=True)
class Softplus(Elementwise):
    """ln(1 + exp(βx)) / β, in the form that does not overflow; x itself where βx is above the threshold."""

    name = "softplus"
    notation = "ln(1 + exp(β {0})) / β"
    slopes = ("σ(β {0})",)
    edge = "where β x is above the threshold it is x itself, with slope 1"
    label = "softplus"

    beta: float = 1.0
    threshold: float = 20.0

    def __post_init__(self) -> None:
        _number("softplus", beta=self.beta, threshold=self.threshold)
        if not self.beta:
            raise OpError("softplus: beta is what the result is divided by, and not 0")
        if self.beta == 1:  # as nearly always: then it is not written
            object.__setattr__(self, "notation", "ln(1 + exp({0}))")
            object.__setattr__(self, "slopes", ("σ({0})",))

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        beta = x.dtype.type(self.beta)
        return np.where(beta * x > self.threshold, x, np.logaddexp(beta * x, x.dtype.type(0)) / beta)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        scaled = xs[0].dtype.type(self.beta) * xs[0]
        return np.where(scaled > self.threshold, y.dtype.type(1), _sigmoid(scaled))


class HardTanh(Elementwise):
    name = "hard_tanh"
    notation = "max(−1, min(1, {0}))"
    slopes = ("1 if −1 < {0} < 1, else 0",)
    kink = "at −1 and 1 the slope is taken as 0"
    edge = _OPEN
    gated = True
    label = "hard tanh"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.clip(xs[0], -1, 1), dtype=xs[0].dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return (~((xs[0] <= -1) | (xs[0] >= 1))).astype(y.dtype)
