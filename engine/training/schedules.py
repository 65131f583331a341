"""How the learning rate changes over the iterations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import cos, inf, pi
from typing import Any, NamedTuple

from gradstep.engine.training.settings import Option, at_least_0, iterations, rate


class Schedule(NamedTuple):
    """How the learning rate changes: `rate(k, lr, options)` is the one of update k, from 0 on."""

    rate: Callable[[int, float, Mapping[str, Any]], float]
    options: Mapping[str, Option]


def _power(base: float, exponent: int) -> float:
    """baseᵉ for base ≥ 0; infinity where Python raises for it."""
    try:
        return float(base) ** exponent
    except OverflowError:
        return inf


#: The schedules by name, as PyTorch's StepLR and CosineAnnealingLR (Loshchilov and Hutter, ICLR 2017).
SCHEDULES: Mapping[str, Schedule] = {
    "constant": Schedule(lambda k, lr, o: lr, {}),
    "step": Schedule(
        lambda k, lr, o: lr * _power(o["gamma"], k // o["step_size"]),
        {"step_size": iterations(), "gamma": at_least_0(0.1)},
    ),
    "cosine": Schedule(
        lambda k, lr, o: o["eta_min"] + (lr - o["eta_min"]) * (1 + cos(pi * k / o["t_max"])) / 2,
        {"t_max": iterations(), "eta_min": rate(0.0)},
    ),
}
