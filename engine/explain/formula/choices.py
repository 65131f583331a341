"""The equations of what numbers choose: the place of an element, and elements that are put together in one place."""

from __future__ import annotations

from gradstep.engine.explain.formula.equation import WRITTEN_OUT
from gradstep.engine.graph.graph import Node
from gradstep.engine.ops.choosing import Pointing
from gradstep.engine.ops.putting import Folded
from gradstep.engine.run.recording import Recording


def place(recording: Recording, node: Node, flat: int) -> str:
    """Where an element stands: along an axis, or counted through all."""
    op, xs = node.op, recording.trace.inputs(node)
    assert isinstance(op, Pointing)
    name = recording.board.element(node.inputs[0], op.pointed(flat, xs))
    axes = sorted(op.axes(xs[0].ndim))
    if not axes and xs[0].ndim:
        return "0"  # alone in its group
    if len(axes) == xs[0].ndim:
        return f"place of {name}"
    return f"place of {name} on ax{'i' if len(axes) == 1 else 'e'}s {', '.join(map(str, axes))}"


def folded(recording: Recording, node: Node, flat: int) -> str:
    """x₁ × s₁ × s₃, (x₁ + s₁)/2, max(x₁, s₁)."""
    op = node.op
    assert isinstance(op, Folded)
    members = op.members(flat, recording.trace.inputs(node))
    if len(members) > WRITTEN_OUT:
        return op.written([recording.board.whole(v) for v in node.inputs], recording.graph.dtype)
    names = [recording.board.element(node.inputs[slot], at) for slot, at in members]
    if len(names) == 1:
        return names[0]
    if op.reduce in ("amax", "amin"):
        return f"{op.reduce[1:]}({', '.join(names)})"
    if op.reduce == "prod":
        return " × ".join(names)
    return " + ".join(names) if op.reduce == "sum" else f"({' + '.join(names)}) / {len(names)}"
