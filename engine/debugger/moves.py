"""One move in time: the nearest place of a grain after or before another one. Nothing here changes anything."""

from __future__ import annotations

from gradstep.engine.debugger.here import Here
from gradstep.engine.notation import number
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import total
from gradstep.engine.run.timeline import Grain, Phase, Position


def next_to(recording: Recording, here: Position, grain: Grain, forward: bool, made: int) -> Position | None:
    """The nearest place of a grain strictly later than `here` in an iteration (or earlier); from the end of an
    iteration the beginning of the next, if that is one of those `made`, or the other way. None at the ends of time."""
    return _within(recording, here, grain, forward) or _across(recording, here.iteration, forward, made)


def _within(recording: Recording, here: Position, grain: Grain, forward: bool) -> Position | None:
    if grain is Grain.TERM:
        return _next_term(recording, here) if forward else _previous_term(recording, here)
    found = recording.timeline.neighbour(grain, here.step, here.term is not None, forward)
    return None if found is None else Position(found, None, here.iteration)


def _across(recording: Recording, iteration: int, forward: bool, made: int) -> Position | None:
    if forward:
        return Position(0, None, iteration + 1) if iteration < made else None
    return Position(recording.timeline.total, None, iteration - 1) if iteration > 1 else None


def _next_term(recording: Recording, here: Position) -> Position | None:
    step, term, iteration = here
    if term is None:
        step, term = step + 1, 0
    if step > recording.timeline.total:
        return None
    # The last term completes the step, so that "whole" and "all terms in" are one place.
    return Position(step, term + 1 if term + 1 < terms_at(recording, step) else None, iteration)


def _previous_term(recording: Recording, here: Position) -> Position | None:
    step, term, iteration = here
    if step == 0:
        return None
    before = (term if term is not None else max(terms_at(recording, step), 1)) - 1
    return Position(step, before, iteration) if before else Position(step - 1, None, iteration)


def terms_at(recording: Recording, step: int) -> int:
    """How many terms a step adds up, or of how many lines the rule of an update is; 0 where it is no sum."""
    if recording.timeline.phase_at(step) is Phase.UPDATE:
        return len(recording.update.lines)
    if step and Here(recording, Position(step)).by_hand:
        return 0
    return total(segments_at(recording.trace, recording.timeline, step))


def fitting(recording: Recording, here: Position) -> Position:
    """The same place; the whole step where it does not add up so many terms: its number may have been set by hand."""
    if here.term is None or here.term < terms_at(recording, here.step):
        return here
    return here._replace(term=None)


def first_term(recording: Recording, here: Position) -> Position:
    """The first term of a step's sum; where it is a single one, the step."""
    return here._replace(term=1 if terms_at(recording, here.step) > 1 else None)


def end(recording: Recording, forward: bool) -> str:
    """What to say where a move meets an end of time."""
    if not forward:
        return "This is the beginning."
    before, k = number(recording.trace.loss), recording.iteration
    if recording.timeline.span(Phase.UPDATE)[0] == recording.timeline.total:
        return f"End of iteration {k:,}: loss {before}. There are no parameters to update."
    after = recording.next_loss()
    rose = " The loss rose: the learning rate may be too large." if after > recording.trace.loss else ""
    return f"End of iteration {k:,}: loss {before} → {number(after)}.{rose} i goes on."
