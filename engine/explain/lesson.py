"""The longer explanation of a step: what is computed, and why the rule is what it is."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.explain.hops import Hop, slope_name
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.notation import brief
from gradstep.engine.ops.elementwise import Elementwise
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
    op = node.op
    name = recording.board.element(node.output, flat)
    if isinstance(op, Linear):
        return _weighted(recording, node, name)
    slopes = _slopes(recording, node) if node.output in recording.graph.active and not op.discrete else ()
    last = (
        "The local gradient is taken at the numbers of the forward pass; that is why this pass has to come first."
        if slopes
        else "No gradient passes here: what enters is given, or the loss does not depend on it."
    )
    return f"{op.label}: {name} = {op.written(_names(recording, node, flat), recording.graph.dtype)}.", *slopes, last


def _weighted(recording: Recording, node: Node, name: str) -> tuple[str, ...]:
    """Sentences for a weighted sum: of what is there, and of that what gets a gradient."""
    values = [recording.graph.values[v] for v in node.inputs]
    board, active, added = recording.board, node.output in recording.graph.active, ""
    if len(values) == 3:
        added = "the bias" if values[2].role is Role.PARAMETER else board.whole(values[2].id)
    first = f"{name} is a weighted sum of one input: that is multiplied by the weight of its edge"
    if values[1].shape[-1] != 1:
        first = f"{name} is a weighted sum: every input is multiplied by the weight of its edge, the products are added"
    first += f", and {added} is added once." if added else "."
    words = ("an input by a little", "a weight", added)
    by = ("its weight times as much", "its input times as much", "just as much")
    gets = [k for k, value in enumerate(values) if value.differentiable and active]
    if not gets:
        return (first,)
    raising = "; ".join(
        f"raising {words[k]}{', by' if n else f' raises {name} by'} {by[k]}" for n, k in enumerate(gets)
    )
    needs = [("each input's gradient", "the weight"), ("each weight's gradient", "the input")]
    told = [f"{whose} will need {what}" for k, (whose, what) in enumerate(needs) if k in gets]
    last = (f"So {' and '.join(told)}.",) if told else ()
    return first, f"For the backward pass this is remembered: {raising}.", *last


def _names(recording: Recording, node: Node, flat: int | None = None) -> list[str]:
    """What the inputs of a node are called, or what of them enters output `flat` of a function of single numbers; a
    number of a formula with few digits."""
    board, found = recording.board, []
    for slot, value in enumerate(recording.graph.values[v] for v in node.inputs):
        if value.role is Role.LITERAL:
            found.append(brief(float(recording.trace.data[value.id].item(0))))
        elif flat is None or not isinstance(node.op, Elementwise):
            found.append(board.whole(value.id))
        else:
            found.append(board.element(value.id, int(recording.trace.row(node, slot, flat).grid.take(0, 1)[0])))
    return found


def _slopes(recording: Recording, node: Node, only: int | None = None) -> tuple[str, ...]:
    """The rule of the local gradient for each input of a node, or for the slot `only`."""
    board, op = recording.board, node.op
    names, dtype = _names(recording, node), recording.graph.dtype
    found = []
    for slot, value in enumerate(node.inputs):
        if recording.graph.values[value].differentiable and only in (None, slot):
            local = op.slope(slot, len(names), dtype).format(*names)
            of = f"The local gradient is ∂{board.whole(node.output)}/∂{names[slot]} = {local}."
            found.append(of if node.inputs.count(value) == 1 else f"Of one use of {names[slot]} it is {local}.")
    if not found:
        return ()
    again = {value for value in node.inputs if node.inputs.count(value) > 1}
    if again:
        found.insert(0, "Each use has its own local gradient.")
    return (*found, *((f"By convention, {op.kink}.",) if op.kink else ()))


def backward(recording: Recording, element: Element, count: int, ways: Sequence[Hop]) -> tuple[str, ...]:
    """Sentences for the step that computes ∂L/∂element."""
    board = recording.board
    name, loss = board.element(*element), board.loss
    start = f"∂{loss}/∂{name} says how much {loss} changes, per unit, when {name} changes by very little."
    if not ways:
        return start, f"Nothing on the way to {loss} uses {name}, so it is exactly 0."
    if count == 1 and ways[0].target.value == recording.graph.loss.id:
        rule = (
            f"{name} acts on {loss} directly: its gradient is the local gradient of the loss, "
            f"{slope_name(recording, ways[0])}."
        )
    elif count == 1:
        target = board.element(*ways[0].target)
        rule = (
            f"{name} acts on {loss} only through {target}. The chain rule multiplies what {target} does to {loss} "
            f"(upstream) by what {name} does to {target} (local, {slope_name(recording, ways[0])})."
        )
    else:
        rule = (
            f"{name} acts on {loss} in {count:,} ways. A small change takes all of them at once, so their effects add: "
            "for each, upstream × local; then the sum."
        )
    uses = dict.fromkeys((hop.node, hop.slot) for hop in ways)
    slopes = (text for node, slot in uses for text in _slopes(recording, recording.graph.nodes[node], slot))
    return start, rule, *dict.fromkeys(slopes)


def update(recording: Recording, element: Element) -> tuple[str, ...]:
    """Sentences for the step that updates a parameter."""
    name = recording.board.element(*element)
    update = recording.update
    lr, optimizer = brief(update.rate(element.value)), update.optimizer(element.value)
    how = f"{name} goes as far as the learning rate η = {lr} times the gradient: gradient descent."
    if len(update.lines(element.value)) > 1:
        rule = " ".join(f"{stage.line.says[0].upper()}{stage.line.says[1:]}." for stage in update.stages(*element))
        how = f"The rule is {optimizer}, learning rate η = {lr}. {rule}"
    return (
        "The gradient points to where the loss grows fastest, so descent goes the other way.",
        how,
        "All updates use the gradients of the same backward pass; none of them sees another's new number.",
    )
