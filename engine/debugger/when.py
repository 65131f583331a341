"""When did it become true? Back through all iterations to the step at which it did, and what to suspect next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.search import search as search_in
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.suspects import Suspects, suspects
from gradstep.engine.errors import CommandError, GoOn
from gradstep.engine.graph.typed import LETTERS
from gradstep.engine.history import search
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Position


class When(NamedTuple):
    """The moment at which something became true, the name of what its step writes, and what is to be said: when it
    became true, and what to look at next, among it the update, the parameter and the sample."""

    position: Position
    at: str
    text: str
    suspects: Suspects

    def lines(self) -> Iterator[str]:
        """For people."""
        yield self.text

    def document(self) -> dict[str, Any]:
        """For programs."""
        where = {"iteration": self.position.iteration, "step": self.position.step, "at": self.at}
        return {**where, "text": self.text, **self.suspects.document()}


def when(history: History, recording: Recording, here: Position, text: str, go_on: GoOn | None = None) -> When:
    """From a moment of a recording back to the step at which a condition became true: at which it holds, and the one
    before did not; through all iterations in a row in which it holds somewhere to the first of them. `first COND` is
    the first step of all at which it holds. Raises CommandError where it was not true so far, and Interrupted."""
    first = _FIRST.match(text)
    condition = Condition(text[first.end() :] if first else text, recording)
    until = here._replace(step=here.step + 1, term=1) if here.term is None else here
    found = _earliest(history, condition, until, go_on) if first else _latest(history, condition, until, go_on)
    if found is not None:
        moment = f"in iteration {found.iteration:,}, at step" if history.made > 1 else "at step"
        became = "was true for the first time" if first else "became true"
        about = f"'{condition.text}' {became} {moment} {found.step:,}. "
    else:
        found = None if first else _of_the_sum(recording, condition, here)
        said = f"'{condition.text}' was"
        if found is None:
            raise CommandError(f"{said} not true at any step up to here{_never(history, condition, here, go_on)}")
        about = f"{said} never true; but of the sum into the same neuron it is, since step {found.step:,}. "
    frame = Frame(history.recording(found.iteration, go_on), found)
    element = frame.element
    assert element is not None, "a condition holds at steps, and the beginning is none"
    suspected = suspects(history, frame, element, condition, go_on)
    return When(found, frame.recording.typed(element, frame.phase), about + suspected.text, suspected)


#: `first` before a condition, which a value may be called as well.
_FIRST = re.compile(r"first\s+(?!(?:and|or|on|in|is|if)\b)(?=[\w(∂\"'+−-])")


def _earliest(history: History, condition: Condition, until: Position, go_on: GoOn | None) -> Position | None:
    """The first step at which a condition holds, in all iterations up to a moment."""
    for _, place in search.onward(history, [condition], Position(0), until.iteration, go_on):
        found = place.position
        before = found.iteration < until.iteration or found.step < until.step
        return Position(found.step, None, found.iteration) if before else None
    return None


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
