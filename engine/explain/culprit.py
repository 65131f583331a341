"""What is to blame for a number that is not finite: an operation at these numbers, or what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, isinf, isnan
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Array, pieces
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.run.reading import forward_segments, gradient_segments, numbers_at, term_of
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import Segment


class Culprit(NamedTuple):
    """A cause; and where it is only carried on, the element it comes from: its value or, if
    `gradient`, its gradient."""

    cause: Cause
    source: Element | None = None
    gradient: bool = False


def deliberate(recording: Recording, node: Node) -> Array | None:
    """Where the −∞ that a node computes is there on purpose; None: nowhere."""
    return node.op.deliberate(recording.trace.output(node), recording.trace.inputs(node))


def of_value(recording: Recording, node: Node, flat: int, value: float) -> Culprit:
    masked = deliberate(recording, node)
    if masked is not None and masked.item(flat):
        return Culprit(Cause.GIVEN)
    nan = _input(recording, node, flat, np.isnan) if isnan(value) else None
    if nan is not None:
        return Culprit(Cause.CARRIED, nan)
    if node.op.summed or node.op.reduces:
        return _of_sum(recording, node, flat)
    single = isinstance(node.op, Elementwise)
    cause = node.op.undefined(_floats(recording, node, flat)) if single else None
    if cause is not None:
        return Culprit(cause)
    infinite = _input(recording, node, flat, np.isinf)
    if infinite is not None and isinf(value):
        return Culprit(Cause.CARRIED, infinite)
    if single:
        return Culprit(Cause.OVERFLOW if isinf(value) else Cause.UNDEFINED)
    if infinite is not None:
        return Culprit(Cause.INFINITE_MINUS_INFINITE)
    # Finite numbers along an axis that give none: their spread is 0 or too large.
    grid = recording.trace.row(node, 0, flat).grid
    group = recording.trace.data[node.inputs[0]].take(grid.take(0, grid.size))
    return Culprit(Cause.ZERO_BY_ZERO if (group == group[0]).all() else Cause.OVERFLOW)


def _floats(recording: Recording, node: Node, flat: int, term: int = 0) -> list[float]:
    return [float(x) for x in numbers_at(recording.trace, node, flat, term)]


def _input(recording: Recording, node: Node, flat: int, test: Callable[[Array], Array]) -> Element | None:
    """The first input element of which `test` is true."""
    for value, grid in zip(node.inputs, recording.trace.rows(node, flat), strict=True):
        for start, stop in pieces(grid.size):
            at = grid.take(start, stop)
            found = np.flatnonzero(test(recording.trace.data[value].take(at)))
            if len(found):
                return Element(value, int(at[found[0]]))
    return None


def _of_sum(recording: Recording, node: Node, flat: int) -> Culprit:
    """A value that is a sum, of inputs of which none is NaN."""
    term = _Term.first(forward_segments(recording.trace, node, flat))
    if term is None:
        return Culprit(Cause.OVERFLOW)
    if term.opposed:
        return Culprit(Cause.INFINITE_MINUS_INFINITE)
    if node.op.reduces and not node.op.summed:
        numbers = _floats(recording, node, flat, term.number)
        cause = node.op.undefined(numbers)
        if cause is not None:
            return Culprit(cause)
        if not any(map(isinf, numbers)):
            return Culprit(Cause.OVERFLOW)
        return Culprit(Cause.ZERO_TIMES_INFINITE) if isnan(term.contribution) else Culprit(Cause.CARRIED, term.via)
    if isnan(term.contribution):
        return Culprit(Cause.ZERO_TIMES_INFINITE)
    if isinf(term.upstream):
        return Culprit(Cause.CARRIED, term.via)
    return Culprit(Cause.CARRIED, term.factor) if isinf(term.local) else Culprit(Cause.OVERFLOW)


class _Term(NamedTuple):
    """The term of a sum that is to blame: a NaN before an infinity. `opposed` if there are
    infinities of both signs and no NaN."""

    segment: Segment
    number: int
    via: Element
    factor: Element | None
    upstream: float
    local: float
    contribution: float
    opposed: bool = False

    @classmethod
    def first(cls, segments: Sequence[Segment]) -> _Term | None:
        """None where every term is finite, and only their sum is not."""
        infinite: _Term | None = None
        for segment in segments:
            for start, _, _, contribution in segment.pieces():
                for test in (np.isnan, np.isposinf, np.isneginf):
                    found = np.flatnonzero(test(contribution))
                    if not len(found):
                        continue
                    term = cls._of(segment, start + int(found[0]))
                    if test is np.isnan:
                        return term
                    if infinite is None:
                        infinite = term
                    elif (infinite.contribution > 0) != (term.contribution > 0):
                        infinite = infinite._replace(opposed=True)
        return infinite

    @classmethod
    def _of(cls, segment: Segment, number: int) -> _Term:
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


def of_gradient(recording: Recording, element: Element) -> Culprit:
    term = _Term.first(gradient_segments(recording.trace, recording.graph.values[element.value], element.flat))
    if term is None:
        return Culprit(Cause.OVERFLOW)
    if term.opposed:
        return Culprit(Cause.INFINITE_MINUS_INFINITE)
    if isnan(term.contribution):
        if isnan(term.upstream):
            return Culprit(Cause.CARRIED, term.via, True)
        return _of_slope(recording, element, term) if isnan(term.local) else Culprit(Cause.ZERO_TIMES_INFINITE)
    if isinf(term.upstream):
        return Culprit(Cause.CARRIED, term.via, True)
    return _of_slope(recording, element, term) if isinf(term.local) else Culprit(Cause.OVERFLOW)


def _of_slope(recording: Recording, element: Element, term: _Term) -> Culprit:
    """A local gradient that is not finite."""
    node = recording.graph.nodes[term.segment.node]
    source = _input(recording, node, term.via.flat, lambda x: ~np.isfinite(x))
    if source is not None:
        return Culprit(Cause.CARRIED, source)
    cause = None
    if isinstance(node.op, Elementwise) or node.op.reduces:
        number = term_of(recording.trace, node, term.segment.slot, element.flat, term.via.flat)
        cause = node.op.undefined(_floats(recording, node, term.via.flat, number))
    if cause is None or (cause is Cause.ZERO_BY_ZERO and isinf(term.local)):
        cause = Cause.DIVISION_BY_ZERO if isinf(term.local) else Cause.ZERO_BY_ZERO
    return Culprit(cause)


def of_update(recording: Recording, element: Element) -> Culprit:
    if not isfinite(recording.trace.number(element)):
        return Culprit(Cause.CARRIED, element)
    return (
        Culprit(Cause.CARRIED, element, True)
        if not isfinite(recording.trace.derivative(element))
        else Culprit(Cause.OVERFLOW)
    )
