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
from gradstep.engine.index import Array, read_only


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
    data: list[Array] = [_NOTHING] * len(graph.values)
    grad: list[Array | None] = [None] * len(graph.values)
    flow: dict[tuple[int, int], Array] = {}
    for value, number in graph.leaves:
        data[value] = leaves[value] if number is None else np.asarray(number, dtype=graph.dtype)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if instead and node.output in instead:
                data[node.output] = instead[node.output]
            else:
                data[node.output] = _settle(node.op.forward([data[i] for i in node.inputs]))
        if backward:
            _backward(graph, data, grad, flow)
    return Trace(graph, tuple(data), tuple(grad), flow)


_NOTHING = np.empty(0)


def _settle(array: Array) -> Array:
    """`array` as a read-only C-contiguous ndarray, copied only where it has to be."""
    if type(array) is not np.ndarray:
        array = np.asarray(array)  # NumPy makes scalars of results without axes
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    return read_only(array)


def _backward(graph: Graph, data: list[Array], grad: list[Array | None], flow: dict[tuple[int, int], Array]) -> None:
    grad[graph.loss.id] = _settle(np.ones(graph.loss.shape, dtype=graph.dtype))
    for node, slots in graph.pullbacks:
        g = grad[node.output]
        assert g is not None, "what the loss depends on has its gradient before it is passed on"
        y, xs, vjp = data[node.output], [data[i] for i in node.inputs], node.op.vjp
        for slot, value, several in slots:
            part = _settle(vjp(slot, g, y, xs))
            if several:
                flow[node.id, slot] = part
                before = grad[value]
                if before is not None:
                    part = _settle(before + part)
            grad[value] = part
    for unused in graph.parameters:
        if grad[unused.id] is None:
            grad[unused.id] = _settle(np.zeros(unused.shape, dtype=graph.dtype))
