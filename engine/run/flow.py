"""How much of the gradient arrives where: the norms at the stations of the deepest way (see `graph.depth`), and what
each hop between two of them has made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import exp, inf, isfinite, log, nan
from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording, remembered


class Hop(NamedTuple):
    """From station number `near`, nearer the loss, to number `far`: the gradient's norm is multiplied by `factor`."""

    far: int
    near: int
    factor: float


def norm(array: Array) -> float:
    """‖array‖₂, scaled so that no square is too large or too small."""
    peak = float(np.abs(array).max()) if array.size else 0.0
    if not peak or not isfinite(peak):
        return peak
    return peak * float(np.linalg.norm((array / array.dtype.type(peak)).astype(np.float64).reshape(-1)))


@remembered
def norms(recording: Recording) -> tuple[float, ...]:
    """‖∂L/∂station‖ of all stations, from the inputs to the loss."""
    return tuple(norm(recording.trace.gradient(value)) for value in recording.board.depth.stations)


@remembered
def ratios(recording: Recording) -> Mapping[int, float]:
    """For each station but the last, and each parameter that meets data, the norm of what arrives relative to what
    arrives at the last station; of a parameter that is used several times the one that is furthest off. NaN where
    that says nothing."""
    depth, trace = recording.board.depth, recording.trace
    if not depth.stations:
        return {}
    near = norm(trace.gradient(depth.stations[-1]))
    found = {value: _ratio(norm(trace.gradient(value)), near) for value in depth.stations[:-1]}
    for parameter, sums in depth.sums.items():
        mine = [_ratio(norm(trace.gradient(v)), near) for v in sums if v <= depth.stations[-1]]
        if mine:
            found[parameter] = max(mine, key=lambda r: abs(log(r)) if 0 < r < inf else -1.0)
    return found


def _ratio(size: float, near: float) -> float:
    return size / near if near and isfinite(near) and size and isfinite(size) else nan


def sizes(norms: Sequence[float]) -> list[float]:
    """The logarithms of norms, from the last station back to the first at which something arrives and is finite."""
    found = []
    for size in reversed(norms):
        if not size or not isfinite(size):
            break
        found.append(log(size))
    return found[::-1]


def lasting(logs: Sequence[float]) -> list[float]:
    """The logarithms of norms, or of products, without what is taken back on the way from the last to the first, as the
    slope of log takes back that of exp: they only fall from the last to the first, or only rise."""
    sign = 1 if logs[0] > logs[-1] else -1
    kept = accumulate((sign * one for one in logs), min)
    return [sign * max(one, sign * logs[-1]) for one in kept]


def hops(logs: Sequence[float]) -> list[Hop]:
    """What each hop does to the gradient for good: where a later one takes it back, the two together are one hop. The
    factors multiply to the ratio of the first station and the last."""
    kept, near, found = lasting(logs), len(logs) - 1, []
    for far in range(len(logs) - 2, -1, -1):
        if far == 0 or (kept[far] == logs[far] and kept[far] != kept[near]):
            found.append(Hop(far, near, exp(kept[far] - kept[near])))
            near = far
    return found
