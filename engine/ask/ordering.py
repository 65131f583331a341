"""Parameters in an order: the largest gradients first, or values, of all or of those that a pattern names."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.patterns import Pattern
from gradstep.engine.errors import CommandError
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.timeline import Phase, Sweep

#: So many numbers are ranked at a time, and so many of the first are kept.
_PIECE, _KEPT = 1 << 20, 1000


class Order(NamedTuple):
    """A way to sort parameters: what it is called, and the number of each by which the largest come
    first, from values and gradients; None for the order of the file."""

    title: str
    size: Callable[[Array, Array], Array] | None = None
    #: Whether it looks at gradients, which are not there before the backward pass.
    gradients: bool = True


ORDERS = (
    Order("in order", None, False),
    Order("largest ∂ first", lambda w, g: abs(g)),
    Order("smallest ∂ first", lambda w, g: -abs(g)),
    Order("largest value first", lambda w, g: abs(w), False),
    Order("largest ∂ per value first", lambda w, g: abs(g) / np.maximum(abs(w), np.finfo(w.dtype).tiny)),
)


def in_order(recording: Recording, order: int, pattern: str, done: int) -> tuple[Element, ...]:
    """The first thousand of the parameters that a pattern names (empty: all), by one of ORDERS, when so many steps are
    done. Those whose gradients are not complete yet come last, where it looks at them."""
    known = bisect_right(_ends(recording), done) if ORDERS[order].gradients else 0
    return _ranked(recording, order, pattern, known)


@remembered
def _ends(recording: Recording) -> list[int]:
    """The steps with which the gradients of parameters are complete, in the order in which that comes about."""
    return [sweep.stop for sweep in _gradients(recording)]


def _gradients(recording: Recording) -> list[Sweep]:
    roles = recording.graph.values
    return [
        sweep
        for sweep in recording.timeline.sweeps
        if sweep.phase is Phase.BACKWARD and roles[sweep.value].role is Role.PARAMETER
    ]


@remembered
def _ranked(recording: Recording, order: int, pattern: str, known: int) -> tuple[Element, ...]:
    """The same when so many gradients are complete."""
    there = {sweep.value for sweep in _gradients(recording)[:known]}
    named = Pattern(pattern, recording) if pattern else None
    best: list[tuple[float, int, Element]] = []
    for place, parameter in enumerate(recording.graph.parameters):
        for start in range(0, parameter.size, _PIECE):
            flats = np.arange(start, min(start + _PIECE, parameter.size))
            if named is not None:
                flats = flats[named.elements(recording, parameter.id, flats) & (parameter.id in named.values)]
            keys = _keys(recording, ORDERS[order], parameter, flats, place, parameter.id in there)
            if len(keys) > _KEPT:
                top = np.argpartition(-keys, _KEPT)[:_KEPT]
                keys, flats = keys[top], flats[top]
            best += [
                (-k, place * (1 << 40) + f, Element(parameter.id, f))
                for k, f in zip(keys.tolist(), flats.tolist(), strict=True)
            ]
            if len(best) > 4 * _KEPT:
                best = sorted(best)[:_KEPT]
    return tuple(element for _, _, element in sorted(best)[:_KEPT])


def _keys(recording: Recording, order: Order, parameter: Value, flats: Array, place: int, known: bool) -> Array:
    """The number by which each of some elements of a parameter, the `place`-th one, is sorted."""
    if order.size is None:
        return np.asarray(-flats.astype(float) - place * 1e15)
    if order.gradients and not known:
        return np.full(len(flats), -np.inf)
    values = recording.trace.data[parameter.id].reshape(-1)[flats]
    slopes = recording.trace.gradient(parameter.id).reshape(-1)[flats]
    with np.errstate(all="ignore"):
        keys = np.asarray(order.size(values, slopes), dtype=float)
    keys[np.isnan(keys)] = np.inf
    return keys


def check_filter(recording: Recording, text: str) -> str:
    """The pattern that a person typed, if it names a parameter. Raises CommandError if it does not."""
    named = Pattern(text, recording) if text.strip() else None
    if named is not None and not any(p.id in named.values for p in recording.graph.parameters):
        raise CommandError(f"'{text}' names no parameter")
    return text.strip()
