"""Where numbers stop being finite, and what makes them so.

Nothing is masked: NaN and infinities flow as IEEE 754 says. This module asks of a step that wrote
one what it was made of, and so finds the step at which it began.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import isfinite, isinf, isnan
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Array
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.run.reading import forward_segments, gradient_segments, numbers_at, term_of
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.terms import Segment
from gradstep.engine.run.timeline import Phase, Sweep

#: So many numbers are looked at together.
_PIECE = 1 << 16


class Blame(NamedTuple):
    """A cause; and where it is only carried on, the element it comes from: its value or, if
    `gradient`, its gradient."""

    cause: Cause
    source: Element | None = None
    gradient: bool = False


class Trouble(NamedTuple):
    """A number that is not finite: the step that wrote it, the element, and what is to blame."""

    step: int
    phase: Phase
    element: Element
    value: float
    blame: Blame


@remembered
def first(recording: Recording, phase: Phase) -> Trouble | None:
    """The first step of a phase that writes a number which is not finite; forward pass and loss
    are one. An −∞ that a mask puts in on purpose is none."""
    forward = (Phase.FORWARD, Phase.LOSS)
    for sweep in recording.timeline.sweeps:
        if sweep.phase in (forward if phase in forward else (phase,)):
            flat = _first_in(recording, sweep)
            if flat is not None:
                return at(recording, sweep.start + flat + 1)
    return None


def _first_in(recording: Recording, sweep: Sweep) -> int | None:
    array, deliberate = _written(recording, sweep).reshape(-1), None
    if sweep.phase in (Phase.FORWARD, Phase.LOSS):
        deliberate = _deliberate(recording, recording.graph.nodes[sweep.node])
    for start in range(0, array.size, _PIECE):
        piece = array[start : start + _PIECE]
        with np.errstate(all="ignore"):
            if isfinite(float(piece.sum())):  # one pass over the numbers, and nothing allocated
                continue
        bad = ~np.isfinite(piece)
        if deliberate is not None:
            bad &= ~deliberate.reshape(-1)[start : start + _PIECE]
        found = np.flatnonzero(bad)
        if len(found):
            return start + int(found[0])
    return None


def _deliberate(recording: Recording, node: Node) -> Array | None:
    return node.op.deliberate(recording.trace.data[node.output], recording.trace.inputs(node))


def _written(recording: Recording, sweep: Sweep) -> Array:
    """The array that a sweep writes."""
    if sweep.phase is Phase.UPDATE:
        return recording.updated(sweep.value)
    if sweep.phase is Phase.BACKWARD:
        return recording.trace.gradient(sweep.value)
    return recording.trace.data[sweep.value]


def at(recording: Recording, step: int) -> Trouble | None:
    """What is wrong with the number that a step (1 to total) writes; None where it is finite."""
    sweep, flat = recording.timeline.locate(step)
    element = Element(sweep.value, flat)
    if sweep.phase is Phase.UPDATE:
        value = float(recording.updated(sweep.value, flat)[0])
    else:
        value = float(_written(recording, sweep).reshape(-1)[flat])
    if isfinite(value):
        return None
    if sweep.phase is Phase.UPDATE:
        blame = _of_update(recording, element)
    elif sweep.phase is Phase.BACKWARD:
        blame = _of_gradient(recording, element)
    else:
        blame = _of_value(recording, recording.graph.nodes[sweep.node], flat, value)
    source = blame.source
    if blame.cause is Cause.CARRIED and source and not blame.gradient and recording.graph.values[source.value].node < 0:
        blame = Blame(Cause.GIVEN, source)
    return Trouble(step, sweep.phase, element, value, blame)


def origin(recording: Recording, trouble: Trouble) -> Trouble:
    """Where it began: from what is only carried on, to what is not."""
    while trouble.blame.cause is Cause.CARRIED and trouble.blame.source is not None:
        value, flat = trouble.blame.source
        time = recording.timeline
        step = time.step_of(time.phase_of(value, "grad" if trouble.blame.gradient else "data"), value, flat)
        before = None if step is None else at(recording, step)
        if before is None:
            break
        trouble = before
    return trouble


# Values -------------------------------------------------------------------------------------------


def _of_value(recording: Recording, node: Node, flat: int, value: float) -> Blame:
    deliberate = _deliberate(recording, node)
    if deliberate is not None and deliberate.reshape(-1)[flat]:
        return Blame(Cause.GIVEN)
    nan = _input(recording, node, flat, np.isnan) if isnan(value) else None
    if nan is not None:
        return Blame(Cause.CARRIED, nan)
    if node.op.summed or node.op.reduces:
        return _of_sum(recording, node, flat)
    single = isinstance(node.op, Elementwise)
    cause = node.op.undefined(_floats(recording, node, flat)) if single else None
    if cause is not None:
        return Blame(cause)
    infinite = _input(recording, node, flat, np.isinf)
    if infinite is not None and isinf(value):
        return Blame(Cause.CARRIED, infinite)
    if single:
        return Blame(Cause.OVERFLOW if isinf(value) else Cause.UNDEFINED)
    if infinite is not None:
        return Blame(Cause.INFINITE_MINUS_INFINITE)
    # Finite numbers along an axis that give none: their spread is 0 or too large.
    data = recording.trace.data
    grid = node.op.row(0, flat, data[node.output], recording.trace.inputs(node)).grid
    group = data[node.inputs[0]].take(grid.take(0, grid.size))
    return Blame(Cause.ZERO_BY_ZERO if (group == group[0]).all() else Cause.OVERFLOW)


def _floats(recording: Recording, node: Node, flat: int, term: int = 0) -> list[float]:
    return [float(x) for x in numbers_at(recording.trace, node, flat, term)]


def _input(recording: Recording, node: Node, flat: int, test: Callable[[Array], Array]) -> Element | None:
    """The first input element of which `test` is true."""
    data = recording.trace.data
    y, xs = data[node.output], recording.trace.inputs(node)
    for slot, x in enumerate(xs):
        grid = node.op.row(slot, flat, y, xs).grid
        for start in range(0, grid.size, _PIECE):
            at = grid.take(start, min(start + _PIECE, grid.size))
            found = np.flatnonzero(test(x.take(at)))
            if len(found):
                return Element(node.inputs[slot], int(at[found[0]]))
    return None


def _of_sum(recording: Recording, node: Node, flat: int) -> Blame:
    """A value that is a sum, of inputs of which none is NaN."""
    term = _Term.first(forward_segments(recording.trace, node, flat))
    if term is None:
        return Blame(Cause.OVERFLOW)
    if term.opposed:
        return Blame(Cause.INFINITE_MINUS_INFINITE)
    if node.op.reduces and not node.op.summed:
        numbers = _floats(recording, node, flat, term.number)
        cause = node.op.undefined(numbers)
        if cause is not None:
            return Blame(cause)
        infinite = any(map(isinf, numbers))
        return Blame(Cause.CARRIED, term.via) if infinite else Blame(Cause.OVERFLOW)
    if isnan(term.contribution):
        return Blame(Cause.ZERO_TIMES_INFINITE)
    if isinf(term.upstream):
        return Blame(Cause.CARRIED, term.via)
    return Blame(Cause.CARRIED, term.factor) if isinf(term.local) else Blame(Cause.OVERFLOW)


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
            for start in range(0, segment.count, _PIECE):
                contribution = segment.read(start, min(start + _PIECE, segment.count))[2]
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
            Element(segment.via_value, int(segment.via.take(number, number + 1)[0])),
            factor,
            float("nan") if upstream is None else float(upstream[0]),
            float("nan") if local is None else float(local[0]),
            float(contribution[0]),
        )


# Gradients and updates ----------------------------------------------------------------------------


def _of_gradient(recording: Recording, element: Element) -> Blame:
    term = _Term.first(gradient_segments(recording.trace, recording.graph.values[element.value], element.flat))
    if term is None:
        return Blame(Cause.OVERFLOW)
    if term.opposed:
        return Blame(Cause.INFINITE_MINUS_INFINITE)
    if isnan(term.contribution):
        if isnan(term.upstream):
            return Blame(Cause.CARRIED, term.via, True)
        return _of_slope(recording, element, term) if isnan(term.local) else Blame(Cause.ZERO_TIMES_INFINITE)
    if isinf(term.upstream):
        return Blame(Cause.CARRIED, term.via, True)
    return _of_slope(recording, element, term) if isinf(term.local) else Blame(Cause.OVERFLOW)


def _of_slope(recording: Recording, element: Element, term: _Term) -> Blame:
    """A local gradient that is not finite."""
    node = recording.graph.nodes[term.segment.node]
    source = _input(recording, node, term.via.flat, lambda x: ~np.isfinite(x))
    if source is not None:
        return Blame(Cause.CARRIED, source)
    cause = None
    if isinstance(node.op, Elementwise) or node.op.reduces:
        number = term_of(recording.trace, node, term.segment.slot, element.flat, term.via.flat)
        cause = node.op.undefined(_floats(recording, node, term.via.flat, number))
    if cause is None or (cause is Cause.ZERO_BY_ZERO and isinf(term.local)):
        cause = Cause.DIVISION_BY_ZERO if isinf(term.local) else Cause.ZERO_BY_ZERO
    return Blame(cause)


def _of_update(recording: Recording, element: Element) -> Blame:
    grad = recording.trace.gradient(element.value)
    if not isfinite(recording.trace.number(element)):
        return Blame(Cause.CARRIED, element)
    return Blame(Cause.CARRIED, element, True) if not isfinite(grad.item(element.flat)) else Blame(Cause.OVERFLOW)
