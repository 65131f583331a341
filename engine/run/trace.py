"""One forward and one backward pass over a graph, vectorised, kept as read-only arrays.

Reverse-mode differentiation as in Griewank and Walther, Evaluating Derivatives (2nd ed., SIAM 2008),
ch. 3: the nodes in reverse order, each passing g·∂y/∂x on to its inputs, summed where a value is
used more than once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import Interrupted
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import Array, read_only

#: Told the share of the way that is done, it says whether to go on.
GoOn = Callable[[float], bool]


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
        return float(self.data[self.graph.loss.id].item(0))

    def number(self, element: Element) -> float:
        """The value of an element."""
        return float(self.data[element.value].item(element.flat))

    def derivative(self, element: Element) -> float:
        """∂L/∂element, of an element whose value has a gradient."""
        return float(self.gradient(element.value).item(element.flat))

    def gradient(self, value: int) -> Array:
        """The gradient of a value that has one, of the value's shape: of all that the loss depends on, and of
        every parameter."""
        found = self.grad[value]
        assert found is not None, "only what has a gradient is asked for it"
        return found

    def inputs(self, node: Node) -> list[Array]:
        """The arrays that enter a node, one a slot."""
        return [self.data[i] for i in node.inputs]


def run(
    graph: Graph,
    leaves: Mapping[int, Array],
    backward: bool = True,
    instead: Mapping[int, Array] | None = None,
    gradients: Mapping[int, Array] | None = None,
    like: Trace | None = None,
    go_on: GoOn | None = None,
) -> Trace:
    """Runs `graph` forward and backward from its leaves' arrays (by value id, of graph.dtype).
    Without `backward` all gradients are None. Values in `instead` and the gradients in `gradients`
    are given, not computed. What comes out as in `like`, a trace of a graph with the same values and
    the same nodes where they are the same objects, is taken from there and not computed again.

    Between two nodes `go_on` is called with the share of the way that is done; if it returns False,
    Interrupted is raised.

    NaN and infinities flow as IEEE 754 says, without a warning: they are what one came to find.
    """
    data: list[Array] = [_NOTHING] * len(graph.values)
    grad: list[Array | None] = [None] * len(graph.values)
    flow: dict[tuple[int, int], Array] = {}
    for value, literal in graph.leaves:
        if literal is None:
            data[value] = leaves[value]
        else:
            data[value] = graph.literals[value] if like is None else like.data[value]
    with np.errstate(all="ignore"):
        if instead is None and like is None and go_on is None and not gradients:
            _plainly(graph, data, grad, flow, backward)
            return Trace(graph, tuple(data), tuple(grad), flow)
        for number, node in enumerate(graph.nodes):
            if go_on is not None:
                _ask(go_on, number, graph)
            if instead and node.output in instead:
                data[node.output] = instead[node.output]
            elif like is not None and _same(node, data, like):
                data[node.output] = like.data[node.output]
            else:
                data[node.output] = _settle(node.op.forward([data[i] for i in node.inputs]))
        if backward:
            _backward(graph, data, grad, flow, gradients or {}, like, go_on)
    return Trace(graph, tuple(data), tuple(grad), flow)


def _plainly(
    graph: Graph, data: list[Array], grad: list[Array | None], flow: dict[tuple[int, int], Array], backward: bool
) -> None:
    """Both passes where nothing is given, kept or asked: the way that training takes for each iteration. What
    is asked at every node on the other way would be a third of the time of a small network."""
    for _, op, inputs, output, _, _ in graph.nodes:
        y = op.forward([data[i] for i in inputs])
        data[output] = y if type(y) is np.ndarray and y.flags.c_contiguous else _settle(y)
        data[output].flags.writeable = False
    if not backward:
        return
    grad[graph.loss.id] = graph.one
    for node, slots in graph.pullbacks:
        g, y = grad[node.output], data[node.output]
        assert g is not None, "what the loss depends on has its gradient before it is passed on"
        vjp, xs = node.op.vjp, [data[i] for i in node.inputs]
        for slot, value, several in slots:
            part = vjp(slot, g, y, xs)
            if type(part) is not np.ndarray or not part.flags.c_contiguous:
                part = _settle(part)
            part.flags.writeable = False
            if several:
                flow[node.id, slot] = part
                before = grad[value]
                if before is not None:
                    part = _settle(before + part)
            grad[value] = part
    for unused in graph.parameters:
        if grad[unused.id] is None:
            grad[unused.id] = _settle(np.zeros(unused.shape, dtype=graph.dtype))


def _ask(go_on: GoOn, done: int, graph: Graph) -> None:
    """A node's part of the backward pass takes about twice as long as that of the forward pass."""
    if not go_on(done / (3 * len(graph.nodes))):
        raise Interrupted


def loss(graph: Graph, leaf: Callable[[int], Array]) -> float:
    """The loss alone: each leaf (by value id) is asked for when it is first needed, and nothing is kept
    for longer than it is used."""
    data: dict[int, Array] = {}
    left = Counter(value for node in graph.nodes for value in node.inputs)
    given = dict(graph.leaves)
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            for value in node.inputs:
                if value not in data:
                    number = given[value]
                    data[value] = leaf(value) if number is None else np.asarray(number, dtype=graph.dtype)
            data[node.output] = _settle(node.op.forward([data[i] for i in node.inputs]))
            if node.output == graph.loss.id:
                break
            for value in node.inputs:
                left[value] -= 1
                if not left[value]:
                    del data[value]
    return float(data[graph.loss.id].item(0))


def _same(node: Node, data: Sequence[Array], like: Trace) -> bool:
    """Whether a node has the same operation and the same inputs as in another trace."""
    return node is like.graph.nodes[node.id] and all(data[i] is like.data[i] for i in node.inputs)


_NOTHING = np.empty(0)


def _settle(array: Array) -> Array:
    """`array` as a read-only C-contiguous ndarray, copied only where it has to be."""
    if type(array) is not np.ndarray:
        array = np.asarray(array)  # NumPy makes scalars of results without axes
    if not array.flags.c_contiguous:
        array = np.ascontiguousarray(array)
    return read_only(array)


def _backward(
    graph: Graph,
    data: list[Array],
    grad: list[Array | None],
    flow: dict[tuple[int, int], Array],
    given: Mapping[int, Array],
    like: Trace | None,
    go_on: GoOn | None,
) -> None:
    grad[graph.loss.id] = graph.one if like is None else like.grad[graph.loss.id]
    for number, (node, slots) in enumerate(graph.pullbacks):
        if go_on is not None:
            _ask(go_on, len(graph.nodes) + 2 * number, graph)
        g = grad[node.output] = given.get(node.output, grad[node.output])
        assert g is not None, "what the loss depends on has its gradient before it is passed on"
        y, xs, vjp = data[node.output], [data[i] for i in node.inputs], node.op.vjp
        same = (
            like is not None and g is like.grad[node.output] and y is like.data[node.output] and _same(node, data, like)
        )
        for slot, value, several in slots:
            part = (like.flow[node.id, slot] if several else like.grad[value]) if same and like is not None else None
            if part is None:
                part = _settle(vjp(slot, g, y, xs))
            if several:
                flow[node.id, slot] = part
                before = grad[value]
                if before is not None:
                    part = _settle(before + part)
                if like is not None and len(graph.uses[value]) == _kept(flow, graph.uses[value], like):
                    part = like.grad[value]
            grad[value] = part
    for unused in graph.parameters:
        if grad[unused.id] is None:
            grad[unused.id] = _settle(np.zeros(unused.shape, dtype=graph.dtype))
    for value, array in given.items():
        if graph.values[value].node < 0:
            grad[value] = array


def _kept(flow: Mapping[tuple[int, int], Array], uses: Sequence[tuple[int, int]], like: Trace) -> int:
    """Through how many of its uses the same comes as in another trace."""
    return sum(use in flow and flow[use] is like.flow.get(use) for use in uses)
