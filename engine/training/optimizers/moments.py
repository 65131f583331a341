"""Moving averages of the gradient and of its square give each number a step size of its own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.training.optimizer import Optimizer, decay, descend, shrink
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.settings import at_least_0, betas, flag, rate


def _size(n: Numbers) -> Any:
    return np.sqrt(n["v′"]) + n["eps"]


def _raw_size(n: Numbers) -> Any:
    return np.sqrt(n["v"]) + n["eps"]


class Moments(Optimizer):
    """Moving averages of the gradient and of its square, corrected for beginning at 0, give each number a
    step size of its own (Kingma and Ba, ICLR 2015)."""

    def decay(self) -> tuple[Line, ...]:
        """Weight decay, through the gradient or beside it."""
        return shrink(self) if self["decoupled_weight_decay"] else decay(self)

    def kept(self) -> Mapping[str, float]:
        return {"m": 0.0, "v": 0.0}

    def constants(self, t: int) -> Numbers:
        beta1, beta2 = self["betas"]
        return {**super().constants(t), "beta1": beta1, "beta2": beta2}

    def averages(self) -> tuple[Line, Line]:
        """Both moving averages."""
        return (
            Line(
                "m",
                "{beta1}·{m} + (1 − {beta1})·{g}",
                lambda n: n["beta1"] * n["m"] + (1 - n["beta1"]) * n["g"],
                "the first moment: a moving average of the gradient",
            ),
            Line(
                "v",
                "{beta2}·{v} + (1 − {beta2})·{g}²",
                lambda n: n["beta2"] * n["v"] + (1 - n["beta2"]) * (n["g"] * n["g"]),
                "the second moment: a moving average of its square",
            ),
        )


_FIRST = Line(
    "m′",
    "{m} / (1 − {beta1}^{t})",
    lambda n: n["m"] / (1 - n["beta1"] ** n["t"]),
    "bias correction: the average began at 0, so at first it is too small",
)


def _second(symbol: str) -> Line:
    return Line(
        "v′",
        f"{{{symbol}}} / (1 − {{beta2}}^{{t}})",
        lambda n: n[symbol] / (1 - n["beta2"] ** n["t"]),
        "the same for the second moment",
    )


_MEASURED = descend(
    "{lr}·{m′} / (√{v′} + {eps})",
    lambda n: n["lr"] * n["m′"] / _size(n),
    "measured by the usual size of its gradients, so seldom further than η, whatever that size is",
    _size,
)


class Adam(Moments):
    name = "adam"
    options: ClassVar = {
        "lr": rate(1e-3),
        "betas": betas(0.9, 0.999),
        "eps": at_least_0(1e-8),
        "weight_decay": at_least_0(0.0),
        "amsgrad": flag(),
        "decoupled_weight_decay": flag(),
    }

    def kept(self) -> Mapping[str, float]:
        return {**super().kept(), **({"u": 0.0} if self["amsgrad"] else {})}

    def _largest(self) -> tuple[Line, ...]:
        """What AMSGrad puts in the place of the second moment (Reddi et al., ICLR 2018)."""
        if not self["amsgrad"]:
            return ()
        says = "AMSGrad keeps the largest second moment so far (Reddi et al., ICLR 2018)"
        return (Line("u", "max({u}, {v})", lambda n: np.maximum(n["u"], n["v"]), says),)

    def lines(self, t: int) -> tuple[Line, ...]:
        second = _second("u" if self["amsgrad"] else "v")
        return (*self.decay(), *self.averages(), *self._largest(), _FIRST, second, _MEASURED)


class AdamW(Adam):
    """Weight decay beside the gradient and not through it (Loshchilov and Hutter, ICLR 2019)."""

    name = "adamw"
    options: ClassVar = {
        **{name: option for name, option in Adam.options.items() if name != "decoupled_weight_decay"},
        "weight_decay": at_least_0(1e-2),
    }

    def decay(self) -> tuple[Line, ...]:
        return shrink(self)


class NAdam(Moments):
    """Adam that looks ahead as Nesterov does (Dozat, ICLR 2016 workshop): in the place of the first moment stands where
    it leads next. Its momentum grows towards β₁."""

    name = "nadam"
    options: ClassVar = {
        "lr": rate(2e-3),
        "betas": betas(0.9, 0.999),
        "eps": at_least_0(1e-8),
        "weight_decay": at_least_0(0.0),
        "momentum_decay": at_least_0(4e-3),
        "decoupled_weight_decay": flag(),
    }

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        #: The products of the momenta of the first 0, 1, 2, … updates.
        self._products = [1.0]

    def _momentum(self, t: int) -> float:
        return float(self["betas"][0] * (1.0 - 0.5 * 0.96 ** (t * self["momentum_decay"])))

    def constants(self, t: int) -> Numbers:
        while len(self._products) <= t:
            self._products.append(self._products[-1] * self._momentum(len(self._products)))
        product, following = self._products[t], self._momentum(t + 1)
        return {
            **super().constants(t),
            "mu": self._momentum(t),
            "mu_next": following,
            "product": product,
            "product_next": product * following,
        }

    def lines(self, t: int) -> tuple[Line, ...]:
        ahead = Line(
            "m′",
            "{mu_next}·{m} / (1 − {product_next}) + (1 − {mu})·{g} / (1 − {product})",
            lambda n: n["mu_next"] / (1 - n["product_next"]) * n["m"] + (1 - n["mu"]) / (1 - n["product"]) * n["g"],
            "Nesterov's look ahead: the average as the next update will weigh it, and the gradient; both corrected for "
            "beginning at 0",
        )
        return (*self.decay(), *self.averages(), ahead, _second("v"), _MEASURED)


class RAdam(Moments):
    """Adam that does not measure by the second moment until enough gradients are in it to tell (Liu et al., ICLR
    2020)."""

    name = "radam"
    options: ClassVar = {
        "lr": rate(1e-3),
        "betas": betas(0.9, 0.999),
        "eps": at_least_0(1e-8),
        "weight_decay": at_least_0(0.0),
        "decoupled_weight_decay": flag(),
    }

    def _lengths(self, t: int) -> tuple[float, float]:
        """Of how many gradients the second moment is the average: after ever so many updates, and after t."""
        beta2 = float(self["betas"][1])
        longest = 2 / (1 - beta2) - 1
        return longest, longest - 2 * t * beta2**t / (1 - beta2**t)

    def phase(self, t: int) -> Hashable:
        return self._lengths(t)[1] > 5

    def constants(self, t: int) -> Numbers:
        longest, rho = self._lengths(t)
        rectified = 1.0
        if rho > 5:
            rectified = ((rho - 4) * (rho - 2) * longest / ((longest - 4) * (longest - 2) * rho)) ** 0.5
        return {**super().constants(t), "rectified": rectified}

    def lines(self, t: int) -> tuple[Line, ...]:
        if not self.phase(t):
            says = "too few gradients yet to tell their usual size: against the first moment alone"
            last = descend("{lr}·{m′}", lambda n: n["lr"] * n["m′"], says)
            return (*self.decay(), *self.averages(), _FIRST, last)
        last = descend(
            "{lr}·{rectified}·{m′}·√(1 − {beta2}^{t}) / (√{v} + {eps})",
            lambda n: (n["lr"] * n["rectified"] * (1 - n["beta2"] ** n["t"]) ** 0.5) * n["m′"] / _raw_size(n),
            "measured by the usual size of its gradients, and shortened as long as that is known from a few only",
            _raw_size,
        )
        return (*self.decay(), *self.averages(), _FIRST, last)
