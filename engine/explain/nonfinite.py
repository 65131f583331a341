"""Where numbers stop being finite.

Nothing is masked: NaN and infinities flow as IEEE 754 says. This module asks of a step that wrote
one what it was made of, and so finds the step at which it began: in the iterations before, if it came from there.
"""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain import masks
from gradstep.engine.explain.culprit import Culprit, Of, Part, of_gradient, of_slope, of_update, of_value
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array, pieces
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.reading import gradient_segments
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.timeline import Phase, Sweep


class Trouble(NamedTuple):
    """A number that is not finite: the step of an iteration that wrote it, the element, and what is to blame. The
    number of an update may be one that is kept, and not the new one."""

    step: int
    phase: Phase
    element: Element
    value: float
    blame: Culprit
    iteration: int = 1


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
    array = _written(recording, sweep)
    if recording.scenario.told(array) is not None:  # it was told that all are finite
        return None
    array = array.reshape(-1)
    forward = sweep.phase in (Phase.FORWARD, Phase.LOSS)
    for start, stop in pieces(array.size):
        piece = array[start:stop]
        with np.errstate(all="ignore"):
            if isfinite(float(piece.sum())):  # one pass over the numbers, and nothing allocated
                continue
        bad = ~np.isfinite(piece)
        if forward and bad.any():
            masked = masks.deliberate(recording).get(sweep.value)
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
    return None if isfinite(value) else _trouble(recording, step, sweep, element, value)


def _trouble(recording: Recording, step: int, sweep: Sweep, element: Element, value: float) -> Trouble:
    if _by_hand(recording, sweep, element):
        of = Of.GRADIENT if sweep.phase is Phase.BACKWARD else Of.VALUE
        blame = Culprit(Cause.GIVEN, (Part(value, of, element),))
    elif sweep.phase is Phase.UPDATE:
        blame = of_update(recording, element)
    elif sweep.phase is Phase.BACKWARD:
        blame = of_gradient(recording, element)
    else:
        masked = masks.deliberate(recording).get(element.value)
        node = recording.graph.nodes[sweep.node]
        blame = (
            Culprit(Cause.MASKED)
            if masked is not None and masked.item(element.flat)
            else of_value(recording, node, element.flat, value)
        )
    source = blame.source
    if source is not None and source.of is Of.VALUE and is_given(recording, source.element):
        blame = blame._replace(cause=Cause.GIVEN)
    return Trouble(step, sweep.phase, element, value, blame, recording.iteration)


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


def is_given(recording: Recording, element: Element) -> bool:
    """Whether the number of an element is neither computed nor what an update has made of it."""
    value = recording.graph.values[element.value]
    if value.node >= 0:
        return False
    return not value.trained or _made_by(recording, Part(0.0, Of.VALUE, element)) is None


# Where it began -----------------------------------------------------------------------------------


def origin(recording: Recording, trouble: Trouble) -> Trouble:
    """Where it began: from what is only carried on, to what is not. There may be thousands of steps between, and the
    next step asks for nearly the same: what is found holds for all on the way to it."""
    passed = list[tuple[dict[int, Trouble], int]]()
    while trouble.blame.cause is Cause.CARRIED:
        told = _told(recording)
        if trouble.step in told:
            trouble = told[trouble.step]
            break
        before = _before(recording, trouble)
        if before is None:
            break
        passed.append((told, trouble.step))
        recording, trouble = before
    for told, step in passed:
        told[step] = trouble
    return trouble


def _before(recording: Recording, trouble: Trouble) -> tuple[Recording, Trouble] | None:
    """What is wrong with the number that a trouble comes from, and the iteration in which that was written; None
    where it is no step's."""
    source = trouble.blame.source
    return None if source is None else behind(recording, source)


def behind(recording: Recording, part: Part) -> tuple[Recording, Trouble] | None:
    """What is wrong with a part that is not finite, and the iteration in which it was written; None where that was at
    no step."""
    time, element = recording.timeline, part.element
    if part.of is Of.SLOPE:
        assert part.hop is not None, "it is a slope"
        step = time.step_of(Phase.BACKWARD, *element)
        assert step is not None, "its gradient is computed"
        return recording, Trouble(
            step, Phase.BACKWARD, element, part.number, of_slope(recording, part), recording.iteration
        )
    if part.of is Of.KEPT or (part.of is Of.VALUE and recording.graph.values[element.value].trained):
        return _made_by(recording, part)
    step = time.step_of(time.phase_of(element.value, "grad" if part.of is Of.GRADIENT else "data"), *element)
    found = None if step is None else at(recording, step)
    return None if found is None else (recording, found)


def _made_by(recording: Recording, part: Part) -> tuple[Recording, Trouble] | None:
    """The update before an iteration that made a number with which the iteration begins not finite; None where no
    update did."""
    made_in = _made_in(recording, part.of, part.element, part.symbol) if recording.earlier is not None else 0
    if recording.earlier is None or not made_in:
        return None
    by = recording.earlier(made_in)
    step = by.timeline.step_of(Phase.UPDATE, *part.element)
    assert step is not None, "every parameter is updated"
    if part.of is Of.VALUE and isfinite(float(by.updated(*part.element)[0])):
        return None  # it was set by hand after that
    return by, Trouble(step, Phase.UPDATE, part.element, part.number, of_update(by, part.element), by.iteration)


@remembered
def _made_in(recording: Recording, of: Of, element: Element, symbol: str) -> int:
    """The last iteration, before one that begins with a number which is not finite, that began with a finite one; 0
    where there is none. What is not finite stays so in every update, so it is looked for in ever larger strides, and
    then between the last two."""
    earlier, late, stride = recording.earlier, recording.iteration, 1
    assert earlier is not None, "there is an iteration before"
    guess = _guesses(recording)
    for k in guess:
        if _good(earlier(k), of, element, symbol) and not _good(earlier(k + 1), of, element, symbol):
            return k
    early = 0
    while not early or not _good(earlier(early), of, element, symbol):
        if early == 1:
            return 0
        late = early or late
        early, stride = max(late - stride, 1), 2 * stride
    while late - early > 1:
        middle = (early + late) // 2
        good = _good(earlier(middle), of, element, symbol)
        early, late = (middle, late) if good else (early, middle)
    guess[:] = [early]
    return early


@remembered
def _guesses(recording: Recording) -> list[int]:
    """The iteration that was found last, for another number: nearly always it is the same for all."""
    return []


def _good(recording: Recording, of: Of, element: Element, symbol: str) -> bool:
    """Whether a number with which an iteration begins is finite."""
    if of is Of.KEPT:
        return bool(np.isfinite(recording.update.kept(symbol, *element)).all())
    return isfinite(recording.trace.number(element))


@remembered
def _told(recording: Recording) -> dict[int, Trouble]:
    """Where what is carried on at some steps of a run began."""
    return {}
