"""Where numbers stop being finite.

Nothing is masked: NaN and infinities flow as IEEE 754 says. This module asks of a step that wrote
one what it was made of, and so finds the step at which it began.
"""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain import culprit
from gradstep.engine.explain.culprit import Culprit
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array, pieces
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.timeline import Phase, Sweep


class Trouble(NamedTuple):
    """A number that is not finite: the step that wrote it, the element, and what is to blame."""

    step: int
    phase: Phase
    element: Element
    value: float
    blame: Culprit


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
    array, masked = _written(recording, sweep).reshape(-1), None
    if sweep.phase in (Phase.FORWARD, Phase.LOSS):
        masked = culprit.deliberate(recording, recording.graph.nodes[sweep.node])
    for start, stop in pieces(array.size):
        piece = array[start:stop]
        with np.errstate(all="ignore"):
            if isfinite(float(piece.sum())):  # one pass over the numbers, and nothing allocated
                continue
        bad = ~np.isfinite(piece)
        if masked is not None:
            bad &= ~masked.reshape(-1)[start:stop]
        found = np.flatnonzero(bad)
        if len(found):
            return start + int(found[0])
    return None


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
        value = float(recording.updated(*element)[0])
    else:
        value = float(_written(recording, sweep).item(flat))
    if isfinite(value):
        return None
    if _by_hand(recording, sweep, element):
        blame = Culprit(Cause.GIVEN, element, sweep.phase is Phase.BACKWARD)
    elif sweep.phase is Phase.UPDATE:
        blame = culprit.of_update(recording, element)
    elif sweep.phase is Phase.BACKWARD:
        blame = culprit.of_gradient(recording, element)
    else:
        blame = culprit.of_value(recording, recording.graph.nodes[sweep.node], flat, value)
    source = blame.source
    if blame.cause is Cause.CARRIED and source and not blame.gradient and recording.graph.values[source.value].node < 0:
        blame = Culprit(Cause.GIVEN, source)
    return Trouble(step, sweep.phase, element, value, blame)


def _by_hand(recording: Recording, sweep: Sweep, element: Element) -> bool:
    """Whether a number that is not finite would be, had it not been set by hand."""
    if (sweep.phase.kind, sweep.value) not in recording.given or sweep.phase is Phase.UPDATE:
        return False
    trace = recording.trace
    with np.errstate(all="ignore"):
        if sweep.phase is not Phase.BACKWARD:
            node = recording.graph.nodes[sweep.node]
            return isfinite(float(np.asarray(node.op.forward(trace.inputs(node))).item(element.flat)))
        segments = gradient_segments(trace, recording.graph.values[element.value], element.flat)
        return all(isfinite(float(terms.sum())) for segment in segments for *_, terms in segment.pieces())


def origin(recording: Recording, trouble: Trouble) -> Trouble:
    """Where it began: from what is only carried on, to what is not. There may be thousands of steps between, and the
    next step asks for nearly the same: what is found holds for all on the way to it."""
    told, passed = _told(recording), list[int]()
    while trouble.step not in told and trouble.blame.cause is Cause.CARRIED:
        before = _before(recording, trouble)
        if before is None:
            break
        passed.append(trouble.step)
        trouble = before
    trouble = told.get(trouble.step, trouble)
    told.update(dict.fromkeys(passed, trouble))
    return trouble


def _before(recording: Recording, trouble: Trouble) -> Trouble | None:
    """What is wrong with the number that a trouble comes from; None where that is no step's."""
    if trouble.blame.source is None:
        return None
    (value, flat), time = trouble.blame.source, recording.timeline
    step = time.step_of(time.phase_of(value, "grad" if trouble.blame.gradient else "data"), value, flat)
    return None if step is None else at(recording, step)


@remembered
def _told(recording: Recording) -> dict[int, Trouble]:
    """Where what is carried on at some steps of a run began."""
    return {}
