"""The headline and the sentence of a step of the backward pass, for the gradient of what is computed or given."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.narrate.meeting import feeds
from gradstep.engine.explain.narrate.narration import Narration
from gradstep.engine.explain.narrate.parameters import of_parameter
from gradstep.engine.explain.remarks import zero_reason
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.notation import percent, said
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.run.recording import Recording


def backward(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Narration:
    """The step that computes ∂L/∂element from its `count` terms, `ways` being (the first of) them."""
    graph, board = recording.graph, recording.board
    name = board.element(*element)
    if graph.values[element.value].role is Role.PARAMETER:
        return of_parameter(recording, element, count, ways)
    if count == 1 and ways[0].target.value == graph.loss.id:
        caption = _from_loss(recording, name, ways[0].contribution) + _share(recording, ways[0])
        return Narration(f"the loss asks {name}", caption, "")
    if count != 1:
        return Narration(f"gradient of {name}: add {count} paths", _fan_out(recording, name, count, ways), "")
    hop = ways[0]
    node = graph.nodes[hop.node]
    if isinstance(node.op, Linear) and hop.factor is not None:
        target = f"to {_consumer(recording, element)}"
        return Narration(f"gradient of {name}", _along_weight(recording, hop, hop.factor, name), target)
    headline = f"through {node.op.label} at {recording.board.unit(*element)}"
    return Narration(headline, _through(recording, node, hop), f"to {_feeds(recording, element)}")


def _from_loss(recording: Recording, name: str, grad: float) -> str:
    if grad == 0:
        return f"The slope of the loss along {name} is exactly 0 here: the gradient starts at 0."
    times = f"If {name} grows a little, the loss changes {said(grad, True)} times as much"
    if not isfinite(recording.trace.loss):
        return f"By its rule the gradient starts at {said(grad, True)}, but the loss is not finite: no way leads down."
    return f"{times}: to learn, {'lower' if grad > 0 else 'raise'} {name}."


def _share(recording: Recording, hop: Hop) -> str:
    """That a loss which is a mean gives each of its terms only a part of its say."""
    node = recording.graph.nodes[hop.node]
    terms = node.op.divisor([recording.graph.values[v].shape for v in node.inputs])
    told = node.op.reduces and terms > 1 and hop.contribution
    return f" The loss is a mean over {terms:,}, which divides by {terms:,}." if told else ""


def _fan_out(recording: Recording, name: str, count: int, ways: Sequence[Hop]) -> str:
    if not ways:
        return f"No path leads from {name} to the loss, so its gradient is exactly 0."
    from gradstep.engine.explain import paths

    parts = paths.skip_and_block(recording, ways[0].source)
    if parts is not None:
        return (
            f"The skip multiplies by 1, so it brings {said(parts.skip, True)} unchanged; "
            f"the long way round brings {said(parts.block, True)}."
        )
    start = f"{name} {feeds(recording, ways[0].source)}, so {count:,} gradients arrive and add up."
    up = sum(h.contribution for h in ways if h.contribution > 0)
    down = sum(h.contribution for h in ways if h.contribution < 0)
    if count == len(ways) and up and down:
        return start + " They pull in opposite directions: part of the signal cancels."
    return start


def _along_weight(recording: Recording, hop: Hop, factor: Element, name: str) -> str:
    """Through a weighted sum: what the weight does, or to what is a weight its input."""
    weight = recording.board.element(*factor)
    if recording.trace.derivative(hop.target) == 0:
        return zero_reason(recording, hop.target) or f"Nothing arrives, so nothing goes on to {name}."
    if hop.local == 0:
        return f"{weight} is exactly 0, so {name} has no influence: the gradient stops here."
    if hop.local < 0:
        return f"{weight} is negative ({said(hop.local)}), so the gradient flips sign on its way to {name}."
    if hop.local == 1:
        return f"{weight} is exactly 1: {name} gets the gradient as it is."
    if hop.local > 1:
        return f"{weight} is above 1 ({_beside_1(hop.local)}), so the gradient grows on its way to {name}."
    return f"{weight} is positive ({_beside_1(hop.local)}): {name} gets that share of the gradient, sign unchanged."


def _beside_1(size: float) -> str:
    """A factor in a sentence, never one of 1 that is not 1."""
    text = said(size, True)
    return text if text != said(1.0, True) else "by very little" if size > 1 else "nearly 1"


def _through(recording: Recording, node: Node, hop: Hop) -> str:
    if node.op.rectifier and hop.local == 0:
        if recording.trace.number(hop.source) == 0:
            name = recording.board.element(*hop.source)
            return f"{name} is exactly 0: the gate counts as shut, and the gradient stops here."
        return "The gate is shut: the gradient stops here, and nothing is learned through it."
    if recording.trace.derivative(hop.target) == 0:
        return zero_reason(recording, hop.target) or "Nothing arrives, so nothing goes on."
    if node.op.rectifier and hop.local == 1:
        return "The gate is open: the gradient passes unchanged."
    if hop.local == 0:
        return zero_reason(recording, hop.source) or "The slope here is exactly 0, so the gradient stops."
    if hop.local == 1 and recording.trace.derivative(hop.source) != hop.contribution:  # it is rounded
        return "The slope is 1."
    if abs(hop.local) == 1:
        return f"The slope is {'1: the gradient passes unchanged' if hop.local > 0 else _TURNED}."
    turns = hop.local < 0
    if said(abs(hop.local)) == said(1.0):
        side = "below" if abs(hop.local) < 1 else "above"
        return f"The slope here is just {side} 1 in size: the gradient passes almost unchanged{', and turns' * turns}."
    slope = f"{_slope(recording, node, hop)} {said(hop.local)}"
    if abs(hop.local) < 1:
        size = f"shrinks to {percent(abs(hop.local))} of its size"
        return f"{slope}, so the gradient {size}{', and turns' * turns}."
    return f"{slope}, so the gradient grows{' and turns' * turns}."


#: What a slope of −1 does.
_TURNED = "−1: the gradient turns and keeps its size"


def _slope(recording: Recording, node: Node, hop: Hop) -> str:
    """What a local gradient is, up to its number."""
    if hop.factor is not None:
        factor = hop.factor
        if recording.graph.values[factor.value].role is Role.LITERAL:
            return f"{recording.board.element(*hop.source)} was multiplied by"
        return f"{recording.board.element(*hop.source)} was multiplied by {recording.board.element(*factor)} ="
    if len(node.inputs) > 1 or not isinstance(node.op, Elementwise):
        return "The slope here is"
    only = " only" if abs(hop.local) < _FLAT else ""
    return f"The {_KINDS.get(node.op.name, f'slope of {node.op.label}')} here is{only}"


#: A slope below this is "only" so much.
_FLAT = 0.1
#: What the slope of a function is called where that is a word.
_KINDS = {"sigmoid": "sigmoid's slope", "tanh": "tanh's slope"}


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
    inputs = [*node.inputs[1:], node.inputs[0]] if isinstance(node.op, Linear) else node.inputs
    words = ("weights", "bias") if isinstance(node.op, Linear) else ()
    names = []
    for k, given in enumerate(recording.graph.values[i] for i in inputs):
        if given.differentiable:
            word = words[k] if k < len(inputs) - 1 and words and given.role is Role.PARAMETER else ""
            names.append(word or recording.board.whole(given.id))
    return ", ".join(dict.fromkeys(names)) or "nothing further"
