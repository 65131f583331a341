"""The headline and the sentence of a step of the forward pass."""

from __future__ import annotations

from gradstep.engine.explain.narrate.narration import Narration, shown
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.run.reading import forward_segments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import WINDOW, enumerate_terms


def forward(recording: Recording, node: Node, flat: int) -> Narration:
    """The step that computes node's output[flat]."""
    board, trace = recording.board, recording.trace
    here = Element(node.output, flat)
    name, y = board.element(*here), trace.number(here)
    if isinstance(node.op, Linear):
        return _weighted_sum(recording, node, here)
    if node.op.reduces and node.output == recording.graph.loss.id:
        return Narration(node.op.label, _loss(recording, node))
    if len(node.inputs) == 1 and isinstance(node.op, Elementwise):
        source = Element(node.inputs[0], flat)
        slope = float(trace.row(node, 0, flat).local(0, 1)[0])
        told = _squash(node, board.element(*source), trace.number(source), name, y, slope)
        return Narration(f"{node.op.label} at {name}", told)
    caption = f"{node.op.label}: {name} = {shown(y)}."
    if node.output == recording.graph.loss.id:
        caption = f"The loss is {shown(y)}. Everything that follows asks: what caused how much of this?"
    elif len(node.inputs) > 1 and node.op.summed and not node.op.reduces:
        caption = f"{name} adds up what meets here: {shown(y)}."
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
            caption += f" Biggest term: {factor}·{via} = {shown(float(terms.contribution[most]), True)}."
    return Narration(f"weighted sum into {name}", caption)


def _squash(node: Node, z_name: str, z: float, name: str, y: float, slope: float) -> str:
    if node.op.rectifier and z > 0:
        return f"{z_name} is positive, so the gate is open: it passes unchanged. Slope 1, kept for the backward pass."
    if node.op.rectifier and z < 0:
        return f"{z_name} is negative ({shown(z)}), so the gate is shut: {name} is 0, and no gradient will pass here."
    if node.op.rectifier and z == 0:
        return f"{z_name} is exactly 0, so the gate counts as shut."
    turns = f"{node.op.label} turns {shown(z)} into {shown(y)}"
    return f"{turns}. The slope here, {shown(slope)}, is kept for the backward pass."


def _loss(recording: Recording, node: Node) -> str:
    rest = "Everything that follows asks: which weight caused how much of this?"
    data = recording.trace.inputs(node)
    if len(data) == 2 and all(d.size == 1 for d in data):
        gap = float(data[0].item(0) - data[1].item(0))
        if gap == 0:
            return "The prediction meets the target exactly: there is nothing to learn from this sample."
        if gap == gap:
            return f"The prediction is {shown(abs(gap))} {'above' if gap > 0 else 'below'} the target. {rest}"
    return f"The loss is {shown(recording.trace.loss)}. {rest}"
