"""Gradient descent, and its velocity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from gradstep.engine.training.optimizer import Optimizer, decay, descend
from gradstep.engine.training.rule import Line
from gradstep.engine.training.settings import at_least_0, flag, rate


class _Descent(Optimizer):
    """w ← w − η·g: gradient descent (Robbins and Monro, 1951). With momentum a velocity takes the place of
    the gradient (Polyak, 1964; Nesterov, 1983, in the form of Sutskever et al., ICML 2013)."""

    def wrong(self) -> tuple[str, str] | None:
        if self["nesterov"] and (not self["momentum"] or self["dampening"]):
            return "nesterov", "nesterov needs a momentum and no dampening, as in momentum = 0.9"
        return None

    def kept(self) -> Mapping[str, float]:
        return {"v": 0.0} if self["momentum"] else {}

    def lines(self, t: int) -> tuple[Line, ...]:
        if not self["momentum"]:
            says = "against the gradient, as far as the learning rate says"
            return (*decay(self), descend("{lr}·{g}", lambda n: n["lr"] * n["g"], says))
        found = (*decay(self), self._velocity(t))
        if self["nesterov"]:
            says = "Nesterov looks ahead: the gradient, and where the velocity leads next"
            return (
                *found,
                Line("g", "{g} + {momentum}·{v}", lambda n: n["g"] + n["momentum"] * n["v"], says),
                descend("{lr}·{g}", lambda n: n["lr"] * n["g"], "against both, as far as the learning rate says"),
            )
        says = "against the velocity, as far as the learning rate says"
        return (*found, descend("{lr}·{v}", lambda n: n["lr"] * n["v"], says))

    def _velocity(self, t: int) -> Line:
        if t == 1:
            return Line("v", "{g}", lambda n: n["g"], "the first velocity is the gradient itself")
        if self["dampening"]:
            return Line(
                "v",
                "{momentum}·{v} + (1 − {dampening})·{g}",
                lambda n: n["momentum"] * n["v"] + (1 - n["dampening"]) * n["g"],
                "the velocity keeps a share of itself and takes the dampened gradient",
            )
        return Line(
            "v",
            "{momentum}·{v} + {g}",
            lambda n: n["momentum"] * n["v"] + n["g"],
            "the velocity keeps a share of itself and takes the gradient",
        )


class Sgd(_Descent):
    name = "sgd"
    options: ClassVar = {
        "lr": rate(0.1),  # what the update phase of a file without [training] previews; PyTorch has 0.001
        "momentum": at_least_0(0.0),
        "dampening": at_least_0(0.0),
        "weight_decay": at_least_0(0.0),
        "nesterov": flag(),
    }


class Momentum(_Descent):
    name = "momentum"
    options: ClassVar = {**Sgd.options, "momentum": at_least_0(0.9)}


class Asgd(Optimizer):
    """Steps that shrink as their number grows, for the average of the weights to settle (Polyak and Juditsky, SIAM J.
    Control Optim. 30, 1992; in the form of Bottou, 2010). The average itself is `avg_fn = "swa"`, from one update
    after PyTorch's t0 on."""

    name = "asgd"
    options: ClassVar = {
        "lr": rate(1e-2),
        "lambd": at_least_0(1e-4),
        "alpha": at_least_0(0.75),
        "weight_decay": at_least_0(0.0),
    }

    def kept(self) -> Mapping[str, float]:
        return {"lr_before": 0.0}

    def lines(self, t: int) -> tuple[Line, ...]:
        if t == 1:
            eta = Line("eta", "{lr}", lambda n: n["lr"], "the first step has the rate itself")
        else:
            eta = Line(
                "eta",
                "{lr_before} / (1 + {lambd}·{lr_before}·({t} − 1))^{alpha}",
                lambda n: n["lr_before"] / (1 + n["lambd"] * n["lr_before"] * (n["t"] - 1)) ** n["alpha"],
                "the rate of the update before, less the more updates there were",
            )
        return (
            *decay(self),
            eta,
            Line("lr_before", "{lr}", lambda n: np.full_like(n["w"], n["lr"]), "kept for the next update"),
            Line(
                "w",
                "{w}·(1 − {lambd}·{eta})",
                lambda n: n["w"] * (1 - n["lambd"] * n["eta"]),
                "the number shrinks by itself, whatever its gradient",
            ),
            descend("{eta}·{g}", lambda n: n["eta"] * n["g"], "against the gradient, as far as that rate says"),
        )
