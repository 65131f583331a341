"""The headline and the one sentence under it, in plain words.

A sentence says only what the numbers of this step prove; each is built where its condition is
tested, so that it cannot be shown without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import NamedTuple

from gradstep.engine.explain.hops import Hop
from gradstep.engine.explain.remarks import zero_reason
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.notation import Digits, number
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.run.reading import forward_segments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import WINDOW, enumerate_terms
from gradstep.engine.run.timeline import Phase


class Narration(NamedTuple):
    """What happens (the headline), why (the caption), and where the result goes."""

    headline: str
    caption: str
    result_note: str = ""


def _n(value: float, signed: bool = False) -> str:
    return number(value, Digits.NETWORK, signed)


READY = Narration(
    "ready",
    "Nothing is computed yet. Press space: the inputs flow forward, one node at a time. "
    "Then the gradient of the loss flows backward.",
)


def begins(recording: Recording) -> Narration:
    """Before the first step of an iteration that is not the first."""
    k = recording.iteration
    new = "a new batch of samples" if recording.scenario.training.batch_size else "the same samples"
    return Narration(
        f"iteration {k:,} begins",
        f"The parameters are those that the update of iteration {k - 1:,} made. They meet {new}; "
        "nothing is computed yet.",
    )


def forward(recording: Recording, node: Node, flat: int) -> Narration:
    """The step that computes node's output[flat]."""
    board, data = recording.board, recording.trace.data
    here = Element(node.output, flat)
    y = float(data[node.output].reshape(-1)[flat])
    name = board.element(node.output, flat)
    if isinstance(node.op, Linear):
        return _weighted_sum(recording, node, here)
    if node.op.reduces and node.output == recording.graph.loss.id:
        return Narration(node.op.label, _loss(recording, node))
    if len(node.inputs) == 1 and isinstance(node.op, Elementwise):
        z = float(data[node.inputs[0]].reshape(-1)[flat])
        slope = float(node.op.row(0, flat, data[node.output], [data[node.inputs[0]]]).local(0, 1)[0])
        return Narration(
            f"{node.op.label} at {name}", _squash(node, board.element(node.inputs[0], flat), z, name, y, slope)
        )
    caption = f"{node.op.label}: {name} = {_n(y)}."
    if node.output == recording.graph.loss.id:
        caption = f"The loss is {_n(y)}. Everything that follows asks: what caused how much of this?"
    elif len(node.inputs) > 1 and node.op.summed and not node.op.reduces:
        caption = f"{name} adds up what meets here: {_n(y)}."
    return Narration(f"{node.op.label} at {name}", caption)


def _weighted_sum(recording: Recording, node: Node, here: Element) -> Narration:
    board, name = recording.board, recording.board.unit(*here)
    terms = enumerate_terms(forward_segments(recording.trace, node, here.flat), recording.graph.dtype)
    caption = f"{name} adds up its inputs: each input times its weight" + (
        ", plus the bias." if len(node.inputs) == 3 else "."
    )
    weighted = terms.factor_value >= 0
    if terms.total <= WINDOW and weighted.any():
        size = abs(terms.contribution) * weighted
        most = int(size.argmax())
        if size[most] > 0:
            factor = board.element(int(terms.factor_value[most]), int(terms.factor[most]))
            via = board.element(int(terms.via_value[most]), int(terms.via[most]))
            caption += f" Biggest term: {factor}·{via} = {_n(float(terms.contribution[most]), True)}."
    return Narration(f"weighted sum into {name}", caption)


def _squash(node: Node, z_name: str, z: float, name: str, y: float, slope: float) -> str:
    if node.op.rectifier and z > 0:
        return f"{z_name} is positive, so the gate is open: it passes unchanged. Slope 1, kept for the backward pass."
    if node.op.rectifier and z < 0:
        return f"{z_name} is negative ({_n(z)}), so the gate is shut: {name} is 0, and no gradient will pass here."
    if node.op.rectifier and z == 0:
        return f"{z_name} is exactly 0, so the gate counts as shut."
    return f"{node.op.label} turns {_n(z)} into {_n(y)}. The slope here, {_n(slope)}, is kept for the backward pass."


def _loss(recording: Recording, node: Node) -> str:
    rest = "Everything that follows asks: which weight caused how much of this?"
    data = recording.trace.inputs(node)
    if len(data) == 2 and all(d.size == 1 for d in data):
        gap = float(data[0].reshape(-1)[0] - data[1].reshape(-1)[0])
        if gap == 0:
            return "The prediction meets the target exactly: there is nothing to learn from this sample."
        if gap == gap:
            return f"The prediction is {_n(abs(gap))} {'above' if gap > 0 else 'below'} the target. {rest}"
    return f"The loss is {_n(recording.trace.loss)}. {rest}"


def backward(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Narration:
    """The step that computes ∂L/∂element from its `count` terms, `ways` being (the first of) them."""
    graph, board = recording.graph, recording.board
    name = board.element(element.value, element.flat)
    if graph.values[element.value].role is Role.PARAMETER:
        return _parameter(recording, element, count, ways)
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
    return f"If {name} grows a little, the loss changes {_n(grad, True)} times as much: to learn, {way} {name}."


def _share(recording: Recording, hop: Hop) -> str:
    """That a loss which is a mean gives each of its terms only a part of its say."""
    node = recording.graph.nodes[hop.node]
    terms = node.op.divisor([recording.graph.values[v].shape for v in node.inputs])
    return f" The loss is a mean over {terms:,}, which divides by {terms:,}." if terms > 1 and hop.contribution else ""


def _fan_out(recording: Recording, name: str, count: int, ways: Sequence[Hop]) -> str:
    if not ways:
        return f"No path leads from {name} to the loss, so its gradient is exactly 0."
    nodes = {h.node for h in ways}
    from gradstep.engine.explain import paths

    parts = paths.skip_and_block(recording, ways[0].source)
    if parts is not None:
        return (
            f"The skip multiplies by 1, so it brings {_n(parts.skip, True)} unchanged; "
            f"the long way round brings {_n(parts.block, True)}."
        )
    what = "elements" if len(nodes) > 1 else "neurons"
    start = f"{name} feeds {count} {what}, so {count} gradients arrive and add up."
    up = sum(h.contribution for h in ways if h.contribution > 0)
    down = sum(h.contribution for h in ways if h.contribution < 0)
    if count == len(ways) and up and down:
        return start + " They pull in opposite directions: part of the signal cancels."
    return start


def _along_weight(recording: Recording, hop: Hop, name: str) -> str:
    assert hop.factor is not None, "a weighted sum's local derivative is its weight"
    weight = recording.board.element(hop.factor.value, hop.factor.flat)
    upstream = _upstream(recording, hop)
    if upstream == 0:
        return zero_reason(recording, hop.target) or f"Nothing arrives, so nothing goes on to {name}."
    if hop.local < 0:
        return f"{weight} is negative ({_n(hop.local)}), so the gradient flips sign on its way to {name}."
    if hop.local == 0:
        return f"{weight} is exactly 0, so {name} has no influence: the gradient stops here."
    if hop.local > 1:
        return f"{weight} is {_n(hop.local, True)}: above 1, so the gradient grows on its way to {name}."
    return f"{weight} is positive ({_n(hop.local, True)}): {name} gets that share of the gradient, sign unchanged."


def _through(recording: Recording, node: Node, hop: Hop) -> str:
    if node.op.rectifier:
        if hop.local == 1:
            return "The gate is open: the gradient passes unchanged."
        z = float(recording.trace.data[hop.source.value].reshape(-1)[hop.source.flat])
        if z == 0:
            return "The sum is exactly 0: the gate counts as shut, and the gradient stops here."
        return "The gate is shut: the gradient stops here, nothing is learned from this sample."
    upstream = _upstream(recording, hop)
    if upstream == 0:
        return zero_reason(recording, hop.target) or "Nothing arrives, so nothing goes on."
    if hop.local == 0:
        return "The slope here is exactly 0, so the gradient stops."
    if 0 < abs(hop.local) < 1:
        turn = ", and turns" if hop.local < 0 else ""
        kind = "sigmoid's" if node.op.name == "sigmoid" else f"{node.op.label}'s"
        share = percent(abs(hop.local))
        return f"The {kind} slope here is only {_n(hop.local)}, so the gradient shrinks to {share} of its size{turn}."
    if abs(hop.local) > 1:
        turn = " and turns" if hop.local < 0 else ""
        return f"The slope here is {_n(hop.local)}, so the gradient grows{turn}."
    if hop.local == -1:
        return "The slope is −1: the gradient turns and keeps its size."
    return "The slope is 1: the gradient passes unchanged."


def percent(ratio: float) -> str:
    """`24 %`; below one percent with the digits that are left, never a false 0 or 100."""
    p = ratio * 100
    shown = f"{p:.0f}" if 1 <= p < 99.5 else f"{p:.2g}"
    return f"{shown} %"


def _parameter(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Narration:
    board = recording.board
    name = board.element(element.value, element.flat)
    arrow = board.arrow(element.value, element.flat)
    layer = board.layer_of.get(element.value)
    kind = "bias" if layer and layer.bias == element.value else "weight" if arrow else "parameter"
    headline = f"{kind} {arrow}  ({name})" if arrow else f"parameter {name}"
    if not ways:
        return Narration(headline, f"No path leads from {name} to the loss, so its gradient is exactly 0.", "")
    if count > 1:
        total = recording.trace.derivative(element)
        used = f"{name} is used {count} times, so {count} parts add up to {_n(total, True)}."
        if count == recording.samples.count and _one_a_sample(recording, ways):
            used = f"{name} acts on each of the {count} samples: a row for each, and they add up to {_n(total, True)}."
        return Narration(headline, used, "kept for update")
    hop = ways[0]
    grad = hop.contribution
    upstream = _upstream(recording, hop)
    if upstream == 0:
        why = zero_reason(recording, hop.target) or "Nothing arrives here."
        return Narration(headline, f"{why} So this {kind} learns nothing from this sample.", "kept for update")
    if kind == "bias":
        start = "A bias is added as it is (local gradient 1), so it gets the whole upstream gradient"
        caption = f"{start}: {_direction(recording, grad)}"
    elif isinstance(op := recording.graph.nodes[hop.node].op, Rowwise) and op.gated:
        caption = _chosen(recording, hop, name)
    elif hop.factor is None:
        caption = f"Its local gradient is {_n(hop.local, True)}: {_direction(recording, grad)}"
    else:
        source = board.element(hop.factor.value, hop.factor.flat)
        if hop.local == 0:
            return Narration(
                headline,
                f"Its input {source} is exactly 0, so this {kind} had no influence: gradient 0.",
                "kept for update",
            )
        caption = (
            f"This {kind} multiplied {source} = {_n(hop.local)}, so it gets the upstream gradient "
            f"times {_n(hop.local)}: {_direction(recording, grad)}"
        )
    return Narration(headline, caption, "kept for update")


def _one_a_sample(recording: Recording, ways: Sequence[Hop]) -> bool:
    """Whether the hops lead to the samples of the batch one after the other (as far as they are listed)."""
    found = [recording.samples.of(*hop.target) for hop in ways]
    return found == list(range(len(found)))


def _chosen(recording: Recording, hop: Hop, name: str) -> str:
    """Of an input of a maximum or minimum: whether it is the one."""
    node = recording.graph.nodes[hop.node]
    return (
        f"{name} is the {node.op.label} that was chosen: it gets the whole gradient."
        if hop.local
        else f"{name} is not the {node.op.label} that was chosen: exactly 0."
    )


def _direction(recording: Recording, grad: float) -> str:
    if not isfinite(recording.trace.loss):
        return "but the loss is not finite, so it does not say which way to go."
    if grad < 0:
        return "negative, so raising it lowers the loss."
    if grad > 0:
        return "positive, so lowering it lowers the loss."
    return "exactly 0." if grad == 0 else "no number."


def _upstream(recording: Recording, hop: Hop) -> float:
    return recording.trace.derivative(hop.target)


def _consumer(recording: Recording, element: Element) -> str:
    """What follows, in the direction of the backward pass, for an element between layers."""
    layer = recording.board.layer_of.get(element.value)
    if layer and layer.pre >= 0 and layer.output == element.value:
        op = recording.graph.nodes[recording.graph.values[element.value].node].op
        return f"{op.label} at {recording.board.element(element.value, element.flat)}"
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
    name = board.element(element.value, element.flat)
    arrow = board.arrow(element.value, element.flat)
    old = recording.trace.number(element)
    new = float(recording.updated(element.value, element.flat)[0])
    grad = recording.trace.derivative(element)
    layer = board.layer_of.get(element.value)
    kind = "bias" if layer and layer.bias == element.value else "weight" if arrow else "parameter"
    first = recording.timeline.span(Phase.UPDATE)[0] + 1 == recording.timeline.step_of(Phase.UPDATE, *element)
    first = first and recording.iteration == 1
    after = "Until now none had changed: the backward pass used the old numbers." if first else _AFTER
    if new == old:
        caption = f"The change is too small for the last digit of this {kind}: it stays as it is."
        if grad == 0:
            caption = f"The gradient is exactly 0, so the {kind} stays as it is."
    elif len(recording.update.lines) == 1:
        sign, way = ("negative", "up") if grad < 0 else ("positive", "down")
        caption = f"The gradient is {sign}, so the {kind} goes {way} by {number(abs(new - old), Digits.MATH)}. {after}"
    else:
        caption = f"The {kind} goes {_against(recording, grad, new - old)} {after}"
    return Narration(f"update {arrow}  ({name})" if arrow else f"update {name}", caption)
