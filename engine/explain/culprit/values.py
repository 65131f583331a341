"""What is to blame for a value that is not finite: an operation at these numbers, or what it was made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isfinite, isinf, isnan

import numpy as np

from gradstep.engine.explain.culprit.parts import Culprit, Part, carried, of_terms, to_blame, value_of
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Array, pieces
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.run.reading import forward_segments, numbers_at
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import total

#: Of one number only the first is to blame, whatever else enters.
_OF_THE_FIRST = (Cause.LOG_OF_ZERO, Cause.LOG_OF_NEGATIVE, Cause.ROOT_OF_NEGATIVE, Cause.EXP_OVERFLOW)


def of_value(recording: Recording, node: Node, flat: int, value: float) -> Culprit:
    nan = first_input(recording, node, flat, np.isnan) if isnan(value) else None
    if nan is not None:
        return carried(value_of(recording, nan))
    if node.op.opaque:
        infinite = first_input(recording, node, flat, np.isinf)
        return Culprit(Cause.RECORDED) if infinite is None else carried(value_of(recording, infinite))
    if node.op.summed or node.op.reduces:
        return _of_sum(recording, node, flat)
    single = isinstance(node.op, Elementwise)
    cause = node.op.undefined(floats(recording, node, flat)) if single else None
    if cause is not None:
        return Culprit(cause, operands(recording, node, flat, cause))
    infinite = first_input(recording, node, flat, np.isinf)
    if infinite is not None and isinf(value):
        return carried(value_of(recording, infinite))
    if single:
        parts = () if infinite is None else (value_of(recording, infinite),)
        return Culprit(Cause.OVERFLOW if isinf(value) else Cause.UNDEFINED, parts)
    return _of_group(recording, node, flat, infinite, value)


def _of_group(recording: Recording, node: Node, flat: int, infinite: Element | None, value: float) -> Culprit:
    """Of a number that is made of all along an axis, none of which is NaN."""
    grid = recording.trace.row(node, 0, flat).grid
    if not grid.size:
        return Culprit(Cause.UNDEFINED)
    group = recording.trace.data[node.inputs[0]].take(grid.take(0, grid.size))
    if infinite is None:  # finite numbers: their spread is 0 or too large
        part = value_of(recording, Element(node.inputs[0], int(grid.take(0, 1)[0])))
        alike = isnan(value) and (group == group[0]).all()
        return Culprit(Cause.ZERO_BY_ZERO, (part,)) if alike else Culprit(Cause.OVERFLOW)
    if node.op.shares and np.isneginf(group).all():
        return Culprit(Cause.MASKED_ROW, (value_of(recording, infinite),))
    if node.op.name == "prod":
        zero = first_input(recording, node, flat, lambda x: x == 0)
        assert zero is not None, "an infinite product without a 0 is no NaN"
        return Culprit(Cause.ZERO_TIMES_INFINITE, (value_of(recording, zero), value_of(recording, infinite)))
    positive = first_input(recording, node, flat, np.isposinf) if node.op.shares else infinite
    cause = Cause.INFINITE_MINUS_INFINITE if node.op.shares or node.op.centres else Cause.INFINITE_BY_INFINITE
    return Culprit(cause, (value_of(recording, positive or infinite),))


def floats(recording: Recording, node: Node, flat: int, term: int = 0) -> list[float]:
    """The numbers that enter an output of a function of single numbers, or a term of a sum of one."""
    return [float(x) for x in numbers_at(recording.trace, node, flat, term)]


def operands(recording: Recording, node: Node, flat: int, cause: Cause, term: int = 0) -> tuple[Part, ...]:
    """Those of them that are part of the cause."""
    grids = recording.trace.rows(node, flat)
    terms = max(grid.size for grid in grids)
    places = [int(grid.take(k, k + 1)[0]) for grid in grids for k in (term * grid.size // terms,)]
    found = [value_of(recording, Element(*place)) for place in zip(node.inputs, places, strict=True)]
    if cause in _OF_THE_FIRST:
        return (found[0],)
    zeros = [part for part in found if part.number == 0]
    if cause is Cause.DIVISION_BY_ZERO:
        return (zeros[-1],)
    if cause is Cause.ZERO_BY_ZERO:
        return tuple(zeros)
    infinite = [part for part in found if isinf(part.number)]
    return tuple(zeros[:1] + infinite[:1] if cause is Cause.ZERO_TIMES_INFINITE else infinite or found[:1])


def first_input(recording: Recording, node: Node, flat: int, test: Callable[[Array], Array]) -> Element | None:
    """The first input element of which `test` is true, of those that an output lets through."""
    for slot, value in _let_through(recording, node, flat):
        grid = recording.trace.row(node, slot, flat).grid
        for start, stop in pieces(grid.size):
            at = grid.take(start, stop)
            found = np.flatnonzero(test(recording.trace.data[value].take(at)))
            if len(found):
                return Element(value, int(at[found[0]]))
    return None


def _let_through(recording: Recording, node: Node, flat: int) -> Iterator[tuple[int, int]]:
    """The slots of a node that an output is made from: of one that chooses, those that it has chosen."""
    chooses = node.op.gated and isinstance(node.op, Elementwise)
    for slot, value in enumerate(node.inputs):
        if not chooses or recording.trace.row(node, slot, flat).local(0, 1)[0] != 0:
            yield slot, value


def _of_sum(recording: Recording, node: Node, flat: int) -> Culprit:
    """A value that is a sum, of inputs of which none is NaN."""
    segments = forward_segments(recording.trace, node, flat)
    if not total(segments):
        return Culprit(Cause.UNDEFINED)  # a mean of nothing
    terms = to_blame(segments)
    if node.op.summed:
        pairs = [
            (value_of(recording, t.via), None if t.factor is None else value_of(recording, t.factor)) for t in terms
        ]
        return of_terms(terms, pairs)
    if not terms:
        return Culprit(Cause.OVERFLOW)
    if len(terms) > 1:
        return Culprit(Cause.INFINITE_MINUS_INFINITE, tuple(value_of(recording, t.via) for t in terms))
    term = terms[0]
    numbers = floats(recording, node, flat, term.number)
    cause = node.op.undefined(numbers)
    if cause is None and all(map(isfinite, numbers)):
        return Culprit(Cause.OVERFLOW)
    if cause is None and isinf(term.contribution):
        infinite = operands(recording, node, flat, Cause.INFINITE_MINUS_INFINITE, term.number)
        return carried(infinite[0])
    cause = cause or (Cause.ZERO_TIMES_INFINITE if 0 in numbers else Cause.UNDEFINED)
    return Culprit(cause, operands(recording, node, flat, cause, term.number))
