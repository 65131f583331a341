"""What a loss is made of: its terms, and of each what every sample adds to it.

A loss is followed back through all that only adds, scales and moves: there a number is the sum of what enters it, each
times its weight, so that the parts add up to the loss and are no approximation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import Array
from gradstep.engine.ops.moving import Move
from gradstep.engine.run.samples import Samples
from gradstep.engine.run.trace import Trace


class LossTerm(NamedTuple):
    """What a `value` adds to the loss over all of its elements; and of that each sample, shape (samples,), None where
    its elements belong to none."""

    value: int
    total: float
    by_sample: Array | None


def loss_terms(trace: Trace, samples: Samples) -> tuple[LossTerm, ...]:
    """The terms of a loss, in the order in which they are computed."""
    graph = trace.graph
    weights = {graph.loss.id: graph.one}
    with np.errstate(all="ignore"):
        for node in reversed(graph.nodes):
            slots = _linear(graph, node) if node.output in weights else ()
            if not slots:
                continue
            weight, xs = weights.pop(node.output), trace.inputs(node)
            for slot in slots:
                part = node.op.vjp(slot, weight, trace.output(node), xs)
                value = node.inputs[slot]
                weights[value] = weights[value] + part if value in weights else part
        return tuple(_term(trace, samples, value, weights[value]) for value in sorted(weights))


def by_sample(terms: tuple[LossTerm, ...]) -> Array | None:
    """What each sample adds to the loss, shape (samples,); None where there are none, or only one."""
    found = [term.by_sample for term in terms if term.by_sample is not None]
    return np.sum(found, axis=0) if found else None


def _linear(graph: Graph, node: Node) -> tuple[int, ...]:
    """The inputs of a node of which its output is a sum, each element times a number that does not depend on them;
    none where it is another function, or the sum is one over products of two arrays, as in a layer."""
    op, inputs = node.op, node.inputs
    if op.contracts:
        return ()
    if op.summed:
        return tuple(slot for slot in op.summed if slot < len(inputs))
    if isinstance(op, Move):
        return tuple(range(len(inputs)))
    if op.name in ("multiply", "divide"):
        constant = [not graph.values[value].differentiable for value in inputs]
        if constant[1]:
            return (0,)
        if constant[0] and op.name == "multiply":
            return (1,)
    return ()


def _term(trace: Trace, samples: Samples, value: int, weight: Array) -> LossTerm:
    total, apart = 0.0, np.zeros(samples.count)
    belongs = samples.count > 1
    for numbers, which in _numbers(trace, samples, value, weight):
        total += float(numbers.sum())
        if which is None:
            belongs = False
        elif belongs:
            apart += np.bincount(which, numbers, minlength=samples.count)
    return LossTerm(value, total, apart if belongs else None)


def _numbers(trace: Trace, samples: Samples, value: int, weight: Array) -> Iterator[tuple[Array, Array | None]]:
    """What is added, and which sample each number belongs to: of a loss its summands, else the elements."""
    shown = trace.graph.values[value]
    node = trace.graph.nodes[shown.node] if shown.node >= 0 else None
    if node is None or not node.op.reduces or shown.size != 1:
        numbers = (np.asarray(weight, np.float64) * trace.data[value]).reshape(-1)
        yield numbers, _which(trace, samples, value, np.arange(shown.size))
        return
    via, summands = node.op.summands(0, trace.inputs(node))
    scale = float(np.asarray(weight).reshape(-1)[0])
    for start in range(0, via.size, _TOGETHER):
        stop = min(start + _TOGETHER, via.size)
        numbers = scale * np.asarray(summands(start, stop), np.float64)
        yield numbers, _which(trace, samples, node.inputs[0], via.take(start, stop))


#: So many summands are looked at together.
_TOGETHER = 1 << 18


def _which(trace: Trace, samples: Samples, value: int, flats: Array) -> Array | None:
    """The sample that each element belongs to; None where that is no single one's."""
    axis = samples.axis(value)
    return None if axis is None else np.unravel_index(flats, trace.graph.values[value].shape)[axis]
