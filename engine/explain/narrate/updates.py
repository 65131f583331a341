"""The headline and the sentence of a step of the update."""

from __future__ import annotations

from gradstep.engine.explain.narrate.narration import Narration, kind
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import Digits, number
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

_AFTER = "The next forward pass will use it."


def _against(recording: Recording, grad: float, moved: float) -> str:
    """Which way a rule of several lines moves a number, and how that fits its gradient."""
    way = "up" if moved > 0 else "down" if moved < 0 else "nowhere"
    by, training = number(abs(moved), Digits.MATH), recording.scenario.training
    if grad == 0:
        why = "although its gradient is exactly 0: what was kept, or weight decay, moves it."
    elif moved * grad < 0:
        why = "against its gradient." if training.zero_grad else "against its gradient; what is left over has a say."
    elif moved * grad > 0:
        why = "along its gradient: earlier ones or decay weigh more."
    else:
        why = "because something here is no number."
    return f"{way} by {by}, {why}"


def update(recording: Recording, element: Element) -> Narration:
    """The step that gives a parameter its new number."""
    board = recording.board
    name, arrow, what = board.element(*element), board.arrow(*element), kind(board, element)
    old, new = recording.trace.number(element), float(recording.updated(*element)[0])
    grad = recording.trace.derivative(element)
    first = recording.timeline.span(Phase.UPDATE)[0] + 1 == recording.timeline.step_of(Phase.UPDATE, *element)
    first = first and recording.iteration == 1
    after = "Until now none had changed: the backward pass used the old numbers." if first else _AFTER
    if new == old:
        caption = f"The change is too small for the last digit of this {what}: it stays as it is."
        if grad == 0:
            caption = f"The gradient is exactly 0, so the {what} stays as it is."
    elif len(recording.update.lines) == 1:
        sign, way = ("negative", "up") if grad < 0 else ("positive", "down")
        caption = f"The gradient is {sign}, so the {what} goes {way} by {number(abs(new - old), Digits.MATH)}. {after}"
    else:
        caption = f"The {what} goes {_against(recording, grad, new - old)} {after}"
    return Narration(f"update {arrow}  ({name})" if arrow else f"update {name}", caption)
