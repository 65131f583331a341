"""The equation of a step of the backward pass: ∂L/∂h₁ = ∂L/∂z₂₁·w₂₁₁ + ∂L/∂z₂₂·w₂₂₁."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.explain.formula.equation import WRITTEN_OUT, Equation, Num, fill
from gradstep.engine.explain.formula.uses import operands, slope, uses
from gradstep.engine.explain.hops import Hop, slope_name
from gradstep.engine.graph.element import Element
from gradstep.engine.run.recording import Recording

#: So many uses of one element are written; of more, how many there are.
_USES = 24


def backward(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> Equation:
    """∂L/∂h₁ = ∂L/∂z₂₁·w₂₁₁ + ∂L/∂z₂₂·w₂₂₁: the sum over all uses of an element."""
    board, trace = recording.board, recording.trace
    left, result = board.gradient(*element), trace.derivative(element)
    if not ways:
        return Equation(left, "0", (), result)
    if count == 1 and ways[0].target.value == recording.graph.loss.id:
        return _from_loss(recording, ways[0], left, result)
    found = uses(recording, element)
    if count > WRITTEN_OUT:
        shown = [use.text for use in found[:_USES]]
        more = [f"… ({len(found) - _USES:,} more uses)"] if len(found) > _USES else []
        return Equation(left, " + ".join([*shown, *more]), (), result)
    names: list[str] = []
    numbers: list[str | Num] = []
    products: list[tuple[float, float]] = []
    cross = " × " if count == 1 else "·"
    for target, name, upstream, local in (term for use in found for term in use.terms):
        numbers += [" + "] if numbers else []
        products.append((upstream, local))
        if target.value == recording.graph.loss.id:  # ∂L/∂L is 1
            names.append(name)
            numbers.append(Num(local, parens=True))
            continue
        names.append(board.gradient(*target) + cross + name)
        numbers += [Num(upstream, parens=True), " × " if count == 1 else "", Num(local, parens=True)]
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


def _from_loss(recording: Recording, hop: Hop, left: str, result: float) -> Equation:
    """The first step of the backward pass: the loss's own derivative, as its formula."""
    node, board = recording.graph.nodes[hop.node], recording.board
    if hop.factor is not None:
        return Equation(left, local_name(recording, hop), (Num(result),), result)
    elements = [
        Element(v, int(at.take(0, 1)[0])) for v, at in operands(recording, node, hop.slot, hop.source.flat) if at.size
    ]
    template = slope(recording, node, hop.slot, hop.source.flat)
    names = [board.element(*element) for element in elements]
    values = [*(recording.trace.number(element) for element in elements), recording.trace.loss]
    numbers = fill(template.replace("{y}", f"{{{len(names)}}}"), [Num(v, False, v < 0) for v in values])
    return Equation(left, template.format(*names, y=board.loss), numbers, result)
