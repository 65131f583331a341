"""What is chosen differently on two sides of a number: there the loss is not differentiable."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph, Node, Role
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.shapes import broadcast

#: Slopes that differ by more than this share are two.
_APART = 1e-6
#: So often the way between two sides is halved in search of a jump: down to neighbouring numbers.
_HALVINGS = 60


def switched(precise: Precise, nodes: Sequence[Node], above: dict[int, Array], below: dict[int, Array]) -> str:
    """What some nodes choose differently on the two sides: a gate that opens, a maximum that changes, a
    comparison that jumps. Such operations say so themselves: they have a `kink`, or are discrete.

    The recorded run lies between the sides, and is compared with both: what opens on the way up to it
    may have shut again on the way on.
    """
    data = precise.trace.data
    for node in nodes:
        if not node.op.kink and not node.op.discrete:
            continue
        for sides in pairwise((below, {}, above)):
            low, high = ([side.get(i, data[i]) for i in (*node.inputs, node.output)] for side in sides)
            if isinstance(node.op, Elementwise | Reduce):
                element = _jump(precise.graph, node, node.op, low[:-1], high[:-1])
            else:
                element = _rerouted(node, low, high)
            if element is not None:
                name = Blackboard(precise.graph).element(*element)
                return f"{node.op.label} at {name} switches between the two sides"
    return ""


def _jump(
    graph: Graph, node: Node, op: Elementwise | Reduce, low: Sequence[Array], high: Sequence[Array]
) -> Element | None:
    """The first place where a local gradient, or what a comparison says, jumps on the way from one
    set of inputs to the other. Of what is bent the two ends differ less and less as the way between
    them is halved; a jump stays."""
    joint = broadcast([x.shape for x in low], op.name)
    ends = [[np.broadcast_to(x, joint).reshape(-1) for x in xs] for xs in (low, high)]
    moved = np.flatnonzero(np.logical_or.reduce([a != b for a, b in zip(*ends, strict=True)]))
    found: set[int] = set()
    with np.errstate(all="ignore"):
        for slot in range(len(low)):
            left, right = ([x[moved] for x in xs] for xs in ends)
            at_left, at_right = _slope(op, slot, left), _slope(op, slot, right)
            least = _APART * np.maximum(abs(at_left), abs(at_right))
            for _ in range(_HALVINGS):
                if not np.any(abs(at_right - at_left) > least):
                    break
                middle = [(a + b) / 2 for a, b in zip(left, right, strict=True)]
                at_middle = _slope(op, slot, middle)
                nearer = abs(at_middle - at_left) > abs(at_right - at_middle)
                left = [np.where(nearer, a, m) for a, m in zip(left, middle, strict=True)]
                right = [np.where(nearer, m, b) for m, b in zip(middle, right, strict=True)]
                at_left, at_right = np.where(nearer, at_left, at_middle), np.where(nearer, at_middle, at_right)
            found.update(moved[abs(at_right - at_left) > least].tolist())
    if not found:
        return None
    # Named by what enters; a number written in the formula names nothing.
    largest = max((graph.values[i] for i in node.inputs), key=lambda v: (v.size, v.role is not Role.LITERAL))
    return Element(largest.id if largest.size == math.prod(joint) else node.output, min(found))


def _slope(op: Elementwise | Reduce, slot: int, xs: Sequence[Array]) -> Array:
    """The local gradient at single points; of a comparison, which has none, what it says."""
    y = op.forward(xs) if isinstance(op, Elementwise) else xs[0]
    return np.asarray(y if op.discrete else op.local(slot, y, xs), dtype=np.float64)


def _rerouted(node: Node, low: Sequence[Array], high: Sequence[Array]) -> Element | None:
    """The first input element to which the outputs of an operation that chooses among its inputs pass
    on something else: each output sends back its own number. Inputs first, the output last."""
    marks = np.arange(1.0, low[-1].size + 1).reshape(low[-1].shape)
    one, other = (node.op.vjp(0, marks, side[-1], side[:-1]) for side in (low, high))
    apart = np.flatnonzero(one != other)
    return Element(node.inputs[0], int(apart[0])) if len(apart) else None
