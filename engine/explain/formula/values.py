"""The equation of a step of the forward pass: z₁₁ = w₁₁₁·x₁ + w₁₁₂·x₂ + b₁₁."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradstep.engine.explain.formula.choices import folded, place
from gradstep.engine.explain.formula.equation import WRITTEN_OUT, Equation, Num, Parts, divided, fill, number_at
from gradstep.engine.explain.formula.groups import group
from gradstep.engine.explain.formula.lookups import looked_up
from gradstep.engine.explain.formula.running import indexed, summed
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import unravel
from gradstep.engine.notation import MINUS, brief
from gradstep.engine.ops.choosing import Pointing
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.moving import Masked, Move
from gradstep.engine.ops.putting import Folded
from gradstep.engine.run.recording import Recording

#: So many elements with weights are written out: those around a pixel.
_WEIGHED = 4
#: The right side, the same with numbers put in, and how they make the result.
_Sides = tuple[str, Parts, Callable[[Callable[[float], float]], float] | None]


def forward(recording: Recording, node: Node, flat: int) -> Equation:
    """z₁₁ = w₁₁₁·x₁ + w₁₁₂·x₂ + b₁₁ for the node's output[flat]."""
    here = Element(node.output, flat)
    right, numbers, remade = _sides(recording, node, flat)
    return Equation(recording.board.element(*here), right, numbers, recording.trace.number(here), "=", remade)


def _sides(recording: Recording, node: Node, flat: int) -> _Sides:
    if node.op.opaque or node.op.joint:
        names = [recording.board.whole(value) for value in node.inputs]
        whole, shape = node.op.written(names, recording.graph.dtype), recording.graph.values[node.output].shape
        one = node.op.joint and shape
        return f"({whole})[{','.join(map(str, unravel(flat, shape)))}]" if one else whole, (), None
    if node.op.looks_up([recording.graph.values[v].shape for v in node.inputs]):
        return *looked_up(recording, node, flat), None
    if node.op.contracts:
        return _contraction(recording, node, flat)
    if node.op.reduces:
        return _reduction(recording, node, flat)
    if isinstance(node.op, Elementwise):
        return _elementwise(recording, node, flat)
    if node.op.each:
        return *group(recording, node, flat), None
    if node.op.weighs:
        return *_weighed(recording, node, flat), None
    if isinstance(node.op, Folded):
        return folded(recording, node, flat), (), None
    if isinstance(node.op, Pointing):
        return place(recording, node, flat), (), None
    return *_moved(recording, node, flat), None


def _contraction(recording: Recording, node: Node, flat: int) -> _Sides:
    board, trace = recording.board, recording.trace
    links = trace.row(node, 0, flat)
    assert links.factor is not None, "a contraction's local derivative is its other factor"
    slots = sorted((0, 1), key=lambda slot: node.op.notation.index(f"{{{slot}}}"))
    grids = [(links.grid, links.factor[1])[slot] for slot in slots]
    bias = Element(node.inputs[2], trace.row(node, 2, flat).grid.base) if len(node.inputs) == 3 else None
    if links.grid.size > WRITTEN_OUT:
        right = summed(board, [node.inputs[slot] for slot in slots], grids, "{0}·{1}", links.grid.size)
        return right + (f" + {indexed(board, bias)}" if bias else ""), (), None
    taken = [grid.take(0, grid.size).tolist() for grid in grids]
    pairs = [
        [trace.number(Element(node.inputs[slot], at)) for slot, at in zip(slots, term, strict=True)]
        for term in zip(*taken, strict=True)
    ]
    names = [
        "·".join(board.element(node.inputs[slot], at) for slot, at in zip(slots, term, strict=True))
        for term in zip(*taken, strict=True)
    ]
    numbers: list[str | Num] = []
    for a, b in pairs:
        numbers += [" + " if numbers else "", Num(a, False, True), Num(b, False, True)]
    added = trace.number(bias) if bias else 0.0
    if bias is not None:
        names.append(board.element(*bias))
        numbers += [" + " if numbers else "", Num(added, False, added < 0)]
    return (
        " + ".join(names) or "0",
        tuple(p for p in numbers if p != ""),
        lambda r: sum(r(a) * r(b) for a, b in pairs) + r(added),
    )


def _reduction(recording: Recording, node: Node, flat: int) -> _Sides:
    board, trace, rows = recording.board, recording.trace, recording.trace.rows(node, flat)
    xs = trace.inputs(node)
    count, template = rows[0].size, divided(node, node.op.written_term(xs), [x.shape for x in xs])
    if not count:
        return "0", (), None
    if count > WRITTEN_OUT:
        return summed(board, node.inputs, rows, template, count), (), None
    taken = [r.take(0, count).tolist() for r in rows]
    values = [[trace.number(Element(v, i)) for i in at] for v, at in zip(node.inputs, taken, strict=True)]
    names = [
        template.format(*(board.element(v, at[k]) for v, at in zip(node.inputs, taken, strict=True)))
        for k in range(count)
    ]
    numbers: list[str | Num] = []
    for k in range(count):
        sign, bare = (" − ", template[1:]) if k and template.startswith(MINUS) else (" + ", template)
        numbers += [sign] if k else []
        numbers += fill(bare, [Num(v[k], False, v[k] < 0) for v in values])

    def remade(r: Callable[[float], float]) -> float:
        again = [np.asarray([float(r(x)) for x in v]) for v in values]
        return float(np.asarray(node.op.forward(again)).item(0))

    return (
        " + ".join(names).replace(f"+ {MINUS}", f"{MINUS} "),
        tuple(numbers),
        remade if all(x.size == count for x in xs) else None,
    )


def _weighed(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """0.75·x₁ + 0.25·x₂: a sum of elements with weights that are numbers."""
    board, trace = recording.board, recording.trace
    links = trace.row(node, 0, flat)
    weights = links.local(0, links.grid.size).tolist()
    if len(node.op.summed) < 2 and links.grid.size > _WEIGHED and len(set(weights)) == 1:
        return summed(board, node.inputs, [links.grid], f"{brief(weights[0], 12)}·{{0}}", links.grid.size), ()
    text: list[str] = []
    numbers: list[str | Num] = []
    for slot in node.op.summed or (0,):
        links = trace.row(node, slot, flat)
        weights = links.local(0, links.grid.size).tolist()
        for at, weight in zip(links.grid.take(0, links.grid.size).tolist(), weights, strict=True):
            if weight == 0:
                continue
            sign = (f" {MINUS} " if weight < 0 else " + ") if text else MINUS if weight < 0 else ""
            times = sign + ("" if abs(weight) == 1 else f"{brief(abs(weight), 12)}·")
            value = trace.number(Element(node.inputs[slot], at))
            text.append(times + board.element(node.inputs[slot], at))
            numbers += [times, Num(value, False, bool(times.strip(" +")) or value < 0)]
    return "".join(text) or "0", tuple(p for p in numbers if p != "")


def _moved(recording: Recording, node: Node, flat: int) -> tuple[str, Parts]:
    """An element that is only moved or scaled is named; one that is made of nothing is a number."""
    board, rows = recording.board, recording.trace.rows(node, flat)
    slot = next((k for k, grid in enumerate(rows) if grid.size), -1)
    if slot < 0:
        return brief(node.op.nothing if isinstance(node.op, Move) else 0), ()
    at = int(rows[slot].take(0, 1)[0])
    value, name = number_at(recording, node.inputs[slot], at), board.element(node.inputs[slot], at)
    if isinstance(node.op, Masked):
        template = node.op.made(float(recording.trace.row(node, slot, flat).local(0, 1)[0]))
        numbers = fill(template, [value]) if "{0}" in template else ()
        return template.format(name), numbers
    return name, (value._replace(parens=False),)


def _elementwise(recording: Recording, node: Node, flat: int) -> _Sides:
    board, trace = recording.board, recording.trace
    at = [grid.base for grid in trace.rows(node, flat)]
    values = [trace.number(Element(v, i)) for v, i in zip(node.inputs, at, strict=True)]
    names = [board.element(v, i) for v, i in zip(node.inputs, at, strict=True)]
    template = node.op.template(len(names), recording.graph.dtype)
    return (
        template.format(*names),
        fill(template, [Num(v, False, v < 0) for v in values]),
        lambda r: float(node.op.forward([np.asarray(float(r(v))) for v in values])),
    )
