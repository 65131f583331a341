"""The headline and the sentence of a step of the backward pass, for the gradient of a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.kinks import at_kink
from gradstep.engine.explain.narrate.meeting import feeds
from gradstep.engine.explain.narrate.narration import Narration, kind, once
from gradstep.engine.explain.remarks import zero_reason
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.notation import said
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.run.recording import Recording


def of_parameter(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Narration:
    """The step that computes ∂L/∂element of a parameter."""
    board = recording.board
    name, arrow, what = board.element(*element), board.arrow(*element), kind(board, element)
    headline = f"{what} {arrow}  ({name})" if arrow and once(recording, element) else f"{what} {name}"
    if not ways:
        return Narration(headline, f"No path leads from {name} to the loss, so its gradient is exactly 0.", "")
    told = _several(recording, element, count, ways) if count > 1 else _single(recording, ways[0], name, what)
    return Narration(headline, told, "kept for update")


def _several(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> str:
    name, total = recording.board.element(*element), said(recording.trace.derivative(element), True)
    if count == recording.samples.count and _one_a_sample(recording, ways):
        return f"{name} acts on each of the {count:,} samples: one part from each, and they add up to {total}."
    return f"{name} {feeds(recording, element)}, so {count:,} parts add up to {total}."


def _single(recording: Recording, hop: Hop, name: str, what: str) -> str:
    if recording.trace.derivative(hop.target) == 0:
        why = zero_reason(recording, hop.target) or "Nothing arrives here."
        return f"{why} So this {what} learns nothing from this {'sample' if recording.samples.count < 2 else 'batch'}."
    op = recording.graph.nodes[hop.node].op
    if isinstance(op, Linear) and hop.slot == _BIAS:
        gets = "A bias is added as it is (local gradient 1), so it gets the whole upstream gradient"
        return _directed(recording, gets, hop)
    if isinstance(op, Rowwise) and op.gated:
        return _chosen(op, hop, name)
    if hop.factor is not None:
        return _multiplied(recording, hop, hop.factor, what)
    if hop.local == 0:
        return zero_reason(recording, hop.source) or "Its local gradient is exactly 0, and so is its gradient."
    return _directed(recording, f"Its local gradient is {said(hop.local, True)}; its gradient", hop, is_=True)


#: The slot of a weighted sum that is added.
_BIAS = 2


def _multiplied(recording: Recording, hop: Hop, factor: Element, what: str) -> str:
    """Of a parameter that is one factor of a product, beside the other."""
    by = said(hop.local)
    literal = recording.graph.values[factor.value].role is Role.LITERAL
    other = by if literal else f"{recording.board.element(*factor)} = {by}"
    if hop.local == 0 and not literal:
        source = (
            f"Its input {recording.board.element(*factor)}"
            if what == "weight"
            else f"What it multiplied, {recording.board.element(*factor)},"
        )
        return f"{source} is exactly 0, so this {what} had no influence: gradient 0."
    return _directed(recording, f"This {what} multiplied {other}, so it gets the upstream gradient times {by}", hop)


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


def _directed(recording: Recording, text: str, hop: Hop, is_: bool = False) -> str:
    """What a parameter gets, and the way in which it is to go; none where the loss is not finite, or where the slope
    is a convention."""
    grad, link = hop.contribution, " is" if is_ else ":"
    sign = "negative" if grad < 0 else "positive" if grad > 0 else "exactly 0" if grad == 0 else "no number"
    if not isfinite(recording.trace.loss):
        return f"{text}{link} {sign}. As the loss is not finite, it does not say which way to go."
    if not grad or grad != grad or at_kink(recording, hop):
        return f"{text}{link} {sign}."
    return f"{text}{link} {sign}, so {'raising' if grad < 0 else 'lowering'} it lowers the loss."
