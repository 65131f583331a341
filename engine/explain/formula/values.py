"""The equation of a step of the forward pass: z₁₁ = w₁₁₁·x₁ + w₁₁₂·x₂ + b₁₁."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from gradstep.engine.explain.formula.equation import WRITTEN_OUT, Equation, Num, Parts, divided, fill
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import unravel
from gradstep.engine.notation import MINUS
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.moving import Masked
from gradstep.engine.run.recording import Recording


def forward(recording: Recording, node: Node, flat: int) -> Equation:
    """z₁₁ = w₁₁₁·x₁ + w₁₁₂·x₂ + b₁₁ for the node's output[flat]."""
    here = Element(node.output, flat)
    if node.op.contracts:
        right, numbers, remade = _contraction(recording, node, flat)
    elif node.op.reduces:
        right, numbers, remade = _reduction(recording, node, flat)
    elif isinstance(node.op, Elementwise):
        right, numbers, remade = _elementwise(recording, node, flat)
    else:
        right, numbers, remade = _linked(recording, node, flat)
    return Equation(recording.board.element(*here), right, numbers, recording.trace.number(here), "=", remade)


_Sides = tuple[str, Parts, Callable[[Callable[[float], float]], float] | None]


def _contraction(recording: Recording, node: Node, flat: int) -> _Sides:
    board, trace, xs = recording.board, recording.trace, recording.trace.inputs(node)
    links = trace.row(node, 0, flat)
    assert links.factor is not None, "a contraction's local derivative is its other factor"
    bias = node.inputs[2] if len(node.inputs) == 3 else None
    if links.grid.size > WRITTEN_OUT:
        return _sigma(recording, node, flat), (), None
    weights = links.factor[1].take(0, links.grid.size)
    inputs = links.grid.take(0, links.grid.size)
    pairs = [(xs[1].item(w), xs[0].item(x)) for w, x in zip(weights, inputs, strict=True)]
    names = [
        f"{board.element(node.inputs[1], int(w))}·{board.element(node.inputs[0], int(x))}"
        for w, x in zip(weights, inputs, strict=True)
    ]
    numbers: list[str | Num] = []
    for w, x in pairs:
        numbers += [" + " if numbers else "", Num(w, False, True), Num(x, False, True)]
    added = 0.0
    if bias is not None:
        at = trace.row(node, 2, flat).grid.base
        added = xs[2].item(at)
        names.append(board.element(bias, at))
        numbers += [" + ", Num(added, False, added < 0)]
    return (
        " + ".join(names),
        tuple(p for p in numbers if p != ""),
        lambda r: sum(r(w) * r(x) for w, x in pairs) + r(added),
    )


def _sigma(recording: Recording, node: Node, flat: int) -> str:
    board, shape = recording.board, recording.graph.values[node.output].shape
    *rows, unit = map(str, unravel(flat, shape)) if shape else ("",)
    x, weight = board.whole(node.inputs[0]), board.whole(node.inputs[1])
    if not isinstance(node.op, Linear):
        return f"Σⱼ {x}[…,j]·{weight}[j,…]"
    bias = f" + {board.whole(node.inputs[2])}[{unit}]" if len(node.inputs) == 3 else ""
    return f"Σⱼ {weight}[{unit},j]·{x}[{','.join([*rows, 'j'])}]{bias}"


def _reduction(recording: Recording, node: Node, flat: int) -> _Sides:
    board, xs, rows = recording.board, recording.trace.inputs(node), recording.trace.rows(node, flat)
    count = rows[0].size
    if count > WRITTEN_OUT or any(grid.size != count for grid in rows):
        return node.op.written([board.whole(v) for v in node.inputs]), (), None
    taken = [r.take(0, count) for r in rows]
    values = [[x.item(i) for i in at] for x, at in zip(xs, taken, strict=True)]
    template = divided(node, node.op.term or "{0}", [x.shape for x in xs])
    names = [
        template.format(*(board.element(v, int(at[k])) for v, at in zip(node.inputs, taken, strict=True)))
        for k in range(count)
    ]
    numbers: list[str | Num] = []
    for k in range(count):
        sign, bare = (" − ", template[1:]) if k and template.startswith(MINUS) else (" + ", template)
        numbers += [sign] if k else []
        numbers += fill(bare, [Num(v[k], False, v[k] < 0) for v in values])

    def remade(r: Callable[[float], float]) -> float:
        again = [np.asarray([r(x) for x in v]) for v in values]
        return float(np.asarray(node.op.forward(again)).item(0))

    return (
        " + ".join(names).replace(f"+ {MINUS}", f"{MINUS} "),
        tuple(numbers),
        remade if all(x.size == count for x in xs) else None,
    )


def _linked(recording: Recording, node: Node, flat: int) -> _Sides:
    """Any other operation: a single element that is only moved or scaled is named; else the whole
    inputs are."""
    board, xs, rows = recording.board, recording.trace.inputs(node), recording.trace.rows(node, flat)
    if sum(grid.size for grid in rows) == 1:
        slot = next(k for k, grid in enumerate(rows) if grid.size)
        at = int(rows[slot].take(0, 1)[0])
        value = xs[slot].item(at)
        name = board.element(node.inputs[slot], at)
        if isinstance(node.op, Masked):
            return node.op.written([name]), fill(node.op.notation, [Num(value, False, value < 0)]), None
        return name, (Num(value, False),), None
    return node.op.written([board.whole(v) for v in node.inputs]), (), None


def _elementwise(recording: Recording, node: Node, flat: int) -> _Sides:
    board, xs = recording.board, recording.trace.inputs(node)
    at = [grid.base for grid in recording.trace.rows(node, flat)]
    values = [x.item(i) for x, i in zip(xs, at, strict=True)]
    names = [board.element(v, i) for v, i in zip(node.inputs, at, strict=True)]
    numbers = fill(node.op.notation, [Num(v, False, v < 0) for v in values])
    return (
        node.op.written(names),
        numbers,
        lambda r: float(node.op.forward([np.asarray(r(v)) for v in values])),
    )
