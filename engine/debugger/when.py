"""When did it become true? Back through all iterations to the step at which it did, and what to suspect next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.search import search as search_in
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.errors import CommandError, GoOn
from gradstep.engine.explain import remarks, zeros
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.advice import against
from gradstep.engine.explain.nonfinite import Trouble
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.typed import LETTERS
from gradstep.engine.history import search
from gradstep.engine.history.history import History
from gradstep.engine.history.mover import mover
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Position


class When(NamedTuple):
    """The moment at which something became true, the name of what its step writes, and what is to be said: when it
    became true, and what to look at next."""

    position: Position
    at: str
    text: str

    def lines(self) -> Iterator[str]:
        """For people."""
        yield self.text

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {"iteration": self.position.iteration, "step": self.position.step, "at": self.at, "text": self.text}


def when(history: History, recording: Recording, here: Position, text: str, go_on: GoOn | None = None) -> When:
    """From a moment of a recording back to the step at which a condition became true: at which it holds, and the one
    before did not; through all iterations in a row in which it holds somewhere to the first of them. Raises
    CommandError where it was not true so far, and Interrupted."""
    condition = Condition(text, recording)
    found = _latest(history, condition, here._replace(step=here.step + 1, term=1) if here.term is None else here, go_on)
    if found is not None:
        moment = f"in iteration {found.iteration:,}, at step" if history.made > 1 else "at step"
        about = f"'{text}' became true {moment} {found.step:,}. "
    else:
        found = _of_the_sum(recording, condition, here)
        if found is None:
            raise CommandError(f"'{text}' was not true at any step up to here{_never(history, condition, here, go_on)}")
        about = f"'{text}' was never true; but of the sum into the same neuron it is, since step {found.step:,}. "
    frame = Frame(history.recording(found.iteration, go_on), found)
    element = frame.element
    assert element is not None, "a condition holds at steps, and the beginning is none"
    return When(found, frame.recording.typed(element, frame.phase), about + _suspect(history, frame, element))


def _latest(history: History, condition: Condition, here: Position, go_on: GoOn | None) -> Position | None:
    """Where a condition became true that holds now, or held last: from the latest step in a row, or, where
    that is no longer in the first iteration, from the latest iteration in a row."""
    found: Position | None = None
    for recording, place in search.back(history, [condition], here, go_on):
        step = place.position.step
        if found is not None and (recording.iteration != found.iteration or step != found.step - 1):
            break
        found = Position(step, None, recording.iteration)
    if found is None:
        return None
    began = search.began(history, condition, found.iteration, go_on)
    if began > 1 or found.iteration > 1:
        # It did not hold anywhere in the iteration before, so it began with the first place in this one.
        first = search.first_in(history.recording(began, go_on), [condition])
        assert first is not None, "it holds somewhere in that iteration"
        return Position(first.position.step, None, began)
    return found


def _of_the_sum(recording: Recording, condition: Condition, here: Position) -> Position | None:
    """Where a condition about the gradient of a neuron's output holds for its sum instead: people
    who ask for the gradient of h₂ mean the neuron, and its gate stands between the two."""
    text, changed = condition.text, False
    for layer in recording.board.layers:
        if layer.pre >= 0:
            output, pre = (recording.graph.values[v].name for v in (layer.output, layer.pre))
            renamed = re.sub(rf"(?<![{LETTERS}.]){re.escape(output)}(?=\.grad)", pre, text)
            text, changed = renamed, changed or renamed != text
    if not changed:
        return None
    other, start = Condition(text, recording), here._replace(step=here.step + 1, term=1)
    found = next(iter(search_in(recording, [other], start, False)), None)
    return None if found is None else found.position._replace(term=None)


def _never(history: History, condition: Condition, here: Position, go_on: GoOn | None) -> str:
    made = history.made
    later = next(search.onward(history, [condition], here, made, go_on), None)
    if later is None:
        return f"; it never is in {'this iteration' if made == 1 else f'the {made:,} iterations that are made'}"
    at = later[1].position
    moment = f"in iteration {at.iteration:,}, " if at.iteration != here.iteration else ""
    return f"; it will be {moment}at step {at.step:,}"


# What to look at next -----------------------------------------------------------------------------


def _suspect(history: History, frame: Frame, element: Element) -> str:
    """What to look at next, and what to try; in a later iteration that it was not so in the one before, its update."""
    iteration, trouble, moved = frame.position.iteration, frame.story.trouble, ""
    if iteration > 1 and frame.phase in (Phase.FORWARD, Phase.LOSS):
        mover_ = mover(history, element, iteration)
        if mover_ is not None:
            moved = f"the update at the end of iteration {mover_.iteration:,}, {mover_.text}."
    if trouble is not None:
        return _of_trouble(frame, trouble) + (f" Before it: {moved}" if moved else "")
    if moved:
        return f"The next suspect: {moved}"
    found = _of_gradient(frame, element) if frame.phase is Phase.BACKWARD else ""
    if not found and frame.origin.live:
        source = max(frame.origin.live, key=lambda link: abs(link.amount)).source
        found = f"The next suspect: {frame.recording.board.element(*source)}, which enters it."
    return found


def _of_trouble(frame: Frame, trouble: Trouble) -> str:
    told = account(frame.recording, trouble)
    began = told.began
    here = began.step == frame.step and began.iteration == frame.recording.iteration
    there = "" if began.iteration == frame.recording.iteration else f" of iteration {began.iteration:,}"
    moment = "here" if here else f"at step {began.step:,}{there}"
    hint = f" Try: {against(told)}." if began.blame.cause is not Cause.MASKED else ""
    return f"The next suspect: {began.blame.cause.value}, {moment}. {remarks.told(told)}{hint}"


def _of_gradient(frame: Frame, element: Element) -> str:
    """Why a gradient is zero; else what brings the largest part of it; empty where it has no parts."""
    recording, terms = frame.recording, frame.sum.terms
    found = zeros.settled(recording, element)
    if found is not None:
        zero = next(iter(found.found))
        step = recording.timeline.step_of(Phase.BACKWARD, *zero.element) or frame.step
        moment = "here" if step == frame.step else f"at step {step:,}, {recording.board.gradient(*zero.element)}"
        kinds = " and ".join(one.reason.value for one in found.found)
        return f"The next suspect: {kinds}, {moment}. {remarks.zero_reason(recording, element)}"
    if terms is None or not len(terms):
        return ""
    k = int(abs(terms.contribution).argmax())
    via = recording.board.gradient(int(terms.via_value[k]), int(terms.via[k]))
    return f"The next suspect: {via}, which brings the largest part."
