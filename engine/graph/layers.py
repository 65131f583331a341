"""Which sums and activations are one neuron, and what else is drawn on its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from typing import NamedTuple

from gradstep.engine.graph.graph import Graph, Node, Role
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear


class Layer(NamedTuple):
    """One column of neurons, or any other value that is drawn on its own.

    `output` is the value the next layer sees. Where an activation follows a weighted sum, the two
    are one layer and `pre` is the sum; else `pre` is −1. `weight` and `bias` are the parameters of
    the weighted sum `node`, −1 where there is none.
    """

    output: int
    pre: int = -1
    node: int = -1
    weight: int = -1
    bias: int = -1


def find_layers(graph: Graph) -> tuple[Layer, ...]:
    """All layers in graph order: inputs first, parameters that are no weight or bias after
    them, then what is computed, the loss last among its like."""
    parameters = {v.id for v in graph.values if v.role is Role.PARAMETER}
    on_edges = {v for n in graph.nodes if isinstance(n.op, Linear) for v in n.inputs[1:] if v in parameters}
    found = [
        Layer(value.id)
        for value in graph.values
        if value.node < 0 and value.role is not Role.LITERAL and value.id not in on_edges
    ]
    fused = _fused(graph)
    absorbed = {node.id for node in fused.values()}
    found += [_layer(node, fused.get(node.id, node), on_edges) for node in graph.nodes if node.id not in absorbed]
    return tuple(found)


def _fused(graph: Graph) -> Mapping[int, Node]:
    """The activations that are one layer with the weighted sum before them: the node of that sum for each."""
    counts = Counter(v for n in graph.nodes for v in n.inputs)
    fused = {}
    for node in graph.nodes:
        before = graph.values[node.inputs[0]].node
        single = len(node.inputs) == 1 and counts[node.inputs[0]] == 1 and node.inputs[0] != graph.loss.id
        if single and before >= 0 and isinstance(node.op, Elementwise) and node.output != graph.loss.id:
            producer = graph.nodes[before]
            if isinstance(producer.op, Linear):
                fused[node.id] = producer
    return fused


def _layer(node: Node, inner: Node, on_edges: Set[int]) -> Layer:
    """The layer of a node, or of a weighted sum `inner` and the activation `node` of it."""
    pre = inner.output if inner is not node else -1
    if not isinstance(inner.op, Linear):
        return Layer(node.output, pre, inner.id)
    weight = inner.inputs[1] if inner.inputs[1] in on_edges else -1
    bias = inner.inputs[2] if len(inner.inputs) == 3 and inner.inputs[2] in on_edges else -1
    return Layer(node.output, pre, inner.id, weight, bias)
