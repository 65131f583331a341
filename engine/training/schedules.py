"""How the learning rate changes over the iterations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from math import cos, floor, inf, pi

from gradstep.engine.training import composed
from gradstep.engine.training.composed import Options, Schedule
from gradstep.engine.training.settings import (
    Option,
    above_0,
    at_least_0,
    flag,
    is_number,
    iterations,
    one_of,
    rate,
    share,
    whole_numbers,
)


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


def _restarting(k: int, lr: float, o: Options) -> float:
    length, at = o["t_0"], k
    if o["t_mult"] == 1:
        at %= length
    while at >= length:
        at, length = at - length, length * o["t_mult"]
    return float(_between(lr, o["eta_min"], at / length))


def _polynomial(k: int, lr: float, o: Options) -> float:
    return float(lr * _power(1 - min(k, o["total_iters"]) / o["total_iters"], o["power"]))


def _linear(k: int, lr: float, o: Options) -> float:
    return float(
        lr * _between(o["start_factor"], o["end_factor"], min(k, o["total_iters"]) / o["total_iters"], "linear")
    )


def _grown(k: int, lr: float, base: float, o: Options) -> float:
    """LinearLR from the rate before."""
    start, by, last = o["start_factor"], o["end_factor"] - o["start_factor"], o["total_iters"]
    if k == 0:
        return float(lr * start)
    return lr if k > last else float(lr * (1 + by / (last * start + (k - 1) * by)))


def _shrunk(k: int, lr: float, base: float, o: Options) -> float:
    """PolynomialLR from the rate before."""
    last = o["total_iters"]
    if k == 0 or k > last:
        return lr
    return float(lr * ((1 - k / last) / (1 - (k - 1) / last)) ** o["power"])


def _held(k: int, lr: float, base: float, o: Options) -> float:
    """ConstantLR from the rate before."""
    if k == 0:
        return float(lr * o["factor"])
    return lr if k != o["total_iters"] else float(lr / o["factor"])


def _waved(k: int, lr: float, base: float, o: Options) -> float:
    """CosineAnnealingLR from the rate before; where that is the lowest it begins to rise by a step of its own."""
    last, least = o["t_max"], o["eta_min"]
    if k == 0:
        return lr
    if (k - 1 - last) % (2 * last) == 0:
        return float(lr + (base - least) * (1 - cos(pi / last)) / 2)
    return float((1 + cos(pi * k / last)) / (1 + cos(pi * (k - 1) / last)) * (lr - least) + least)


# To the rate of an average ------------------------------------------------------------------------


def _annealed(k: int, o: Options) -> float:
    """The share of the way that is gone."""
    share = min(k / max(1, o["anneal_epochs"]), 1.0) if o["anneal_epochs"] else 1.0
    return share if o["anneal_strategy"] == "linear" else (1 - cos(pi * share)) / 2


def _swa(k: int, lr: float, o: Options) -> float:
    way = _annealed(k, o)
    return float(o["swa_lr"] * way + lr * (1 - way))


def _swa_from(k: int, lr: float, base: float, o: Options) -> float:
    """SWALR from the rate before: where that began is found again."""
    gone = _annealed(k - 1, o) if k and o["anneal_epochs"] else 0.0
    begun = o["swa_lr"] if gone == 1 else (lr - gone * o["swa_lr"]) / (1 - gone)
    return _swa(k, begun, o)


# Cycles -------------------------------------------------------------------------------------------


def _height(k: int, o: Options) -> float:
    """How high a triangle stands at update k, as a share of the first one's height."""
    up = float(o["step_size_up"])
    total = up + float(o["step_size_down"] or up)
    cycle = floor(1 + k / total)
    x, ratio = 1 + k / total - cycle, up / total
    height = x / ratio if x <= ratio else (x - 1) / (ratio - 1)
    if o["mode"] == "exp_range":
        return height * _power(o["gamma"], k)
    return height / _power(2.0, cycle - 1) if o["mode"] == "triangular2" else height


def _cyclic(k: int, lr: float, o: Options) -> float:
    least = lr if o["base_lr"] is None else o["base_lr"]
    return float(least + (o["max_lr"] - least) * _height(k, o))


def _cyclic_momentum(k: int, o: Options) -> float:
    return float(o["max_momentum"] - (o["max_momentum"] - o["base_momentum"]) * _height(k, o))


# One cycle ----------------------------------------------------------------------------------------


def _cycled(k: int, o: Options, *ends: float) -> float:
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


def _one_cycle(k: int, lr: float, o: Options) -> float:
    most = lr if o["max_lr"] is None else o["max_lr"]
    first = most / o["div_factor"]
    last = first / o["final_div_factor"]
    return _cycled(k, o, first, most, *([first] if o["three_phase"] else []), last)


def _cycled_momentum(k: int, o: Options) -> float:
    high, low = o["max_momentum"], o["base_momentum"]
    return _cycled(k, o, high, low, high, *([high] if o["three_phase"] else []))


#: The schedules by name, as PyTorch's in torch.optim.lr_scheduler, with its options and defaults: StepLR, MultiStepLR,
#: ExponentialLR, LinearLR, PolynomialLR, CosineAnnealingLR and CosineAnnealingWarmRestarts (Loshchilov and Hutter, ICLR
#: 2017), CyclicLR (Smith, WACV 2017), OneCycleLR (Smith and Topin, 2018), ReduceLROnPlateau, SequentialLR and
#: ChainedScheduler, and SWALR of torch.optim.swa_utils; constant with a factor is ConstantLR. LambdaLR and
#: MultiplicativeLR are programs, and a scenario is none.
SCHEDULES: Mapping[str, Schedule] = {
    "constant": Schedule(
        lambda k, lr, o: lr * (o["factor"] if k < o["total_iters"] else 1.0),
        {"factor": at_least_0(1.0), "total_iters": iterations(5)},
        follows=_held,
    ),
    "step": Schedule(
        lambda k, lr, o: lr * _power(o["gamma"], k // o["step_size"]),
        {"step_size": iterations(), "gamma": at_least_0(0.1)},
        {"step_size": "step_size = 100"},
        follows=lambda k, lr, base, o: lr * o["gamma"] if k and k % o["step_size"] == 0 else lr,
    ),
    "multistep": Schedule(
        lambda k, lr, o: lr * _power(o["gamma"], bisect_right(sorted(o["milestones"]), k)),
        {"milestones": whole_numbers(), "gamma": at_least_0(0.1)},
        {"milestones": "milestones = [100, 200]"},
        follows=lambda k, lr, base, o: lr * _power(o["gamma"], o["milestones"].count(k)),
    ),
    "exponential": Schedule(
        lambda k, lr, o: lr * _power(o["gamma"], k),
        {"gamma": at_least_0(None)},
        {"gamma": "gamma = 0.99"},
        follows=lambda k, lr, base, o: lr * o["gamma"] if k else lr,
    ),
    "linear": Schedule(
        _linear,
        {
            "start_factor": Option(1 / 3, "a number above 0, up to 1", lambda x: is_number(x) and 0 < x <= 1),
            "end_factor": share(1.0),
            "total_iters": iterations(5),
        },
        follows=_grown,
    ),
    "polynomial": Schedule(_polynomial, {"total_iters": iterations(5), "power": at_least_0(1.0)}, follows=_shrunk),
    "cosine": Schedule(
        lambda k, lr, o: o["eta_min"] + (lr - o["eta_min"]) * (1 + cos(pi * k / o["t_max"])) / 2,
        {"t_max": iterations(), "eta_min": rate(0.0)},
        follows=_waved,
    ),
    "cosine_warm_restarts": Schedule(
        _restarting,
        {"t_0": iterations(), "t_mult": iterations(1), "eta_min": rate(0.0)},
        {"t_0": "t_0 = 100"},
    ),
    "cyclic": Schedule(
        _cyclic,
        {
            "base_lr": rate(None),
            "max_lr": rate(None),
            "step_size_up": iterations(2000),
            "step_size_down": iterations(),
            "mode": one_of("triangular", "triangular2", "exp_range"),
            "gamma": at_least_0(1.0),
            "cycle_momentum": flag(True),
            "base_momentum": share(0.8),
            "max_momentum": share(0.9),
        },
        {"max_lr": "max_lr = 0.1"},
        momentum=_cyclic_momentum,
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
            "div_factor": above_0(25.0),
            "final_div_factor": above_0(1e4),
            "three_phase": flag(),
        },
        momentum=_cycled_momentum,
    ),
    "swa": Schedule(
        _swa,
        {
            "swa_lr": rate(None),
            "anneal_epochs": iterations(10, least=0),
            "anneal_strategy": one_of("cos", "linear"),
        },
        {"swa_lr": "swa_lr = 0.05"},
        follows=_swa_from,
        goes_on=True,
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
    "sequential": composed.SEQUENTIAL,
    "chained": composed.CHAINED,
}
