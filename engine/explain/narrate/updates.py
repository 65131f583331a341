"""The headline and the sentence of a step of the update."""

from __future__ import annotations

from itertools import islice
from math import isinf

import numpy as np

from gradstep.engine.explain.narrate.narration import Narration, kind, once
from gradstep.engine.graph.element import Element
from gradstep.engine.notation import Digits, brief, said
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

_AFTER = "The next forward pass will use it."


def _against(recording: Recording, element: Element, moved: float) -> str:
    """Which way a rule of several lines moves a number, and how that fits its gradient."""
    grad = recording.trace.derivative(element)
    way = "up" if moved > 0 else "down"
    by, training = said(abs(moved), digits=Digits.MATH), recording.scenario.training
    if grad == 0:
        why = "although its gradient is exactly 0: what was kept, or weight decay, moves it."
    elif (moved < 0) is (grad < 0):
        up = recording.update.optimizer(element.value)["maximize"]
        why = f"along its gradient: {'the loss is to become large' if up else 'earlier ones or decay weigh more'}."
    else:
        why = "against its gradient." if training.zero_grad else "against its gradient; what is left over has a say."
    return f"{way} by {by}, {why}"


def _unmoved(recording: Recording, element: Element, what: str) -> str:
    """Why a number stays what it is."""
    if not recording.update.steps:
        last = recording.update.rule(element.value)[-1]
        return f"{last.says[0].upper()}{last.says[1:]}, and the {what} stays as it is."
    if recording.trace.derivative(element) == 0 and not _moving(recording, element):
        return f"The gradient is exactly 0, so the {what} stays as it is."
    if recording.update.rate(element.value) == 0:
        return f"The learning rate is 0 in this iteration, so the {what} stays as it is."
    for stage in recording.update.stages(*element):
        if "{norm}" in stage.line.written and isinf(stage.used["norm"]):
            most = stage.used["clip_norm"]
            return (
                f"The clip factor is {brief(most)}/∞ = 0, {_infinite_norm(recording)}: nothing of the gradient is left."
            )
        if stage.line.divisor is not None and isinf(float(np.asarray(stage.line.divisor(dict(stage.used))).item(0))):
            return f"The step is divided by ∞, as the squares of its gradients have overflowed: the {what} stays."
    return f"The change is too small for the last digit of this {what}: it stays as it is."


def _moving(recording: Recording, element: Element) -> bool:
    """Whether anything would move a number at all: its gradient and what is kept of those before, or a weight decay
    beside them."""
    *before, last = islice(recording.update.stages(*element), len(recording.update.rule(element.value)))
    factors = (last.used[s] for _, s in last.line.pieces if s not in ("", "w"))
    own = [factor for factor in factors if isinstance(factor, np.ndarray | np.generic)]
    decays = any(stage.line.symbol == "w" for stage in before) and recording.trace.number(element) != 0
    return decays or all(bool(np.any(np.asarray(factor) != 0)) for factor in own)


def _infinite_norm(recording: Recording) -> str:
    """Why the norm of all gradients is ∞."""
    for parameter in recording.graph.parameters:
        found = np.flatnonzero(np.isinf(recording.trace.gradient(parameter.id)))
        if len(found):
            here = Element(parameter.id, int(found[0]))
            step = recording.timeline.step_of(Phase.BACKWARD, *here)
            at = "" if step is None else f" (step {step:,})"
            return f"because {recording.board.gradient(*here)} is infinite{at}"
    return f"because the squares of the gradients are more than {recording.graph.dtype} can hold together"


def update(recording: Recording, element: Element) -> Narration:
    """The step that gives a parameter its new number."""
    board = recording.board
    name, arrow, what = board.element(*element), board.arrow(*element), kind(board, element)
    old, new = recording.trace.number(element), recording.moved_to(element)
    grad = recording.trace.derivative(element)
    first = recording.timeline.span(Phase.UPDATE)[0] + 1 == recording.timeline.step_of(Phase.UPDATE, *element)
    first = first and recording.iteration == 1
    after = "Until now none had changed: the backward pass used the old numbers." if first else _AFTER
    if not recording.update.optimizer(element.value).known:
        way = f"goes {'up' if new > old else 'down'} by {said(abs(new - old), digits=Digits.MATH)}"
        says = recording.update.rule(element.value)[-1].says
        caption = f"The {what} {way if new != old else 'stays as it is'}: {says}."
    elif new == old:
        caption = _unmoved(recording, element, what)
    elif len(recording.update.rule(element.value)) == 1:
        sign, way = ("negative", "up") if grad < 0 else ("positive", "down")
        caption = (
            f"The gradient is {sign}, so the {what} goes {way} by {said(abs(new - old), digits=Digits.MATH)}. {after}"
        )
    else:
        caption = f"The {what} goes {_against(recording, element, new - old)} {after}"
    alone = arrow and once(recording, element)
    return Narration(f"update {arrow}  ({name})" if alone else f"update {name}", caption)
