"""Moving averages of the gradient and of its square give each number a step size of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.training.optimizer import Optimizer, decay, descend
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.settings import at_least_0, betas, flag, rate


def _size(n: Numbers) -> Any:
    return np.sqrt(n["v′"]) + n["eps"]


class _Moments(Optimizer):
    """Moving averages of the gradient and of its square, corrected for beginning at 0, give each number a
    step size of its own (Kingma and Ba, ICLR 2015)."""

    @abstractmethod
    def decay(self) -> tuple[Line, ...]:
        """Weight decay."""

    def kept(self) -> Mapping[str, float]:
        return {"m": 0.0, "v": 0.0} | ({"u": 0.0} if self["amsgrad"] else {})

    def constants(self, t: int) -> Numbers:
        beta1, beta2 = self["betas"]
        return {**super().constants(t), "beta1": beta1, "beta2": beta2}

    def _largest(self) -> tuple[Line, ...]:
        """What AMSGrad puts in the place of the second moment (Reddi et al., ICLR 2018)."""
        if not self["amsgrad"]:
            return ()
        says = "AMSGrad keeps the largest second moment so far (Reddi et al., ICLR 2018)"
        return (Line("u", "max({u}, {v})", lambda n: np.maximum(n["u"], n["v"]), says),)

    def lines(self, t: int) -> tuple[Line, ...]:
        second = "u" if self["amsgrad"] else "v"
        return (
            *self.decay(),
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
            *self._largest(),
            Line(
                "m′",
                "{m} / (1 − {beta1}^{t})",
                lambda n: n["m"] / (1 - n["beta1"] ** n["t"]),
                "bias correction: the average began at 0, so at first it is too small",
            ),
            Line(
                "v′",
                f"{{{second}}} / (1 − {{beta2}}^{{t}})",
                lambda n: n[second] / (1 - n["beta2"] ** n["t"]),
                "the same for the second moment",
            ),
            descend(
                "{lr}·{m′} / (√{v′} + {eps})",
                lambda n: n["lr"] * n["m′"] / _size(n),
                "measured by the usual size of its gradients, so seldom further than η, whatever that size is",
                _size,
            ),
        )


class Adam(_Moments):
    name = "adam"
    options: ClassVar = {
        "lr": rate(1e-3),
        "betas": betas(0.9, 0.999),
        "eps": at_least_0(1e-8),
        "weight_decay": at_least_0(0.0),
        "amsgrad": flag(),
    }

    def decay(self) -> tuple[Line, ...]:
        return decay(self)


class AdamW(_Moments):
    """Weight decay beside the gradient and not through it (Loshchilov and Hutter, ICLR 2019)."""

    name = "adamw"
    options: ClassVar = {**Adam.options, "weight_decay": at_least_0(1e-2)}

    def decay(self) -> tuple[Line, ...]:
        if not self["weight_decay"]:
            return ()
        says = "decoupled weight decay: the number shrinks by itself, whatever its gradient"
        return (Line("w", "{w}·(1 − {lr}·{weight_decay})", lambda n: n["w"] * (1 - n["lr"] * n["weight_decay"]), says),)
