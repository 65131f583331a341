"""Arithmetic on intervals (Moore, Interval Analysis, 1966), for many rows at once.

Rounding needs no care: each operation rounds monotonously, so what is between two numbers stays between their results.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.index import Array


class Interval(NamedTuple):
    """For each row the least and the largest that a number can be. Of an array: that each of its elements can
    be; `ends` are then intervals of its least and its largest element, where these are known."""

    low: Any
    high: Any
    ends: tuple[Interval, Interval] | None = None


ANY = Interval(-np.inf, np.inf)


class Unknown(Exception):
    """Nothing can be said."""


# Comparisons --------------------------------------------------------------------------------------


def certain(found: Any) -> Array:
    """A comparison with NaN is never certain, and comes out as False by itself."""
    return np.asarray(found, dtype=bool)


def compared(op: ast.cmpop, a: Interval, b: Interval) -> tuple[Array, Array]:
    """Whether one number may stand in a relation to another, and whether it must. Raises Unknown where it is none
    of < <= > >= == !=."""
    with np.errstate(all="ignore"):
        less, more = certain(a.high < b.low), certain(a.low > b.high)
        match op:
            case ast.Lt():
                return ~certain(a.low >= b.high), less
            case ast.LtE():
                return ~more, certain(a.high <= b.low)
            case ast.Gt():
                return ~certain(a.high <= b.low), more
            case ast.GtE():
                return ~less, certain(a.low >= b.high)
            case ast.Eq() | ast.NotEq():
                apart = less | more
                same = certain((a.low == a.high) & (b.low == b.high) & (a.low == b.low))
                return (~apart, same) if isinstance(op, ast.Eq) else (~same, apart)
    raise Unknown


# Arithmetic ---------------------------------------------------------------------------------------


def negative(a: Interval) -> Interval:
    ends = None if a.ends is None else (negative(a.ends[1]), negative(a.ends[0]))
    return Interval(-a.high, -a.low, ends)


def wider(a: Interval, slack: float) -> Interval:
    with np.errstate(all="ignore"):
        low, high = a.low - abs(a.low) * slack, a.high + abs(a.high) * slack
    return Interval(low, high)


def arithmetic(op: ast.operator, a: Interval, b: Interval) -> Interval:
    act: Callable[..., Any] | None = {
        ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
    }.get(type(op))  # fmt: skip
    if act is None:
        raise Unknown
    with np.errstate(all="ignore"):
        if isinstance(op, ast.Add):
            low, high = act(a.low, b.low), act(a.high, b.high)
        elif isinstance(op, ast.Sub):
            low, high = act(a.low, b.high), act(a.high, b.low)
        else:
            corners = [act(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
            low, high = (
                np.minimum.reduce(np.broadcast_arrays(*corners)),
                np.maximum.reduce(np.broadcast_arrays(*corners)),
            )
            if isinstance(op, ast.Div):
                through_0 = np.logical_not((b.low > 0) | (b.high < 0))
                low, high = np.where(through_0, -np.inf, low), np.where(through_0, np.inf, high)
    # 0 · ∞ or ∞ − ∞ at a corner: anything is possible. A NaN compares with nothing, so it would be certain of
    # nothing either, but also possible only where the contrary is not certain: it is left as it is.
    ends = (ANY, ANY) if a.ends is not None or b.ends is not None else None
    return Interval(low, high, ends)


def _absolute(a: Interval, slack: float) -> Interval:
    crosses = np.asarray((a.low <= 0) & (a.high >= 0))
    sides = abs(a.low), abs(a.high)
    with np.errstate(all="ignore"):
        low, high = np.where(crosses, 0.0, np.minimum(*sides)), np.maximum(*sides)
    if a.ends is None:
        return Interval(low, high)
    (least, largest) = (_absolute(end._replace(ends=None), slack) for end in a.ends)
    top = Interval(np.maximum(least.low, largest.low), np.maximum(least.high, largest.high))
    return Interval(low, high, (Interval(low, high), top))


def _monotone(act: Callable[[Any], Any], everywhere: bool = True) -> Callable[[Interval, float], Interval]:
    def of(a: Interval, slack: float) -> Interval:
        with np.errstate(all="ignore"):
            found = wider(Interval(act(a.low), act(a.high)), 1e-12)
            if not everywhere:  # below 0 there is no number, and a NaN says nothing of the other end
                found = Interval(np.where(a.low < 0, -np.inf, found.low), np.where(a.low < 0, np.inf, found.high))
        return found if a.ends is None else found._replace(ends=(ANY, ANY))

    return of


def _end(which: int) -> Callable[[Interval, float], Interval]:
    def of(a: Interval, slack: float) -> Interval:
        return a.ends[which] if a.ends is not None else a

    return of


FUNCTIONS: Mapping[str, Callable[[Interval, float], Interval]] = {
    "abs": _absolute,
    "max": _end(1),
    "min": _end(0),
    "mean": lambda a, slack: wider(a._replace(ends=None), slack),
    "exp": _monotone(np.exp),
    "sqrt": _monotone(np.sqrt, False),
    "log": _monotone(np.log, False),
    "sign": _monotone(np.sign),
}
