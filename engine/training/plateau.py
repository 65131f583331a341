"""The schedule that follows the losses."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Any, NamedTuple

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
