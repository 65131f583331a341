"""Where a function does not depend on a number at all: x − x, x/x, what is left of a single number when its mean is
taken off. Its gradient is 0 whatever the numbers are, and at any precision."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph, Node, Role
from gradstep.engine.index import Array
from gradstep.engine.ops.moving import Move
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.run.recording import Recording, remembered

#: What is put in the place of x: a x + b.
_OTHERS = ((1.5, 0.7), (-1.0, -1.3), (-0.3, 37.1))
#: What is within so many units of the last digit of the largest number has not changed.
_DIGITS = 64
#: Of a larger network nothing is computed again for this.
_LARGEST = 1 << 20


@remembered
def constant(recording: Recording, element: Element) -> Node | None:
    """The node at which it ends that a number has an effect, whatever that and all the others are: the last whose
    inputs change with it and whose output does not, where nothing after that does. None where there is no such node, or
    it is not looked for because the network is too large, or not all of it can be computed."""
    graph = recording.graph
    if graph.opaque or sum(value.size for value in graph.values if value.node >= 0) > _LARGEST:
        return None
    rng = np.random.default_rng(0)
    ends = []
    for scale, shift in _OTHERS:
        try:
            data = _elsewhere(recording, rng)
            ends.append(_end(graph, data, element, scale, shift))
        except OpError:  # what is made of whole numbers has to be whole as well
            return None
    return ends[0] if ends[0] is not None and all(node is ends[0] for node in ends) else None


def _elsewhere(recording: Recording, rng: np.random.Generator) -> list[Array]:
    """All values of the network with other numbers in its leaves; what has to be whole numbers stays what it is."""
    graph, data = recording.graph, list(recording.trace.data)
    whole = {v for node in graph.nodes if type(node.op).check is not Op.check for v in node.inputs}
    for value in graph.values:
        if value.role in (Role.PARAMETER, Role.INPUT) and value.id not in whole:
            factor, shift = rng.uniform(0.8, 1.2, value.shape), rng.uniform(-0.1, 0.1, value.shape)
            data[value.id] = np.asarray(data[value.id] * factor + shift, dtype=graph.dtype)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            data[node.output] = node.op.forward([data[value] for value in node.inputs])
    return data


def _end(graph: Graph, data: list[Array], element: Element, scale: float, shift: float) -> Node | None:
    """The last node up to the loss at which the effect of another number ends; None where it reaches the loss."""
    x = np.array(data[element.value])
    x.reshape(-1)[element.flat] = x.item(element.flat) * scale + shift
    changed, end = {element.value: x}, None
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if changed.keys().isdisjoint(node.inputs):
                continue
            xs = [changed.get(value, data[value]) for value in node.inputs]
            y = node.op.forward(xs)
            # Only of sums and of what is taken from a mean or a largest the rounding errors are those of what enters.
            adds = bool(node.op.summed) or isinstance(node.op, Rowwise)
            if _differs(data[node.output], y, xs if adds else ()):
                changed[node.output] = y
            elif not isinstance(node.op, Move):  # which has only moved something else
                end = node
    return None if graph.loss.id in changed else end


def _differs(old: Array, new: Array, entered: Sequence[Array]) -> bool:
    """Whether an output is another one, by more than rounding errors."""
    size = max(float(abs(array).max(initial=0)) for array in (old, new, *entered))
    gap = float(abs(new - old).max(initial=0))
    return not (isfinite(size) and gap <= _DIGITS * float(np.finfo(old.dtype).eps) * size)
