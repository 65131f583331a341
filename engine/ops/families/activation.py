"""Activation functions, each of one number. Those with an option take it as in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.bound import Bound, Calls
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise, chosen
from gradstep.engine.ops.functions import OPEN, PARTED, function
from gradstep.engine.ops.links import multiply
from gradstep.engine.ops.logarithms import log_sigmoid, softplus
from gradstep.engine.ops.op import KEPT
from gradstep.engine.ops.shapes import check_numbers


class _BoundRelu(Bound):
    def forward(self) -> Calls:
        return [partial(np.maximum, self.number(0), self.xs[0], out=self.y)]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        opened = np.empty(self.y.shape, bool)  # a NaN is no shut gate: it is not 0
        return [partial(np.not_equal, self.y, self.number(0), opened), partial(multiply, g, opened, flow, True)]


class Relu(Elementwise):
    name = "relu"
    notation = "max(0, {0})"
    slopes = ("1 if {0} > 0, else 0",)
    kink = "at 0 the slope is taken as 0"
    edge = OPEN
    gated, rectifier = True, True
    label = "ReLU"
    of_whole = KEPT
    bound = _BoundRelu

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.maximum(0, xs[0])  # in this order −0 stays −0

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.asarray(~(xs[0] <= 0))


class _BoundSigmoid(Bound):
    def forward(self) -> Calls:
        y, one = self.y, self.number(1)
        return [
            partial(np.negative, self.xs[0], y),
            partial(np.exp, y, y),
            partial(np.add, one, y, y),
            partial(np.divide, one, y, y),
        ]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        return [
            partial(np.subtract, self.number(1), self.y, flow),
            partial(np.multiply, self.y, flow, flow),
            partial(np.multiply, g, flow, flow),
        ]


class Sigmoid(Elementwise):
    name = "sigmoid"
    notation = "σ({0})"
    slopes = ("σ({0}) × (1 − σ({0}))",)
    label = "σ"
    saturates = True
    positive = True
    bound = _BoundSigmoid

    def forward(self, xs: Sequence[Array]) -> Array:
        # exp(−x) may overflow to ∞ for very negative x; 1 / (1 + ∞) is then the right answer, 0.
        return _sigmoid(xs[0])

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.asarray(y * (1 - y))


class _BoundTanh(Bound):
    def forward(self) -> Calls:
        return [partial(np.tanh, self.xs[0], self.y)]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        return [
            partial(np.multiply, self.y, self.y, flow),
            partial(np.subtract, self.number(1), flow, flow),
            partial(np.multiply, g, flow, flow),
        ]


class Tanh(Elementwise):
    name = "tanh"
    notation = "tanh({0})"
    slopes = ("1 − tanh({0})²",)
    label = "tanh"
    saturates = True
    ufunc = np.tanh
    bound = _BoundTanh

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return 1 - y * y


def _sigmoid(x: Array) -> Array:
    found = np.asarray(np.negative(x))
    return _above_one(np.exp(found, out=found))


def _above_one(power: Array) -> Array:
    """1 / (1 + power), in its place."""
    found = np.asarray(power)
    found += 1
    return np.asarray(np.divide(1, found, out=found))


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
        check_numbers("leaky_relu", negative_slope=self.negative_slope)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"slope": self.negative_slope}

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        slope = x.dtype.type(self.negative_slope)
        if 0 < slope <= 1:
            return np.asarray(np.maximum(x, x * slope))
        return chosen(x > 0, x, x * slope, x.dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return chosen(xs[0] > 0, 1, self.negative_slope, y.dtype)


class Silu(Elementwise):
    """x·σ(x), also called swish (Ramachandran et al., 2017)."""

    name = "silu"
    notation = "{0} × σ({0})"
    slopes = ("σ({0}) × (1 + {0} × (1 − σ({0})))",)
    label = "SiLU"

    def forward(self, xs: Sequence[Array]) -> Array:
        found = _sigmoid(xs[0])
        found *= xs[0]
        return found

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        s = _sigmoid(xs[0])
        found = np.asarray(1 - s)
        found *= xs[0]
        found += 1
        found *= s
        return found


@dataclass(frozen=True)
class Softplus(Elementwise):
    """ln(1 + exp(βx)) / β, in the form that does not overflow; x itself where βx is above the threshold."""

    name = "softplus"
    notation = "ln(1 + exp(β × {0})) / β"
    slopes = ("σ(β × {0})",)
    edge = "where β x is above the threshold it is x itself, with slope 1"
    label = "softplus"

    beta: float = 1.0
    threshold: float = 20.0

    def __post_init__(self) -> None:
        check_numbers("softplus", beta=self.beta, threshold=self.threshold)
        if not self.beta:
            raise OpError("softplus: beta is what the result is divided by, and not 0")
        if self.beta == 1:  # as nearly always: then it is not written
            object.__setattr__(self, "notation", "ln(1 + exp({0}))")
            object.__setattr__(self, "slopes", ("σ({0})",))

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"β": self.beta}

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        scaled = self._scaled(x)
        found = softplus(scaled)
        if self.beta != 1:
            found /= x.dtype.type(self.beta)
        return self._above(scaled, x, found)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        scaled = self._scaled(xs[0])
        return self._above(scaled, 1, _sigmoid(scaled))

    def _scaled(self, x: Array) -> Array:
        return x if self.beta == 1 else np.asarray(x.dtype.type(self.beta) * x)

    def _above(self, scaled: Array, one: Any, other: Array) -> Array:
        """`one` where βx is above the threshold, if it is anywhere."""
        if scaled.max(initial=-np.inf) <= self.threshold:
            return other
        return chosen(np.asarray(scaled > self.threshold), one, other, other.dtype)


def _powers(x: Array) -> tuple[Array, Array]:
    """e = exp(x) and e (e + 2), by which tanh(ln(1 + e)) is e (e + 2) / (e (e + 2) + 2); above 40 it is 1 anyway."""
    power = np.asarray(np.minimum(x, 40))
    np.exp(power, out=power)
    above = np.asarray(power + 2)
    above *= power
    return power, above


def _mish(x: Array) -> Array:
    below, found = _powers(x)
    np.add(found, 2, out=below)
    found /= below
    found *= x
    return found


def _mish_slope(x: Array) -> Array:
    power, bent = _powers(x)
    bent /= bent + 2
    found = np.asarray(power + 1)
    np.divide(power, found, out=found)
    found *= x
    np.multiply(bent, bent, out=power)
    np.subtract(1, power, out=power)
    found *= power
    found += bent
    return found


function("mish", "{0} × tanh(ln(1 + exp({0})))", _mish,
    ("tanh(ln(1 + exp({0}))) + {0} × σ({0}) × (1 − tanh(ln(1 + exp({0})))²)", lambda y, x: _mish_slope(x)),
)  # fmt: skip
function("softsign", "{0} / (1 + |{0}|)", lambda x: x / (1 + np.abs(x)),
    ("1 / (1 + |{0}|)²", lambda y, x: 1 / np.square(1 + np.abs(x)) + 0 * x), saturates=True, **PARTED,
)  # fmt: skip
function("tanhshrink", "{0} − tanh({0})", lambda x: x - np.tanh(x),
    ("tanh({0})²", lambda y, x: np.square(np.tanh(x))), **PARTED)  # fmt: skip
function("logsigmoid", "ln σ({0})", log_sigmoid,
    ("σ(−{0})", lambda y, x: _above_one(np.exp(x))), label="ln σ",
)  # fmt: skip


@dataclass(frozen=True)
class Logit(Elementwise):
    """ln(x / (1 − x)), what σ is the inverse of; with `eps` x is held between ε and 1 − ε first."""

    name = "logit"
    notation = "ln({0} / (1 − {0}))"
    slopes = ("1 / ({0} (1 − {0}))",)
    edge = "beyond 0 and 1 the slope is NaN; with eps it is 0 beyond ε and 1 − ε"
    label = "logit"

    eps: float | None = None

    def __post_init__(self) -> None:
        check_numbers("logit", eps=0 if self.eps is None else self.eps)
        if self.eps is not None:
            object.__setattr__(self, "shuts", True)
            object.__setattr__(self, "notation", "ln(clip({0}, ε, 1 − ε) / (1 − clip({0}, ε, 1 − ε)))")
            object.__setattr__(self, "slopes", ("1 / ({0} (1 − {0})) if ε ≤ {0} ≤ 1 − ε, else 0",))

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {} if self.eps is None else {"ε": self.eps}

    def _held(self, x: Array) -> Array:
        return x if self.eps is None else np.asarray(np.clip(x, self.eps, 1 - self.eps), dtype=x.dtype)

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        return None if 0 < xs[0] < 1 else Cause.UNDEFINED

    def forward(self, xs: Sequence[Array]) -> Array:
        x = self._held(xs[0])
        return np.asarray(np.log(x / (1 - x)))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        low, beyond = (0.0, np.nan) if self.eps is None else (self.eps, 0.0)
        return np.asarray(np.where((x < low) | (x > 1 - low), beyond, 1 / np.abs(x * (1 - x))), dtype=x.dtype)
