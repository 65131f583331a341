"""The headline and the sentence of a step whose number a person has set."""

from __future__ import annotations

from gradstep.engine.explain.narrate.narration import Narration
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import said
from gradstep.engine.run.recording import Recording

#: What stands where a number comes from.
BY_YOU = "set by you"


def given(recording: Recording, element: Element, gradient: bool, old: float | None) -> Narration:
    """The step of a number, or of its gradient, that is set and not computed; `old` is what it was, None where it is
    what it was."""
    board = recording.board
    now = said(recording.trace.derivative(element) if gradient else recording.trace.number(element), gradient)
    was = ", as it was" if old is None else f"; it was {said(old, gradient)}"
    name = board.gradient(*element) if gradient else board.element(*element)
    about = f"gradient of {board.element(*element)}" if gradient else name
    return Narration(f"{about}, {BY_YOU}", f"Set by you: {name} is {now}{was}. What depends on it follows.", BY_YOU)
