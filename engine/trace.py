"""One forward and one backward pass over a graph, vectorised, kept as read-only arrays.

Reverse-mode differentiation as in Griewank and Walther, Evaluating Derivatives (2nd ed., SIAM 2008),
ch. 3: the nodes in reverse order, each passing g·∂y/∂x on to its inputs, summed where a value is
used more than once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradstep.engine.graph import Graph
from gradstep.engine.index import Array


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """All numbers of one iteration. Indexed by value id; arrays are C-contiguous and read-only.

    `grad[v]` is None where the backward pass writes nothing. `flow` has, for a value with several
    uses, the part of its gradient that came through each (node, slot).
    """

    graph: Graph
    data: tuple[Array, ...]
    grad: tuple[Array | None, ...]
    flow: Mapping[tuple[int, int], Array]

    @property
    def loss(self) -> float:
        return float(self.data[self.graph.loss.id].reshape(-1)[0])


def run(
    graph: Graph, leaves: Mapping[int, Array], backward: bool = True, instead: Mapping[int, Array] | None = None
) -> Trace:
    """Runs `graph` forward and backward from its leaves' arrays (by value id, of graph.dtype).
    Without `backward` all gradients are None. Values in `instead` are given, not computed.

    NaN and infinities flow as IEEE 754 says, without a warning: they are what one came to find.
    """
    data: list[Array | None] = [None] * len(graph.values)
    grad: list[Array | None] = [None] * len(graph.values)
    flow: dict[tuple[int, int], Array] = {}
    for value in graph.values:
        if value.node < 0:
            data[value.id] = leaves[value.id] if value.number is None else np.asarray(value.number, dtype=graph.dtype)
    with np.errstate(all="ignore"):
        _forward(graph, data, instead or {})
        if backward:
            _backward(graph, data, grad, flow)
    return Trace(graph, tuple(data), tuple(grad), flow)  # type: ignore[arg-type]


def _settle(array: Array) -> Array:
    """`array` as a read-only C-contiguous ndarray, copied only where it has to be."""
    array = np.ascontiguousarray(array) if array.ndim else np.asarray(array)
    array.flags.writeable = False
    return array


def _forward(graph: Graph, data: list[Array | None], instead: Mapping[int, Array]) -> None:
    for node in graph.nodes:
        if node.output in instead:
            data[node.output] = instead[node.output]
        else:
            data[node.output] = _settle(node.op.forward([data[i] for i in node.inputs]))  # type: ignore[misc]


def _backward(
    graph: Graph, data: list[Array | None], grad: list[Array | None], flow: dict[tuple[int, int], Array]
) -> None:
    values, uses = graph.values, graph.uses
    grad[graph.loss.id] = _settle(np.ones(graph.loss.shape, dtype=graph.dtype))
    for node in reversed(graph.nodes):
        g = grad[node.output]
        if g is None or node.output not in graph.active:
            continue
        y, xs = data[node.output], [data[i] for i in node.inputs]
        for slot, value in enumerate(node.inputs):
            if not values[value].differentiable:
                continue
            part = _settle(node.op.vjp(slot, g, y, xs))  # type: ignore[arg-type]
            before = grad[value]
            if len(uses[value]) > 1:
                flow[node.id, slot] = part
            grad[value] = part if before is None else _settle(before + part)
    for unused in graph.parameters:
        if grad[unused.id] is None:
            grad[unused.id] = _settle(np.zeros(unused.shape, dtype=graph.dtype))
