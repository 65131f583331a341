"""The equation of a step of the backward pass: ∂L/∂h₁ = ∂L/∂z₂₁·w₂₁₁ + ∂L/∂z₂₂·w₂₂₁."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.explain.formula.equation import WRITTEN_OUT, Equation, Num, divided, fill
from gradstep.engine.explain.hops import Hop, slope_name
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.run.recording import Recording


def backward(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Equation:
    """∂L/∂h₁ = ∂L/∂z₂₁·w₂₁₁ + ∂L/∂z₂₂·w₂₂₁: the sum over all uses of an element."""
    board, trace = recording.board, recording.trace
    left, result = board.gradient(*element), trace.derivative(element)
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
        upstream = trace.derivative(hop.target)
        cross = " × " if count == 1 else "·"
        names.append(board.gradient(*hop.target) + cross + local_name(recording, hop))
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
        return recording.board.element(*hop.factor)
    return slope_name(recording, hop)


def _pull(recording: Recording, hop: Hop, element: Element) -> str:
    board = recording.board
    index = "k" if len(recording.graph.values[hop.target.value].shape) <= 1 else "…,k"
    via = f"{board.whole(hop.target.value)}[{index}]"
    return f"Σₖ ∂{board.loss}/∂{via} × ∂{via}/∂{board.element(*element)}"


def _from_loss(recording: Recording, hop: Hop, left: str, result: float) -> Equation:
    """The first step of the backward pass: the loss's own derivative, as its formula."""
    board = recording.board
    node = recording.graph.nodes[hop.node]
    xs = recording.trace.inputs(node)
    template = divided(node, node.op.written_slope(hop.slot, hop.source.flat, xs), [x.shape for x in xs])
    # A size-1 operand meets every element of the other; a formula for one pair is then no formula.
    single = all(x.size in (1, xs[hop.slot].size) for x in xs) or "{" not in template
    if not (isinstance(node.op, Elementwise) or node.op.reduces) or not template or not single:
        return Equation(left, slope_name(recording, hop), (Num(result),), result)
    at = [hop.source.flat if x.size == xs[hop.slot].size else 0 for x in xs]
    values = [x.item(i) for x, i in zip(xs, at, strict=True)]
    names = [board.element(v, i) for v, i in zip(node.inputs, at, strict=True)]
    return Equation(left, template.format(*names), fill(template, [Num(v, False, v < 0) for v in values]), result)
