"""Steps that take of the gradient its sign, and not its size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import sign
from gradstep.engine.training.optimizer import Optimizer, descend, shrink
from gradstep.engine.training.rule import Line, Numbers
from gradstep.engine.training.settings import Option, at_least_0, betas, is_number, rate


class Lion(Optimizer):
    """The sign of a moving average: every number goes by exactly η (Chen et al., Symbolic Discovery of Optimization
    Algorithms, NeurIPS 2023, algorithm 2)."""

    name = "lion"
    options: ClassVar = {"lr": rate(1e-4), "betas": betas(0.9, 0.99), "weight_decay": at_least_0(0.0)}

    def kept(self) -> Mapping[str, float]:
        return {"m": 0.0}

    def constants(self, t: int) -> Numbers:
        beta1, beta2 = self["betas"]
        return {**super().constants(t), "beta1": beta1, "beta2": beta2}

    def lines(self, t: int) -> tuple[Line, ...]:
        return (
            *shrink(self),
            Line(
                "c",
                "{beta1}·{m} + (1 − {beta1})·{g}",
                lambda n: n["beta1"] * n["m"] + (1 - n["beta1"]) * n["g"],
                "where the average and the gradient lead together",
            ),
            Line(
                "m",
                "{beta2}·{m} + (1 − {beta2})·{g}",
                lambda n: n["beta2"] * n["m"] + (1 - n["beta2"]) * n["g"],
                "a moving average of the gradient, for the next update",
            ),
            descend(
                "{lr}·sign({c})",
                lambda n: n["lr"] * sign(np.asarray(n["c"])),
                "only the sign counts: every number goes as far as the learning rate says",
            ),
        )


class Rprop(Optimizer):
    """A step of its own for each number, longer while its gradient keeps its sign, shorter where that turns (Riedmiller
    and Braun, ICNN 1993). For all samples at once, not for batches."""

    name = "rprop"
    options: ClassVar = {
        "lr": rate(1e-2),
        "etas": Option(
            (0.5, 1.2),
            "two numbers, the first between 0 and 1 and the second above 1",
            lambda x: isinstance(x, list | tuple) and len(x) == 2 and all(map(is_number, x)) and 0 < x[0] < 1 < x[1],
        ),
        "step_sizes": Option(
            (1e-6, 50.0),
            "two numbers above 0, the least and the largest step",
            lambda x: isinstance(x, list | tuple) and len(x) == 2 and all(map(is_number, x)) and 0 < x[0] <= x[1],
        ),
    }

    def kept(self) -> Mapping[str, float]:
        return {"p": 0.0, "s": 0.0}

    def constants(self, t: int) -> Numbers:
        (shorter, longer), (least, most) = self["etas"], self["step_sizes"]
        return {**super().constants(t), "shorter": shorter, "longer": longer, "least": least, "most": most}

    def lines(self, t: int) -> tuple[Line, ...]:
        factor = Line(
            "f",
            "{longer} if {g}·{p} > 0, {shorter} if {g}·{p} < 0, else 1",
            _factor,
            "whether the gradient points the same way as before: then longer steps, else shorter ones",
        )
        begins = Line("s", "{lr}·{f}", lambda n: _within(n, n["lr"] * n["f"]), "the first step is the learning rate")
        goes_on = Line(
            "s", "clip({s}·{f}, {least} … {most})", lambda n: _within(n, n["s"] * n["f"]), "the step of this number"
        )
        turned = "where the gradient has turned the number stays: it may have gone too far"
        return (
            factor,
            begins if t == 1 else goes_on,
            Line("g", "0 if {f} = {shorter}, else {g}", lambda n: np.where(n["f"] == n["shorter"], 0, n["g"]), turned),
            Line("p", "{g}", lambda n: n["g"], "what the next gradient is compared with"),
            descend("sign({g})·{s}", lambda n: sign(np.asarray(n["g"])) * n["s"], "against the sign, by its own step"),
        )


def _factor(n: Numbers) -> Array:
    same = sign(np.asarray(n["g"] * n["p"]))
    return np.where(same > 0, n["longer"], np.where(same < 0, n["shorter"], 1)).astype(same.dtype)


def _within(n: Numbers, step: Any) -> Array:
    return np.asarray(np.clip(step, n["least"], n["most"]))
