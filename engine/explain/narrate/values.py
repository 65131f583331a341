"""The headline and the sentence of a step of the forward pass."""

from __future__ import annotations

from math import isfinite, isnan, trunc

import numpy as np

from gradstep.engine.explain.narrate.narration import Narration
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.notation import brief, counted, said
from gradstep.engine.ops.choosing import Chosen
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.comparison import Comparison
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.loss import PairLoss
from gradstep.engine.ops.moving import Move
from gradstep.engine.ops.narrow import unheld
from gradstep.engine.ops.promotion import is_whole
from gradstep.engine.run.reading import forward_segments, numbers_at
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import stales
from gradstep.engine.run.terms import WINDOW, Terms, enumerate_terms, total


def forward(recording: Recording, node: Node, flat: int) -> Narration:
    """The step that computes node's output[flat]."""
    here = Element(node.output, flat)
    name = recording.board.element(*here)
    if node.output == recording.graph.loss.id:
        return Narration(node.op.label if node.op.reduces else f"{node.op.label} at {name}", _loss(recording, node))
    if isinstance(node.op, Linear):
        return Narration(
            f"weighted sum into {recording.board.unit(*here)}",
            f"{_weighted(recording, node, here)}{_biggest(recording, node, here)}",
        )
    if len(node.inputs) == 1 and isinstance(node.op, Elementwise):
        return Narration(f"{node.op.label} at {name}", _squash(recording, node, here))
    return Narration(f"{node.op.label} at {name}", _made(recording, node, here))


# Sums ---------------------------------------------------------------------------------------------


def _weighted(recording: Recording, node: Node, here: Element) -> str:
    """What a weighted sum adds up."""
    name, inputs = recording.board.unit(*here), recording.graph.values[node.inputs[1]].shape[-1]
    added = f", plus {_addend(recording, node, here)}" if len(node.inputs) == 3 else ""
    if inputs == 1:
        return f"{name} is its one input times its weight{added}."
    return f"{name} adds up its inputs: each input times its weight{added}."


def _addend(recording: Recording, node: Node, here: Element) -> str:
    """What a weighted sum adds to its products: a bias, if it is a parameter."""
    added, unit = recording.graph.values[node.inputs[2]], here.flat % recording.graph.values[node.inputs[1]].shape[0]
    return "the bias" if added.role is Role.PARAMETER else recording.board.element(added.id, unit)


def _biggest(recording: Recording, node: Node, here: Element) -> str:
    """The largest term of a sum in size, where there is one that is larger than all others."""
    segments = forward_segments(recording.trace, node, here.flat)
    terms = enumerate_terms(segments, recording.graph.dtype)
    if terms.total > WINDOW or terms.total < 2:
        return ""
    if any(stales(recording.trace, segment, False).contribution for segment in segments):
        return ""  # another one may be it
    size = abs(terms.contribution)
    most = int(size.argmax())
    near = size >= size[most] * (1 - np.sqrt(np.finfo(size.dtype).eps))
    if not size[most] > 0 or not np.isfinite(size).all() or np.count_nonzero(near) > 1:
        return ""
    return f" Biggest term: {_term(recording, terms, most)} = {said(float(terms.contribution[most]), True)}."


def _term(recording: Recording, terms: Terms, k: int) -> str:
    """A term of a weighted sum by name: w₁₂·x₂, or the bias b₁."""
    board = recording.board
    via = board.element(int(terms.via_value[k]), int(terms.via[k]))
    if terms.factor_value[k] >= 0:
        return f"{board.element(int(terms.factor_value[k]), int(terms.factor[k]))}·{via}"
    bias = recording.graph.values[int(terms.via_value[k])].role is Role.PARAMETER
    return f"the bias {via}" if bias else via


# Other operations ---------------------------------------------------------------------------------


def _made(recording: Recording, node: Node, here: Element) -> str:
    """How an element of a function of several numbers came about."""
    name, y = recording.board.element(*here), said(recording.trace.number(here))
    if node.op.opaque:
        return f"{node.op.label} gave {name} = {y}; that is recorded, not explained."
    if node.op.summed:
        terms = total(forward_segments(recording.trace, node, here.flat))
        what = "product" if node.op.contracts else "number"
        divisor = node.op.divisor([recording.graph.values[v].shape for v in node.inputs], here.flat)
        if divisor > 1 and terms == divisor:
            return f"{name} is the mean of {counted(terms, what)}: {y}."
        if divisor > 1:
            return f"{name} adds up {counted(terms, what)} and divides by {divisor:,}: {y}."
        if not isinstance(node.op, Elementwise):
            return f"{name} adds up {counted(terms, what)}{_result(recording, node, here)}"
    if isinstance(node.op, Elementwise):
        words = _BETWEEN.get(node.op.name)
        if words is not None:
            first, second = (_operand(recording, node, slot, here.flat) for slot in (0, 1))
            return f"{name} is {first} {words} {second}{_result(recording, node, here)}"
        if isinstance(node.op, Comparison):
            names = [_operand(recording, node, slot, here.flat) for slot in (0, 1)]
            holds = "holds" if recording.trace.number(here) else "does not hold"
            return f"{node.op.written(names, recording.graph.dtype)} {holds}, so {name} is {y}."
    if node.op.shares:
        among = int(recording.trace.row(node, 0, here.flat).grid.size)
        return f"{node.op.label}: {name} = {y}, {_share(recording.trace.number(here), among, node.op.name)}."
    return f"{node.op.label}: {name} = {y}{_taken(recording, node, here.flat)}."


def _result(recording: Recording, node: Node, here: Element) -> str:
    """What comes of a sum or a product; of whole numbers that their type has not, that it comes round."""
    y, kind = recording.trace.number(here), recording.graph.values[node.output].kind
    exact: float = y
    if is_whole(kind) and isinstance(node.op, Elementwise):
        exact = float(
            unheld(node.op).forward([x.astype(np.float64) for x in numbers_at(recording.trace, node, here.flat)])
        )
    elif is_whole(kind):
        segments = forward_segments(recording.trace, node, here.flat)
        exact = float(sum(part.sum(dtype=np.float64) for one in segments for *_, part in one.pieces()))
    if abs(exact - y) < 1 or not isfinite(exact):
        return f": {said(y)}."
    return f": {said(exact)}, which {kind} does not hold, so it comes round to {said(y)}."


def _taken(recording: Recording, node: Node, flat: int) -> str:
    """What an element is that is only taken from somewhere, or why it is one of two."""
    op, values = node.op, [recording.graph.values[v] for v in node.inputs]
    shapes = [value.shape for value in values]
    if isinstance(op, Move):
        slot, at = op.source(flat, shapes)
        if slot < 0:
            return f", as nothing of {recording.board.whole(values[0].id)} is there"
        return f", which is {recording.board.element(values[slot].id, at)}"
    if isinstance(op, Chosen):
        return f", which is {recording.board.element(values[0].id, op.origin(flat, recording.trace.inputs(node)))}"
    if op.name == "where":
        condition = Element(values[0].id, int(recording.trace.row(node, 0, flat).grid.take(0, 1)[0]))
        holds = "holds" if recording.trace.number(condition) else "does not hold"
        return f", as {recording.board.element(*condition)} {holds}"
    if op.looks_up(shapes) and not op.reduces:
        at = int(recording.trace.row(node, 0, flat).grid.take(0, 1)[0])
        return f", which is {recording.board.element(values[0].id, at)}"
    return ""


def _share(y: float, among: int, name: str) -> str:
    """What a softmax gives, or the logarithm of it."""
    if among == 1:
        return "as it is alone"
    if name == "softmax":
        return f"its share among {among:,}"
    with np.errstate(over="ignore"):  # what is set by hand may be no logarithm of a share
        return f"the logarithm of its share among {among:,}, which is {said(float(np.exp(y)))}"


#: Functions of two numbers in words.
_BETWEEN = {"add": "plus", "subtract": "minus", "multiply": "times", "divide": "divided by"}


def _operand(recording: Recording, node: Node, slot: int, flat: int) -> str:
    """What an input of a function of single numbers is called at an output element."""
    value = recording.graph.values[node.inputs[slot]]
    if value.role is Role.LITERAL:
        return brief(float(recording.trace.data[value.id].item(0)))
    at = int(recording.trace.row(node, slot, flat).grid.take(0, 1)[0])
    return recording.board.element(value.id, at)


def _squash(recording: Recording, node: Node, here: Element) -> str:
    board, source = recording.board, Element(node.inputs[0], here.flat)
    z_name, z, name, y = board.element(*source), recording.trace.number(source), board.element(*here), said
    kept = (
        node.output in recording.graph.active
        and recording.graph.values[source.value].differentiable
        and not node.op.discrete
    )
    if node.op.rectifier and z > 0:
        more = " Slope 1, kept for the backward pass." if kept else ""
        return f"{z_name} is positive, so the gate is open: it passes unchanged.{more}"
    if node.op.rectifier and z < 0:
        no = ", and no gradient will pass here" if kept else ""
        return f"{z_name} is negative ({y(z)}), so the gate is shut: {name} is 0{no}."
    if node.op.rectifier and z == 0:
        return f"{z_name} is exactly 0, so the gate counts as shut."
    if node.op.agreed:
        return _agreed(recording, node, here, z)
    if node.op.rounds_to:
        return _whole(node.op.rounds_to, recording.trace.number(here), z)
    turns = f"{node.op.label} turns {y(z)} into {y(recording.trace.number(here))}."
    slope = float(recording.trace.row(node, 0, here.flat).local(0, 1)[0])
    return f"{turns} The slope here, {y(slope)}, is kept for the backward pass." if kept else turns


def _agreed(recording: Recording, node: Node, here: Element, z: float) -> str:
    """What an operation does whose gradient is agreed upon: it keeps its number, or rounds it."""
    op, name = node.op, recording.board.element(node.inputs[0], here.flat)
    kind = op.rounds_to
    if kind:
        y = recording.trace.number(here)
        if y == z or (isnan(y) and isnan(z)):
            return f"{kind} has this number, so it stays as it is."
        if y == 0:
            return f"{name} is so small that {kind} has no number for it but 0."
        return f"{kind} has no such number; the nearest is {said(abs(y - z))} away."
    if op.discrete:
        return f"It is {name} as something given: no gradient will pass here."
    slope = float(recording.trace.row(node, 0, here.flat).local(0, 1)[0])
    return f"It is {name}; in the backward pass the gradient is multiplied by {said(slope)}."


def _whole(kind: str, y: float, z: float) -> str:
    """What becomes of a number that is cast to a type of whole numbers, or to a truth."""
    if kind == "bool":
        return f"It is {'another number than' if y else 'exactly'} 0, so it is {said(y)}."
    if y == z:
        return f"{kind} has this number, so it stays as it is."
    if not isfinite(z):
        return f"{kind} has nothing like it; what becomes of it is {said(y)}."
    if y == trunc(z):
        return f"{kind} has only whole numbers: what stands before the point is kept."
    return (
        f"{kind} has {2 ** int(kind.lstrip('uint')):,} numbers, and this is none of them: it comes round to {said(y)}."
    )


# The loss -----------------------------------------------------------------------------------------


def _loss(recording: Recording, node: Node) -> str:
    board, data = recording.board, recording.trace.inputs(node)
    weights = any(board.arrow(p.id, 0) for p in recording.graph.parameters if p.size)
    rest = f"The backward pass asks: which {'weight' if weights else 'parameter'} caused how much of this?"
    if isinstance(node.op, PairLoss) and node.op.alike and all(d.size == 1 for d in data):
        gap = float(data[0].item(0) - data[1].item(0))
        if gap == 0:
            return "The prediction meets the target exactly: there is nothing to learn from this sample."
        if gap == gap:
            return f"The prediction is {said(abs(gap))} {'above' if gap > 0 else 'below'} the target. {rest}"
    return f"The loss is {said(recording.trace.loss)}. {rest}"
