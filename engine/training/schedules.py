"""How the learning rate changes over the iterations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from math import cos, inf, pi
from typing import Any, NamedTuple

from gradstep.engine.training.settings import Option, at_least_0, flag, is_number, iterations, one_of, rate, share


class Schedule(NamedTuple):
    """How the learning rate changes: `rate(k, lr, options)` is the one of update k, from 0 on. Options whose default is
    None are `filled` in by the training: with its steps, or with its rate. What is `needed` is told by an example.
    `momentum(k, options)` is that of update k where the schedule has one as well."""

    rate: Callable[[int, float, Mapping[str, Any]], float]
    options: Mapping[str, Option]
    needed: Mapping[str, str] = {}
    momentum: Callable[[int, Mapping[str, Any]], float] | None = None
    #: Whether it follows the losses: see `plateau`.
    reacts: bool = False


def _power(base: float, exponent: float) -> float:
    """baseᵉ for base ≥ 0; infinity where Python raises for it."""
    try:
        return float(float(base) ** exponent)
    except OverflowError:
        return inf


def _between(start: float, end: float, share: float, strategy: str = "cos") -> float:
    """From start to end, evenly or along a half wave of the cosine."""
    if strategy == "linear":
        return start + (end - start) * share
    return end + (start - end) / 2 * (1 + cos(pi * share))


def _restarting(k: int, lr: float, o: Mapping[str, Any]) -> float:
    length, at = o["t_0"], k
    if o["t_mult"] == 1:
        at %= length
    while at >= length:
        at, length = at - length, length * o["t_mult"]
    return float(_between(lr, o["eta_min"], at / length))


def _polynomial(k: int, lr: float, o: Mapping[str, Any]) -> float:
    return float(lr * _power(1 - min(k, o["total_iters"]) / o["total_iters"], o["power"]))


def _linear(k: int, lr: float, o: Mapping[str, Any]) -> float:
    return float(
        lr * _between(o["start_factor"], o["end_factor"], min(k, o["total_iters"]) / o["total_iters"], "linear")
    )


# One cycle ----------------------------------------------------------------------------------------


def _cycled(k: int, o: Mapping[str, Any], *ends: float) -> float:
    """Where one cycle is at update k, going through the `ends` of its parts; from the end on it stays."""
    total, pct = o["total_steps"], o["pct_start"]
    stops = [pct * total - 1, total - 1.0]
    if o["three_phase"]:
        stops = [pct * total - 1, 2 * pct * total - 2, total - 1.0]
    start, at = 0.0, min(k, total - 1)
    for number, stop in enumerate(stops):
        if at <= stop or number == len(stops) - 1:
            part = (at - start) / (stop - start) if stop != start else 1.0
            return float(_between(ends[number], ends[number + 1], part, o["anneal_strategy"]))
        start = stop
    raise AssertionError("the last part is that of all updates after it")


def _one_cycle(k: int, lr: float, o: Mapping[str, Any]) -> float:
    most = lr if o["max_lr"] is None else o["max_lr"]
    first = most / o["div_factor"]
    last = first / o["final_div_factor"]
    return _cycled(k, o, first, most, *([first] if o["three_phase"] else []), last)


def _cycled_momentum(k: int, o: Mapping[str, Any]) -> float:
    high, low = o["max_momentum"], o["base_momentum"]
    return _cycled(k, o, high, low, high, *([high] if o["three_phase"] else []))


#: The schedules by name, as PyTorch's in torch.optim.lr_scheduler, with its options and defaults: StepLR, MultiStepLR,
#: ExponentialLR, LinearLR, PolynomialLR, CosineAnnealingLR and CosineAnnealingWarmRestarts (Loshchilov and Hutter, ICLR
#: 2017), OneCycleLR (Smith and Topin, 2018), ReduceLROnPlateau; constant with a factor is ConstantLR.
SCHEDULES: Mapping[str, Schedule] = {
    "constant": Schedule(
        lambda k, lr, o: lr * (o["factor"] if k < o["total_iters"] else 1.0),
        {"factor": at_least_0(1.0), "total_iters": iterations(5)},
    ),
    "step": Schedule(
        lambda k, lr, o: lr * _power(o["gamma"], k // o["step_size"]),
        {"step_size": iterations(), "gamma": at_least_0(0.1)},
        {"step_size": "step_size = 100"},
    ),
    "multistep": Schedule(
        lambda k, lr, o: lr * _power(o["gamma"], bisect_right(sorted(o["milestones"]), k)),
        {
            "milestones": Option(
                None,
                "a list of whole numbers from 0 on",
                lambda x: isinstance(x, list) and all(type(k) is int and k >= 0 for k in x),
            ),
            "gamma": at_least_0(0.1),
        },
        {"milestones": "milestones = [100, 200]"},
    ),
    "exponential": Schedule(
        lambda k, lr, o: lr * _power(o["gamma"], k), {"gamma": at_least_0(None)}, {"gamma": "gamma = 0.99"}
    ),
    "linear": Schedule(
        _linear,
        {
            "start_factor": Option(1 / 3, "a number above 0, up to 1", lambda x: is_number(x) and 0 < x <= 1),
            "end_factor": share(1.0),
            "total_iters": iterations(5),
        },
    ),
    "polynomial": Schedule(_polynomial, {"total_iters": iterations(5), "power": at_least_0(1.0)}),
    "cosine": Schedule(
        lambda k, lr, o: o["eta_min"] + (lr - o["eta_min"]) * (1 + cos(pi * k / o["t_max"])) / 2,
        {"t_max": iterations(), "eta_min": rate(0.0)},
    ),
    "cosine_warm_restarts": Schedule(
        _restarting,
        {"t_0": iterations(), "t_mult": iterations(1), "eta_min": rate(0.0)},
        {"t_0": "t_0 = 100"},
    ),
    "one_cycle": Schedule(
        _one_cycle,
        {
            "max_lr": rate(None),
            "total_steps": iterations(),
            "pct_start": share(0.3),
            "anneal_strategy": one_of("cos", "linear"),
            "cycle_momentum": flag(True),
            "base_momentum": share(0.85),
            "max_momentum": share(0.95),
            "div_factor": Option(25.0, "a number above 0", lambda x: is_number(x) and x > 0),
            "final_div_factor": Option(1e4, "a number above 0", lambda x: is_number(x) and x > 0),
            "three_phase": flag(),
        },
        momentum=_cycled_momentum,
    ),
    "plateau": Schedule(
        lambda k, lr, o: lr,
        {
            "mode": one_of("min", "max"),
            "factor": Option(0.1, "a number from 0 to below 1", lambda x: is_number(x) and 0 <= x < 1),
            "patience": iterations(10, least=0),
            "threshold": at_least_0(1e-4),
            "threshold_mode": one_of("rel", "abs"),
            "cooldown": iterations(0, least=0),
            "min_lr": at_least_0(0.0),
        },
        reacts=True,
    ),
}


#: A rate is not reduced by less: PyTorch's `eps`, under which name optimisers have another option.
_LEAST = 1e-8


class Plateau(NamedTuple):
    """What ReduceLROnPlateau remembers of the losses: the best, how many were no better since, how many are not counted
    yet, and by how much the rate has been reduced of each group."""

    best: float
    bad: int = 0
    cooling: int = 0
    rates: tuple[float, ...] = ()


def begun(rates: tuple[float, ...], o: Mapping[str, Any]) -> Plateau:
    """Before the first loss."""
    return Plateau(inf if o["mode"] == "min" else -inf, rates=rates)


def seen(before: Plateau, loss: float, o: Mapping[str, Any]) -> Plateau:
    """After another loss. What is no better, a NaN among it, counts; after more than `patience` of them the rates are
    multiplied by `factor`, and for `cooldown` iterations none is counted."""
    best, bad, cooling, rates = before
    if _better(loss, best, o):
        best, bad = loss, 0
    else:
        bad += 1
    if cooling > 0:
        cooling, bad = cooling - 1, 0
    if bad > o["patience"]:
        less = (max(lr * o["factor"], o["min_lr"]) for lr in rates)
        rates = tuple(new if old - new > _LEAST else old for old, new in zip(rates, less, strict=True))
        cooling, bad = o["cooldown"], 0
    return Plateau(best, bad, cooling, rates)


def _better(loss: float, best: float, o: Mapping[str, Any]) -> bool:
    sign = 1.0 if o["mode"] == "max" else -1.0
    if o["threshold_mode"] == "abs":
        return bool(sign * loss > sign * best + o["threshold"])
    return bool(sign * loss > sign * best * (1 + sign * o["threshold"]))
