"""What a number that is not finite is blamed on, and the numbers that it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import isfinite, isinf, isnan
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain.hops import Hop
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import Segment
from gradstep.engine.training.rule import Line


class Of(Enum):
    """Which number of an element: its value, its gradient, the slope of an operation at it, or what an optimiser
    keeps for it."""

    VALUE = "value"
    GRADIENT = "gradient"
    SLOPE = "slope"
    KEPT = "kept"


class Part(NamedTuple):
    """A number from which another one was made. A slope is that of a `hop`, from `element` to its target; what is
    kept has a `symbol`."""

    number: float
    of: Of
    element: Element
    hop: Hop | None = None
    symbol: str = ""


class Culprit(NamedTuple):
    """A cause, and the `parts` that made it: the one that is carried on or given; the 0 of a logarithm or a divisor;
    both factors of 0 · ∞, an infinity of either sign, both sides of 0/0 and ∞/∞. Of an update, the `line` of its rule
    at which it happened."""

    cause: Cause
    parts: tuple[Part, ...] = ()
    line: Line | None = None

    @property
    def source(self) -> Part | None:
        """The number that is carried on; None where something new was made."""
        return self.parts[0] if self.cause in (Cause.CARRIED, Cause.GIVEN) and self.parts else None


def carried(part: Part) -> Culprit:
    return Culprit(Cause.CARRIED, (part,))


def value_of(recording: Recording, element: Element) -> Part:
    return Part(recording.trace.number(element), Of.VALUE, element)


def gradient_of(recording: Recording, element: Element) -> Part:
    return Part(recording.trace.derivative(element), Of.GRADIENT, element)


class Term(NamedTuple):
    """A term of a sum: upstream × local = contribution; NaN where it is no product."""

    segment: Segment
    number: int
    via: Element
    factor: Element | None
    upstream: float
    local: float
    contribution: float

    @classmethod
    def at(cls, segment: Segment, number: int) -> Term:
        upstream, local, contribution = segment.read(number, number + 1)
        factor = None
        if segment.factor is not None:
            factor = Element(segment.factor_value, int(segment.factor.take(number, number + 1)[0]))
        return cls(
            segment,
            number,
            segment.target(number),
            factor,
            float("nan") if upstream is None else float(upstream[0]),
            float("nan") if local is None else float(local[0]),
            float(contribution[0]),
        )


def to_blame(segments: Sequence[Segment]) -> tuple[Term, ...]:
    """The terms of a sum that are to blame for it: the first that is NaN; else the first infinite one, with the first
    of the other sign beside it; none where every term is finite, and only their sum is not."""
    infinite: dict[bool, Term] = {}
    for segment in segments:
        for start, _, _, contribution in segment.pieces():
            for test in (np.isnan, np.isposinf, np.isneginf):
                found = np.flatnonzero(test(contribution))
                if not len(found):
                    continue
                term = Term.at(segment, start + int(found[0]))
                if test is np.isnan:
                    return (term,)
                infinite.setdefault(term.contribution > 0, term)
    return tuple(infinite.values())


def of_terms(terms: Sequence[Term], factors: Sequence[tuple[Part, Part | None]]) -> Culprit:
    """What the terms of a sum that are to blame make of the parts of each, the second None where it is no product."""
    if not terms:
        return Culprit(Cause.OVERFLOW)
    if len(terms) > 1:
        return Culprit(Cause.INFINITE_MINUS_INFINITE, tuple(_larger(*parts) for parts in factors))
    (first, second), term = factors[0], terms[0]
    pair = (first,) if second is None else (first, second)
    bad = [part for part in pair if isnan(part.number)] or [part for part in pair if isinf(part.number)]
    if isnan(term.contribution) and bad and not isnan(bad[0].number):
        return Culprit(Cause.ZERO_TIMES_INFINITE, pair)
    return carried(bad[0]) if bad else Culprit(Cause.OVERFLOW)


def _larger(first: Part, second: Part | None) -> Part:
    """The factor of an infinite product that makes it infinite."""
    return first if second is None or not isfinite(first.number) else second
