"""The headline and the sentence of a step of the backward pass, for the gradient of a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.narrate.narration import Narration, kind, shown
from gradstep.engine.explain.remarks import zero_reason
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.run.recording import Recording


def of_parameter(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Narration:
    """The step that computes ∂L/∂element of a parameter."""
    board = recording.board
    name, arrow, what = board.element(*element), board.arrow(*element), kind(board, element)
    headline = f"{what} {arrow}  ({name})" if arrow else f"parameter {name}"
    if not ways:
        return Narration(headline, f"No path leads from {name} to the loss, so its gradient is exactly 0.", "")
    told = _several(recording, element, count, ways) if count > 1 else _single(recording, ways[0], name, what)
    return Narration(headline, told, "kept for update")


def _several(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> str:
    name, total = recording.board.element(*element), shown(recording.trace.derivative(element), True)
    if count == recording.samples.count and _one_a_sample(recording, ways):
        return f"{name} acts on each of the {count} samples: a row for each, and they add up to {total}."
    return f"{name} is used {count} times, so {count} parts add up to {total}."


def _single(recording: Recording, hop: Hop, name: str, what: str) -> str:
    local, direction = shown(hop.local, True), _direction(recording, hop.contribution)
    if recording.trace.derivative(hop.target) == 0:
        why = zero_reason(recording, hop.target) or "Nothing arrives here."
        return f"{why} So this {what} learns nothing from this sample."
    if what == "bias":
        return f"A bias is added as it is (local gradient 1), so it gets the whole upstream gradient: {direction}"
    op = recording.graph.nodes[hop.node].op
    if isinstance(op, Rowwise) and op.gated:
        return _chosen(op, hop, name)
    if hop.factor is None:
        return f"Its local gradient is {local}: {direction}"
    source = recording.board.element(*hop.factor)
    if hop.local == 0:
        return f"Its input {source} is exactly 0, so this {what} had no influence: gradient 0."
    factor = shown(hop.local)
    return f"This {what} multiplied {source} = {factor}, so it gets the upstream gradient times {factor}: {direction}"


def _one_a_sample(recording: Recording, ways: Sequence[Hop]) -> bool:
    """Whether the hops lead to the samples of the batch one after the other (as far as they are listed)."""
    found = [recording.samples.of(*hop.target) for hop in ways]
    return found == list(range(len(found)))


def _chosen(op: Op, hop: Hop, name: str) -> str:
    """Of an input of a maximum or minimum: whether it is the one, or one of several."""
    if hop.local == 1:
        return f"{name} is the {op.label} that was chosen: it gets the whole gradient."
    if hop.local > 0:
        equal = round(1 / hop.local)
        return f"{name} is one of {equal} that are the {op.label}: it gets 1/{equal} of the gradient."
    return f"{name} is not the {op.label} that was chosen: exactly 0."


def _direction(recording: Recording, grad: float) -> str:
    if not isfinite(recording.trace.loss):
        return "but the loss is not finite, so it does not say which way to go."
    if grad < 0:
        return "negative, so raising it lowers the loss."
    if grad > 0:
        return "positive, so lowering it lowers the loss."
    return "exactly 0." if grad == 0 else "no number."
