"""What is to blame for a parameter's new number that is not finite: the line of the rule at which it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite, isnan
from typing import Any

import numpy as np

from gradstep.engine.explain.culprit.parts import Culprit, Of, Part, carried, gradient_of, value_of
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.update import Stage
from gradstep.engine.training.clipping import LEFT
from gradstep.engine.training.rule import Line, Numbers


def of_update(recording: Recording, element: Element) -> Culprit:
    """Of the first line that makes a number which is not finite. Where all are finite that is none: OVERFLOW."""
    for stage in recording.update.stages(*element):
        if not isfinite(stage.made):
            return _of_line(recording, element, stage)
    return Culprit(Cause.OVERFLOW)


def _of_line(recording: Recording, element: Element, stage: Stage) -> Culprit:
    used, line = stage.used, stage.line
    symbols = {symbol for _, symbol in line.pieces}
    part = next((part for symbol, part in _given(recording, element, used) if symbol in symbols), None)
    if part is not None:
        return carried(part)._replace(line=line)
    if "norm" in symbols and not isfinite(used["norm"]):
        return Culprit(Cause.NORM, _in_norm(recording, element), line)
    if "lr" in symbols and not isfinite(used["lr"]):
        return Culprit(Cause.RATE, line=line)
    cause = _divided(line, used, stage.made)
    return Culprit(cause, _zeros(recording, element, cause), line)


def _given(recording: Recording, element: Element, used: Numbers) -> Iterator[tuple[str, Part]]:
    """The numbers with which an update begins that are not finite: its own, its gradient, what is kept."""
    number, gradient = value_of(recording, element), gradient_of(recording, element)
    if not isfinite(number.number):
        yield "w", number
    if not isfinite(gradient.number):
        yield "g", gradient
        yield "grad", gradient
    for symbol in kept_symbols(recording, element.value):
        kept = float(recording.update.kept(symbol, *element).item(0))
        if not isfinite(kept) and _same(used.get(symbol), kept):
            yield symbol, Part(kept, Of.KEPT, element, symbol=symbol)


def kept_symbols(recording: Recording, value: int) -> tuple[str, ...]:
    """The symbols of what is kept of a parameter from one update to the next."""
    return (*recording.update.optimizer(value).kept(), LEFT)


def _same(now: Any, kept: float) -> bool:
    """Whether a line uses what was kept, and not what an earlier line has put in its place."""
    used = float(np.asarray(now).item(0))
    return used == kept or (isnan(used) and isnan(kept))


def _in_norm(recording: Recording, element: Element) -> tuple[Part, ...]:
    """What makes the norm of all gradients no number: the first of them that is NaN, or what is left over of one."""
    left: tuple[Part, ...] = ()
    for parameter in recording.graph.parameters:
        found = np.flatnonzero(np.isnan(recording.trace.gradient(parameter.id)))
        if len(found):
            return (gradient_of(recording, Element(parameter.id, int(found[0]))),)
        if not left:
            over = np.flatnonzero(np.isnan(recording.update.kept(LEFT, parameter.id)))
            if len(over):
                here = Element(parameter.id, int(over[0]))
                left = (Part(float("nan"), Of.KEPT, here, symbol=LEFT),)
    return left


def _divided(line: Line, used: Mapping[str, Any], made: float) -> Cause:
    """Finite numbers that give none: something is divided by 0, or is too large."""
    if line.divisor is None:
        return Cause.OVERFLOW
    divisor = float(np.asarray(line.divisor(dict(used))).item(0))
    if isnan(divisor):
        return Cause.ROOT_OF_NEGATIVE
    if divisor != 0:
        return Cause.OVERFLOW
    return Cause.ZERO_BY_ZERO if isnan(made) else Cause.DIVISION_BY_ZERO


def _zeros(recording: Recording, element: Element, cause: Cause) -> tuple[Part, ...]:
    """Of 0/0 the gradient, if it is 0."""
    gradient = gradient_of(recording, element)
    return (gradient,) if cause is Cause.ZERO_BY_ZERO and gradient.number == 0 else ()
