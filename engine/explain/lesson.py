"""The longer explanation of a step: what is computed, and why the rule is what it is."""

from __future__ import annotations

from gradstep.engine.explain.hops import Hop, slope_name
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.run.recording import Recording

READY = (
    "A network is a chain of small operations. The forward pass computes them one after the other, from the inputs "
    "to a single number: the loss.",
    "The backward pass goes the same way in the opposite direction. At each operation it multiplies what arrives "
    "(the upstream gradient) by how much that operation reacts to its input (the local gradient).",
    "Where a value is used more than once, the gradients that arrive are added. That is all there is to it.",
)


GIVEN = "Here the number is set by you and not computed. What follows is the rule that would have made it."


def forward(recording: Recording, node: Node, flat: int) -> tuple[str, ...]:
    """Sentences for the step that computes node's output[flat]."""
    board, op = recording.board, node.op
    name = board.element(node.output, flat)
    if isinstance(op, Linear):
        first = (
            f"{name} is a weighted sum: every input is multiplied by the weight of its edge, the products are added"
            + (", and the bias is added once." if len(node.inputs) == 3 else ".")
        )
        second = (
            f"For the backward pass this is remembered: raising an input by a little raises {name} by its weight times "
            "as much; raising a weight, by its input times as much; raising the bias, by just as much."
        )
        return first, second, "So each input's gradient will need the weight, and each weight's gradient the input."
    return (
        f"{name} = {op.written([board.whole(v) for v in node.inputs], recording.graph.dtype)}: {op.label}.",
        *_slopes(recording, node),
        "The local gradient is taken at the numbers of the forward pass; that is why it has to come first.",
    )


def _slopes(recording: Recording, node: Node, only: int | None = None) -> tuple[str, ...]:
    """The rule of the local gradient for each input of a node, or for the slot `only`."""
    board, op = recording.board, node.op
    names, dtype = [board.whole(v) for v in node.inputs], recording.graph.dtype
    found = []
    for slot, (value, slope) in enumerate(zip(node.inputs, op.slopes, strict=False)):
        if recording.graph.values[value].differentiable and only in (None, slot):
            local = op.valued(slope, dtype).format(*names)
            found.append(f"The local gradient is ∂{board.whole(node.output)}/∂{names[slot]} = {local}.")
    return (*found, *((f"By convention, {op.kink}.",) if op.kink else ()))


def backward(recording: Recording, element: Element, count: int, ways: list[Hop]) -> tuple[str, ...]:
    """Sentences for the step that computes ∂L/∂element."""
    board = recording.board
    name, loss = board.element(*element), board.loss
    start = f"∂{loss}/∂{name} says how much {loss} changes, per unit, when {name} changes by very little."
    if not ways:
        return start, f"Nothing on the way to {loss} uses {name}, so it is exactly 0."
    node = recording.graph.nodes[ways[0].node]
    if count == 1:
        target = board.element(*ways[0].target)
        rule = (
            f"{name} acts on {loss} only through {target}. The chain rule multiplies what {target} does to {loss} "
            f"(upstream) by what {name} does to {target} (local, {slope_name(recording, ways[0])})."
        )
    else:
        rule = (
            f"{name} acts on {loss} in {count} ways. A small change takes all of them at once, so their effects add: "
            "for each, upstream × local; then the sum."
        )
    return start, rule, *_slopes(recording, node, ways[0].slot)


def update(recording: Recording, element: Element) -> tuple[str, ...]:
    """Sentences for the step that updates a parameter."""
    name = recording.board.element(*element)
    update, optimizer = recording.update, recording.scenario.training.optimizer
    how = f"How far is the learning rate η = {update.lr:g} times the gradient: gradient descent."
    if len(update.lines) > 1:
        rule = " ".join(f"{stage.line.says[0].upper()}{stage.line.says[1:]}." for stage in update.stages(*element))
        how = f"The rule is {optimizer}, learning rate η = {update.lr:g}. {rule}"
    return (
        f"The gradient points to where the loss grows fastest, so {name} takes a step the other way.",
        how,
        "All updates use the gradients of the same backward pass; none of them sees another's new number.",
    )
