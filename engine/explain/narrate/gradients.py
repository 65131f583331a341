"""The headline and the sentence of a step of the backward pass, for the gradient of what is computed or given."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.narrate.meeting import feeds
from gradstep.engine.explain.narrate.narration import Narration, percent, shown
from gradstep.engine.explain.narrate.parameters import of_parameter
from gradstep.engine.explain.remarks import zero_reason
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.run.recording import Recording


def backward(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Narration:
    """The step that computes ∂L/∂element from its `count` terms, `ways` being (the first of) them."""
    graph, board = recording.graph, recording.board
    name = board.element(*element)
    if graph.values[element.value].role is Role.PARAMETER:
        return of_parameter(recording, element, count, ways)
    if count == 1 and ways[0].target.value == graph.loss.id:
        caption = _from_loss(name, ways[0].contribution) + _share(recording, ways[0])
        return Narration(f"the loss asks {name}", caption, "")
    if count != 1:
        return Narration(f"gradient of {name}: add {count} paths", _fan_out(recording, name, count, ways), "")
    hop = ways[0]
    node = graph.nodes[hop.node]
    if isinstance(node.op, Linear):
        target = f"to {_consumer(recording, element)}"
        return Narration(f"gradient of {name}", _along_weight(recording, hop, name), target)
    headline = f"through {node.op.label} at {recording.board.unit(*element)}"
    return Narration(headline, _through(recording, node, hop), f"to {_feeds(recording, element)}")


def _from_loss(name: str, grad: float) -> str:
    if grad == 0:
        return f"The loss does not change with {name} here: the gradient starts at exactly 0."
    way = "lower" if grad > 0 else "raise"
    return f"If {name} grows a little, the loss changes {shown(grad, True)} times as much: to learn, {way} {name}."


def _share(recording: Recording, hop: Hop) -> str:
    """That a loss which is a mean gives each of its terms only a part of its say."""
    node = recording.graph.nodes[hop.node]
    terms = node.op.divisor([recording.graph.values[v].shape for v in node.inputs])
    return f" The loss is a mean over {terms:,}, which divides by {terms:,}." if terms > 1 and hop.contribution else ""


def _fan_out(recording: Recording, name: str, count: int, ways: Sequence[Hop]) -> str:
    if not ways:
        return f"No path leads from {name} to the loss, so its gradient is exactly 0."
    from gradstep.engine.explain import paths

    parts = paths.skip_and_block(recording, ways[0].source)
    if parts is not None:
        return (
            f"The skip multiplies by 1, so it brings {shown(parts.skip, True)} unchanged; "
            f"the long way round brings {shown(parts.block, True)}."
        )
    start = f"{name} {feeds(recording, ways[0].source)}, so {count:,} gradients arrive and add up."
    up = sum(h.contribution for h in ways if h.contribution > 0)
    down = sum(h.contribution for h in ways if h.contribution < 0)
    if count == len(ways) and up and down:
        return start + " They pull in opposite directions: part of the signal cancels."
    return start


def _along_weight(recording: Recording, hop: Hop, name: str) -> str:
    assert hop.factor is not None, "a weighted sum's local derivative is its weight"
    weight = recording.board.element(*hop.factor)
    upstream = recording.trace.derivative(hop.target)
    if upstream == 0:
        return zero_reason(recording, hop.target) or f"Nothing arrives, so nothing goes on to {name}."
    if hop.local < 0:
        return f"{weight} is negative ({shown(hop.local)}), so the gradient flips sign on its way to {name}."
    if hop.local == 0:
        return f"{weight} is exactly 0, so {name} has no influence: the gradient stops here."
    if hop.local > 1:
        return f"{weight} is {shown(hop.local, True)}: above 1, so the gradient grows on its way to {name}."
    return f"{weight} is positive ({shown(hop.local, True)}): {name} gets that share of the gradient, sign unchanged."


def _through(recording: Recording, node: Node, hop: Hop) -> str:
    if node.op.rectifier:
        if hop.local == 1:
            return "The gate is open: the gradient passes unchanged."
        if recording.trace.number(hop.source) == 0:
            return "The sum is exactly 0: the gate counts as shut, and the gradient stops here."
        return "The gate is shut: the gradient stops here, nothing is learned from this sample."
    upstream = recording.trace.derivative(hop.target)
    if upstream == 0:
        return zero_reason(recording, hop.target) or "Nothing arrives, so nothing goes on."
    if hop.local == 0:
        return "The slope here is exactly 0, so the gradient stops."
    if 0 < abs(hop.local) < 1:
        turn = ", and turns" if hop.local < 0 else ""
        kind = "sigmoid's" if node.op.name == "sigmoid" else f"{node.op.label}'s"
        share = percent(abs(hop.local))
        only = "only " if abs(hop.local) < 0.1 else ""
        return (
            f"The {kind} slope here is {only}{shown(hop.local)}, so the gradient shrinks to {share} of its size{turn}."
        )
    if abs(hop.local) > 1:
        turn = " and turns" if hop.local < 0 else ""
        return f"The slope here is {shown(hop.local)}, so the gradient grows{turn}."
    if hop.local == -1:
        return "The slope is −1: the gradient turns and keeps its size."
    return "The slope is 1: the gradient passes unchanged."


def _consumer(recording: Recording, element: Element) -> str:
    """What follows, in the direction of the backward pass, for an element between layers."""
    layer = recording.board.layer_of.get(element.value)
    if layer and layer.pre >= 0 and layer.output == element.value:
        op = recording.graph.nodes[recording.graph.values[element.value].node].op
        return f"{op.label} at {recording.board.element(*element)}"
    return _feeds(recording, element)


def _feeds(recording: Recording, element: Element) -> str:
    """Whom the gradient of an element is passed on to: the inputs of the node that computed it."""
    value = recording.graph.values[element.value]
    if value.node < 0:
        return "the update" if value.role is Role.PARAMETER else "the input"
    node = recording.graph.nodes[value.node]
    names = [recording.board.whole(i) for i in node.inputs if recording.graph.values[i].differentiable]
    if isinstance(node.op, Linear):
        rest = [recording.board.whole(node.inputs[0])] if recording.graph.values[node.inputs[0]].differentiable else []
        names = ["weights", *(["bias"] if len(node.inputs) == 3 else []), *rest]
    return ", ".join(names) or "nothing further"
