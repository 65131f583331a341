"""What is to blame for a gradient that is not finite: what arrives, the slope, or both of them together."""

from __future__ import annotations

from math import isfinite, isinf, isnan

import numpy as np

from gradstep.engine.explain.culprit.parts import (
    Culprit,
    Of,
    Part,
    Term,
    carried,
    gradient_of,
    of_terms,
    to_blame,
    value_of,
)
from gradstep.engine.explain.culprit.values import first_input, floats, operands
from gradstep.engine.explain.hops import Hop
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.run.reading import gradient_segments, numbers_at, term_of
from gradstep.engine.run.recording import Recording


def of_gradient(recording: Recording, element: Element) -> Culprit:
    terms = to_blame(gradient_segments(recording.trace, recording.graph.values[element.value], element.flat))
    pairs = [(gradient_of(recording, term.via), _slope(recording, element, term)) for term in terms]
    if len(terms) == 1 and isfinite(terms[0].upstream) and pairs[0][1].of is Of.SLOPE:
        slope = pairs[0][1]
        if isnan(slope.number) or (isinf(slope.number) and isinf(terms[0].contribution)):
            return of_slope(recording, slope)
    return of_terms(terms, pairs)


def _slope(recording: Recording, element: Element, term: Term) -> Part:
    """The other factor of a term: the number of another element, or a slope."""
    if term.factor is not None:
        return value_of(recording, term.factor)
    segment = term.segment
    hop = Hop(element, term.via, segment.node, segment.slot, term.local, term.contribution)
    return Part(term.local, Of.SLOPE, element, hop)


def of_slope(recording: Recording, slope: Part) -> Culprit:
    """Why a slope is not finite: the operation has none at these numbers, or they are not finite themselves."""
    hop = slope.hop
    assert hop is not None, "it is a slope"
    node = recording.graph.nodes[hop.node]
    bad = first_input(recording, node, hop.target.flat, np.isnan)
    if bad is None and not isinstance(node.op, Elementwise) and not node.op.reduces:
        bad = _output(recording, node, hop)
    bad = bad or first_input(recording, node, hop.target.flat, np.isinf)
    if bad is not None:
        return carried(value_of(recording, bad))
    if node.op.opaque:
        return Culprit(Cause.RECORDED, (slope,))
    if isinstance(node.op, Elementwise) or node.op.reduces:
        term = term_of(recording.trace, node, hop.slot, hop.source.flat, hop.target.flat)
        cause = node.op.undefined(floats(recording, node, hop.target.flat, term))
        if cause is Cause.ZERO_BY_ZERO and isinf(slope.number):
            cause = Cause.DIVISION_BY_ZERO  # that of the numerator, 1/0
        if cause is not None:
            return Culprit(cause, (slope, *operands(recording, node, hop.target.flat, cause, term)))
    if isnan(slope.number):
        return Culprit(Cause.UNDEFINED, (slope,))
    return Culprit(Cause.OVERFLOW if _is_large(recording, node, hop) else Cause.STEEP, (slope,))


def _is_large(recording: Recording, node: Node, hop: Hop) -> bool:
    """Whether an infinite slope is only too large to be held: with more digits it is finite."""
    if not isinstance(node.op, Elementwise | Reduce):
        return False
    term = term_of(recording.trace, node, hop.slot, hop.source.flat, hop.target.flat)
    wider = np.float64 if recording.graph.dtype == np.float32 else np.longdouble
    xs = [x.astype(wider) for x in numbers_at(recording.trace, node, hop.target.flat, term)]
    with np.errstate(all="ignore"):
        return bool(np.isfinite(node.op.local(hop.slot, node.op.forward(xs), xs)).all())


def _output(recording: Recording, node: Node, hop: Hop) -> Element | None:
    """Of an operation within groups, the first output of the source's group that is NaN: the slopes are made of it."""
    grid = recording.trace.column(node, hop.slot, hop.source.flat).grid
    at = grid.take(0, grid.size)
    found = np.flatnonzero(np.isnan(recording.trace.output(node).take(at)))
    return Element(node.output, int(at[found[0]])) if len(found) else None
