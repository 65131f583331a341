"""The gradient, measured by the size that it usually has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.training.optimizer import Optimizer, decay, descend
from gradstep.engine.training.optimizers.moments import Moments
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.settings import at_least_0, below_1, betas, flag, rate


class RmsProp(Optimizer):
    """The gradient measured by a moving average of its size (Hinton, Coursera, 2012, lecture 6e)."""

    name = "rmsprop"
    options: ClassVar = {
        "lr": rate(1e-2),
        "alpha": below_1(0.99),
        "eps": at_least_0(1e-8),
        "weight_decay": at_least_0(0.0),
        "momentum": at_least_0(0.0),
        "centered": flag(),
    }

    def kept(self) -> Mapping[str, float]:
        found = {"v": 0.0} | ({"a": 0.0} if self["centered"] else {})
        return found | ({"b": 0.0} if self["momentum"] else {})

    def lines(self, t: int) -> tuple[Line, ...]:
        average = Line(
            "a",
            "{alpha}·{a} + (1 − {alpha})·{g}",
            lambda n: n["alpha"] * n["a"] + (1 - n["alpha"]) * n["g"],
            "a moving average of the gradient, which is taken off its size",
        )
        found = (
            *decay(self),
            Line(
                "v",
                "{alpha}·{v} + (1 − {alpha})·{g}²",
                lambda n: n["alpha"] * n["v"] + (1 - n["alpha"]) * (n["g"] * n["g"]),
                "a moving average of the gradient's square",
            ),
            *([average] if self["centered"] else []),
        )

        def size(n: Numbers) -> Any:
            square = n["v"] - n["a"] * n["a"] if self["centered"] else n["v"]
            return np.sqrt(square) + n["eps"]

        measured = "{g} / (√({v} − {a}²) + {eps})" if self["centered"] else "{g} / (√{v} + {eps})"
        if not self["momentum"]:
            says = "the gradient, measured by its usual size"
            return (*found, descend(f"{{lr}}·{measured}", lambda n: n["lr"] * n["g"] / size(n), says, size))
        return (
            *found,
            Line(
                "b",
                f"{{momentum}}·{{b}} + {measured}",
                lambda n: n["momentum"] * n["b"] + n["g"] / size(n),
                "a velocity of gradients, each measured by their usual size",
                size,
            ),
            descend("{lr}·{b}", lambda n: n["lr"] * n["b"], "against that velocity, as far as the learning rate says"),
        )


def _grown(n: Numbers) -> Any:
    return np.sqrt(n["s"]) + n["eps"]


class Adagrad(Optimizer):
    """The gradient measured by all gradients so far (Duchi et al., JMLR 12, 2011)."""

    name = "adagrad"
    options: ClassVar = {
        "lr": rate(1e-2),
        "lr_decay": at_least_0(0.0),
        "weight_decay": at_least_0(0.0),
        "initial_accumulator_value": at_least_0(0.0),
        "eps": at_least_0(1e-10),
    }

    def kept(self) -> Mapping[str, float]:
        return {"s": self["initial_accumulator_value"]}

    def lines(self, t: int) -> tuple[Line, ...]:
        rate = "{lr} / (1 + ({t} − 1)·{lr_decay})·" if self["lr_decay"] else "{lr}·"
        return (
            *decay(self),
            Line(
                "s",
                "{s} + {g}²",
                lambda n: n["s"] + n["g"] * n["g"],
                "the squares of all gradients so far: it only grows, and the steps shrink",
            ),
            descend(
                rate + "{g} / (√{s} + {eps})",
                lambda n: n["lr"] / (1 + (n["t"] - 1) * n["lr_decay"]) * n["g"] / _grown(n),
                "the gradient, measured by all that came before",
                _grown,
            ),
        )


def _largest(n: Numbers) -> Any:
    return n["u"]


class Adamax(Moments):
    """Adam with the largest of its gradients, which fades, in the place of their usual size (Kingma and Ba, ICLR 2015,
    sect. 7)."""

    name = "adamax"
    options: ClassVar = {
        "lr": rate(2e-3),
        "betas": betas(0.9, 0.999),
        "eps": at_least_0(1e-8),
        "weight_decay": at_least_0(0.0),
    }

    def kept(self) -> Mapping[str, float]:
        return {"m": 0.0, "u": 0.0}

    def lines(self, t: int) -> tuple[Line, ...]:
        average, _ = self.averages()
        return (
            *decay(self),
            average,
            Line(
                "u",
                "max({beta2}·{u}, |{g}| + {eps})",
                lambda n: np.maximum(n["beta2"] * n["u"], np.abs(n["g"]) + n["eps"]),
                "the largest gradient so far, fading: the newest, or what is left of those before",
            ),
            descend(
                "{lr} / (1 − {beta1}^{t})·{m} / {u}",
                lambda n: n["lr"] / (1 - n["beta1"] ** n["t"]) * n["m"] / _largest(n),
                "measured by its largest gradient, so seldom further than η; corrected for beginning at 0",
                _largest,
            ),
        )


def _spread(n: Numbers) -> Any:
    return np.sqrt(n["v"] + n["eps"])


class Adadelta(Optimizer):
    """Steps as long as the steps before them usually were, whatever the unit of the gradient (Zeiler,
    arXiv:1212.5701)."""

    name = "adadelta"
    options: ClassVar = {
        "lr": rate(1.0),
        "rho": below_1(0.9),
        "eps": at_least_0(1e-6),
        "weight_decay": at_least_0(0.0),
    }

    def kept(self) -> Mapping[str, float]:
        return {"v": 0.0, "a": 0.0}

    def lines(self, t: int) -> tuple[Line, ...]:
        return (
            *decay(self),
            Line(
                "v",
                "{rho}·{v} + (1 − {rho})·{g}²",
                lambda n: n["rho"] * n["v"] + (1 - n["rho"]) * (n["g"] * n["g"]),
                "a moving average of the gradient's square",
            ),
            Line(
                "d",
                "√({a} + {eps}) / √({v} + {eps})·{g}",
                lambda n: np.sqrt(n["a"] + n["eps"]) / _spread(n) * n["g"],
                "the gradient, measured by its usual size and as long as steps usually were",
                _spread,
            ),
            Line(
                "a",
                "{rho}·{a} + (1 − {rho})·{d}²",
                lambda n: n["rho"] * n["a"] + (1 - n["rho"]) * (n["d"] * n["d"]),
                "a moving average of the steps' squares",
            ),
            descend("{lr}·{d}", lambda n: n["lr"] * n["d"], "against it, as far as the learning rate says"),
        )
