"""Moves in time: to the places of a grain after or before another place. Nothing here changes anything."""

from __future__ import annotations

from gradstep.engine.debugger.here import Here
from gradstep.engine.notation import number
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import total
from gradstep.engine.run.timeline import Grain, Phase, Position


def move(recording: Recording, here: Position, grain: Grain, count: int, made: int) -> tuple[Position, int]:
    """As many moves as can be counted at once, up to `count` of them onward in time, or back for a negative one: the
    place, and how many they were; none at the ends of time. A move goes to the nearest place of a grain strictly later
    than `here` (or earlier); from the end of an iteration to the beginning of the next, if that is one of those
    `made`, or the other way."""
    if grain is not Grain.TERM:
        return _counted(recording, here, grain, count, made)
    found = _terms_on(recording, here, count) if count > 0 else _terms_back(recording, here, -count)
    there = here if found is not None else _across(recording, here.iteration, count > 0, made)
    return found or ((here, 0) if there is None else (there, 1))


def _counted(recording: Recording, here: Position, grain: Grain, count: int, made: int) -> tuple[Position, int]:
    """Every iteration has the same places, so all of them are one row, and any number of moves is one sum."""
    time, forward = recording.timeline, count > 0
    places = time.places(grain)
    size = len(places)
    nearest = (here.iteration - 1) * size + time.nearest(grain, here.step, here.term is not None, forward)
    last = nearest + count + (-1 if forward else 1)
    there = min(last, made * size - 1) if forward else max(last, 0)
    moved = abs(there - nearest) + 1 if 0 <= nearest < made * size else 0
    return (Position(places[there % size], None, there // size + 1) if moved else here), moved


def _across(recording: Recording, iteration: int, forward: bool, made: int) -> Position | None:
    if forward:
        return Position(0, None, iteration + 1) if iteration < made else None
    return Position(recording.timeline.total, None, iteration - 1) if iteration > 1 else None


def _terms_on(recording: Recording, here: Position, count: int) -> tuple[Position, int] | None:
    """Up to so many terms onward within a step."""
    step, term, iteration = here
    if term is None:
        step, term = step + 1, 0
    if step > recording.timeline.total:
        return None
    # The last term completes the step, so that "whole" and "all terms in" are one place.
    left = max(terms_at(recording, step) - term, 1)
    return (Position(step, term + count, iteration), count) if count < left else (Position(step, None, iteration), left)


def _terms_back(recording: Recording, here: Position, count: int) -> tuple[Position, int] | None:
    """Up to so many terms back within a step."""
    step, term, iteration = here
    if step == 0:
        return None
    left = term if term is not None else max(terms_at(recording, step), 1)
    if count < left:
        return Position(step, left - count, iteration), count
    return Position(step - 1, None, iteration), left


def terms_at(recording: Recording, step: int) -> int:
    """How many terms a step adds up, or of how many lines the rule of an update is; 0 where it is no sum."""
    if recording.timeline.phase_at(step) is Phase.UPDATE:
        return len(recording.update.lines(recording.timeline.sweep_at(step).value))
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
    through = next((node.line for node in recording.graph.nodes if node.op.opaque), None)
    if through is not None:
        return f"End of iteration {k:,}: loss {before}. {through} is recorded, not explained: there is no next one."
    after = recording.next_loss()
    rose = " The loss rose: the learning rate may be too large." if after > recording.trace.loss else ""
    return f"End of iteration {k:,}: loss {before} → {number(after)}.{rose} i goes on."
