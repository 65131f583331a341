"""The equation of one step: in names, in numbers, and its result."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradstep.engine.explain.hops import Hop, slope_name
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Shape, unravel
from gradstep.engine.notation import MINUS, number, rounded
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.moving import Masked
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.update import Stage
from gradstep.engine.training.optimizers import SIGNS

#: Sums of up to this many terms are written out; longer ones with Σ.
WRITTEN_OUT = 3


class Num(NamedTuple):
    """A number inside a line of text; whoever shows it chooses the digits and the colour."""

    value: float
    signed: bool = True
    parens: bool = False

    def text(self, digits: int) -> str:
        shown = number(self.value, digits, self.signed)
        return f"({shown})" if self.parens else shown


Parts = tuple[str | Num, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Equation:
    """`left` = `right`, the same with numbers put in, and the result.

    `remade` computes the result again from numbers as they are printed: it is given the rounding.
    """

    left: str
    right: str
    numbers: Parts
    result: float
    relation: str = "="
    remade: Callable[[Callable[[float], float]], float] | None = None

    def equals(self, digits: int) -> str:
        """`=`, or `≈` where the printed numbers do not give exactly the printed result."""
        if self.remade is None:
            return "="
        with np.errstate(all="ignore"):
            again = self.remade(lambda x: rounded(x, digits))
        return "=" if number(again, digits) == number(self.result, digits) else "≈"


def equation_text(parts: Parts, digits: int) -> str:
    """The plain text of parts."""
    return "".join(p if isinstance(p, str) else p.text(digits) for p in parts)


def fill(template: str, parts: Sequence[str | Num]) -> Parts:
    """`template` with {0}, {1} … replaced by parts."""
    pieces = re.split(r"\{(\d+)\}", template)
    return tuple(parts[int(p)] if k % 2 else p for k, p in enumerate(pieces) if p)


def relation(factors: Sequence[float], product: float, digits: int) -> str:
    """`=` where the printed factors multiply to the printed product, else `≈`."""
    return "=" if number(math.prod(rounded(f, digits) for f in factors), digits) == number(product, digits) else "≈"


def forward(recording: Recording, node: Node, flat: int) -> Equation:
    """z₁₁ = w₁₁₁·x₁ + w₁₁₂·x₂ + b₁₁ for the node's output[flat]."""
    board, data = recording.board, recording.trace.data
    left = board.element(node.output, flat)
    result = float(data[node.output].reshape(-1)[flat])
    if node.op.contracts:
        right, numbers, remade = _contraction(recording, node, flat)
    elif node.op.reduces:
        right, numbers, remade = _reduction(recording, node, flat)
    elif isinstance(node.op, Elementwise):
        right, numbers, remade = _elementwise(recording, node, flat)
    else:
        right, numbers, remade = _linked(recording, node, flat)
    return Equation(left, right, numbers, result, "=", remade)


_Sides = tuple[str, Parts, Callable[[Callable[[float], float]], float] | None]


def _contraction(recording: Recording, node: Node, flat: int) -> _Sides:
    board, data = recording.board, recording.trace.data
    y, xs = data[node.output], recording.trace.inputs(node)
    links = node.op.row(0, flat, y, xs)
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
        at = node.op.row(2, flat, y, xs).grid.base
        added = data[bias].item(at)
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
    board, data = recording.board, recording.trace.data
    xs = recording.trace.inputs(node)
    rows = [node.op.row(slot, flat, data[node.output], xs).grid for slot in range(len(xs))]
    count = rows[0].size
    if count > WRITTEN_OUT or any(grid.size != count for grid in rows):
        return node.op.written([board.whole(v) for v in node.inputs]), (), None
    taken = [r.take(0, count) for r in rows]
    values = [[x.item(i) for i in at] for x, at in zip(xs, taken, strict=True)]
    template = _divided(node, node.op.term or "{0}", [x.shape for x in xs])
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
        return float(np.asarray(node.op.forward(again)).reshape(-1)[0])

    return (
        " + ".join(names).replace(f"+ {MINUS}", f"{MINUS} "),
        tuple(numbers),
        remade if all(x.size == count for x in xs) else None,
    )


def _linked(recording: Recording, node: Node, flat: int) -> _Sides:
    """Any other operation: a single element that is only moved or scaled is named; else the whole
    inputs are."""
    board, data = recording.board, recording.trace.data
    xs = recording.trace.inputs(node)
    rows = [node.op.row(slot, flat, data[node.output], xs).grid for slot in range(len(xs))]
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
    board, data = recording.board, recording.trace.data
    y, xs = data[node.output], recording.trace.inputs(node)
    at = [node.op.row(slot, flat, y, xs).grid.base for slot in range(len(xs))]
    values = [x.item(i) for x, i in zip(xs, at, strict=True)]
    names = [board.element(v, i) for v, i in zip(node.inputs, at, strict=True)]
    numbers = fill(node.op.notation, [Num(v, False, v < 0) for v in values])
    return (
        node.op.written(names),
        numbers,
        lambda r: float(node.op.forward([np.asarray(r(v)) for v in values])),
    )


def backward(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Equation:
    """∂L/∂h₁ = ∂L/∂z₂₁·w₂₁₁ + ∂L/∂z₂₂·w₂₂₁: the sum over all uses of an element."""
    board, trace = recording.board, recording.trace
    grad = trace.gradient(element.value)
    left, result = board.gradient(element.value, element.flat), grad.item(element.flat)
    if not ways:
        return Equation(left, "0", (), result)
    if count > WRITTEN_OUT:
        return Equation(left, _pull(recording, ways[0], element), (), result)
    if count == 1 and ways[0].target.value == recording.graph.loss.id:
        return _from_loss(recording, ways[0], left, result)
    names: list[str] = []
    numbers: list[str | Num] = []
    products: list[tuple[float, float]] = []
    for hop in ways:
        target = trace.gradient(hop.target.value)
        upstream = target.item(hop.target.flat)
        cross = " × " if count == 1 else "·"
        names.append(board.gradient(hop.target.value, hop.target.flat) + cross + local_name(recording, hop))
        numbers += [" + "] if numbers else []
        numbers += [Num(upstream, parens=True), " × " if count == 1 else "", Num(hop.local, parens=True)]
        products.append((upstream, hop.local))
    return Equation(
        left,
        " + ".join(names),
        tuple(p for p in numbers if p != ""),
        result,
        "=",
        lambda r: sum(r(a) * r(b) for a, b in products),
    )


def local_name(recording: Recording, hop: Hop) -> str:
    """What the local derivative of a hop is called: the weight it is, or ∂y/∂z."""
    if hop.factor is not None:
        return recording.board.element(hop.factor.value, hop.factor.flat)
    return slope_name(recording, hop)


def _pull(recording: Recording, hop: Hop, element: Element) -> str:
    board = recording.board
    index = "k" if len(recording.graph.values[hop.target.value].shape) <= 1 else "…,k"
    via = f"{board.whole(hop.target.value)}[{index}]"
    return f"Σₖ ∂{board.loss}/∂{via} × ∂{via}/∂{board.element(element.value, element.flat)}"


def _from_loss(recording: Recording, hop: Hop, left: str, result: float) -> Equation:
    """The first step of the backward pass: the loss's own derivative, as its formula."""
    board = recording.board
    node = recording.graph.nodes[hop.node]
    xs = recording.trace.inputs(node)
    template = _divided(node, node.op.written_slope(hop.slot, hop.source.flat, xs), [x.shape for x in xs])
    # A size-1 operand meets every element of the other; a formula for one pair is then no formula.
    single = all(x.size in (1, xs[hop.slot].size) for x in xs) or "{" not in template
    if not (isinstance(node.op, Elementwise) or node.op.reduces) or not template or not single:
        return Equation(left, slope_name(recording, hop), (Num(result),), result)
    at = [hop.source.flat if x.size == xs[hop.slot].size else 0 for x in xs]
    values = [x.item(i) for x, i in zip(xs, at, strict=True)]
    names = [board.element(v, i) for v, i in zip(node.inputs, at, strict=True)]
    return Equation(left, template.format(*names), fill(template, [Num(v, False, v < 0) for v in values]), result)


# Updates ------------------------------------------------------------------------------------------


def update(recording: Recording, element: Element, stage: Stage, begun: bool) -> Equation:
    """One line of an update's rule; `begun` if the gradient has been changed by a line before it."""
    line = stage.line
    left = _symbol(recording, element, line.symbol, True)
    right = "".join(text + (_symbol(recording, element, s, begun) if s else "") for text, s in line.pieces)
    numbers: list[str | Num] = []
    varying = {s: float(np.asarray(stage.used[s]).reshape(-1)[0]) for _, s in line.pieces if s and _varies(s, stage)}
    for text, symbol in line.pieces:
        numbers += [text.replace("·", " × ")] if text else []
        if symbol in varying:
            value = varying[symbol]
            signed = symbol != "w" and not text.endswith("√")
            numbers.append(Num(value, signed, signed))
        elif symbol:
            numbers.append(f"{stage.used[symbol]:g}".replace("e-0", "e-"))

    def remade(r: Callable[[float], float]) -> float:
        return float(line.compute({**stage.used, **{symbol: r(value) for symbol, value in varying.items()}}))

    return Equation(left, right, tuple(numbers), stage.made, "←", remade)


def _varies(symbol: str, stage: Stage) -> bool:
    """Whether a symbol stands for a number of the parameter's own, and not for an option."""
    return isinstance(stage.used[symbol], np.ndarray) or symbol in (*_OWN, "norm")


_OWN = ("v", "m", "u", "a", "b", "s", "left")


def _symbol(recording: Recording, element: Element, symbol: str, begun: bool) -> str:
    if symbol == "w":
        return recording.board.element(*element)
    if symbol == "grad" or (symbol == "g" and not begun):
        return recording.board.gradient(*element)
    return SIGNS.get(symbol, symbol)


def _divided(node: Node, template: str, shapes: Sequence[Shape]) -> str:
    """A template with the number of terms of a mean in the place of its n; none is divided by 1."""
    count = node.op.divisor(shapes)
    return re.sub(r"\bn\b", str(count), template if count > 1 else re.sub(r" ?/ ?n\b", "", template))
