"""One forward and one backward pass over a graph, vectorised, kept as read-only arrays.

Reverse-mode differentiation as in Griewank and Walther, Evaluating Derivatives (2nd ed., SIAM 2008),
ch. 3: the nodes in reverse order, each passing g·∂y/∂x on to its inputs, summed where a value is
used more than once.

Each pass is one loop. It goes through the nodes as the graph has them, which is what a training does in every
iteration; or through what a generator gives it, which between two nodes puts in what is known already, lets
go of what is used up, and asks whether to go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gradstep.engine.errors import GoOn, Interrupted, OpError, Uncomputed
from gradstep.engine.graph.calls import renamed
from gradstep.engine.graph.graph import Graph, Node, Pullback
from gradstep.engine.index import Array, in_order, read_only
from gradstep.engine.ops.precision import rounded
from gradstep.engine.run.trace import Trace


class Part(NamedTuple):
    """Numbers of an array that are given: those of `numbers` where `at` is True. All shapes are the array's."""

    at: Array
    numbers: Array

    def put(self, computed: Array) -> Array:
        """An array, or copies of it along a new first axis, with the given numbers in it."""
        return read_only(np.where(self.at, self.numbers, computed))

    @property
    def all(self) -> Array | Part:
        """The numbers alone, where they are all that there are."""
        return self.numbers if self.at.all() else self


def run(
    graph: Graph,
    leaves: Mapping[int, Array],
    backward: bool = True,
    instead: Mapping[int, Array | Part] | None = None,
    gradients: Mapping[int, Array | Part] | None = None,
    like: Trace | None = None,
    go_on: GoOn | None = None,
) -> Trace:
    """Runs `graph` forward and backward from its leaves' arrays (by value id, of graph.dtype).
    Without `backward` all gradients are None. Values in `instead` and the gradients in `gradients`
    are given, not computed; of a part the rest is computed. What comes out as in `like`, a trace of a graph with the
    same values and the same nodes where they are the same objects, is taken from there and not computed again. What is
    opaque gives what it gave there, and all that follows from it is stale.

    Between two nodes `go_on` is called with the share of the way that is done; if it returns False,
    Interrupted is raised.

    NaN and infinities flow as IEEE 754 says, without a warning: they are what one came to find.
    """
    literals = graph.literals if like is None else like.data
    data = [_NOTHING] * len(graph.values)
    for value, literal in graph.leaves:
        data[value] = leaves[value] if literal is None else literals[value]
    grad: list[Array | None] = [None] * len(graph.values)
    flow, stale = dict[tuple[int, int], Array](), dict[tuple[str, int], Array | None]()
    nodes: Iterable[Node] = graph.nodes
    pullbacks: Iterable[Pullback] = graph.pullbacks if backward else ()
    if instead or gradients or like is not None or go_on is not None:
        given = _Given(graph, data, grad, flow, instead or {}, gradients or {}, like, go_on, stale)
        nodes, pullbacks = given.nodes(), given.pullbacks() if backward else ()
    with np.errstate(all="ignore"):
        _forward(nodes, data)
        if backward:
            grad[graph.loss.id] = graph.one if like is None else like.grad[graph.loss.id]
            _backward(pullbacks, data, grad, flow)
            for unused in graph.parameters:
                if grad[unused.id] is None:
                    grad[unused.id] = _settle(np.zeros(unused.shape, dtype=graph.dtype))
    return Trace(graph, tuple(data), tuple(grad), flow, stale)


def loss(graph: Graph, leaf: Callable[[int], Array]) -> float:
    """The loss alone: each leaf (by value id) is asked for when it is first needed, and nothing is kept
    for longer than it is used."""
    data: dict[int, Array] = {}
    with np.errstate(all="ignore"):
        _forward(_as_needed(graph, data, leaf), data)
    return float(data[graph.loss.id].item(0))


# The passes ---------------------------------------------------------------------------------------


def _forward(nodes: Iterable[Node], data: MutableMapping[int, Array] | list[Array]) -> None:
    """Puts the output of each of the nodes, in the order of evaluation, into `data`."""
    text = line = ""
    column = 0
    try:
        for _, op, inputs, output, line, text, column in nodes:  # noqa: B007  # what is for a mistake
            y = op.forward([data[i] for i in inputs])
            # Settled here where it is nothing to do, as for almost all: a call more would be felt in a training.
            if type(y) is not np.ndarray or not y.flags.c_contiguous:
                y = _settle(y)
            y.flags.writeable = False
            data[output] = y
    except OpError as error:  # what is computed is no class number, no row of a table
        word, bracket, _ = text.partition("(")
        said = renamed(str(error), word, word) if bracket and word.isidentifier() else str(error)
        said = said.replace("take_at:", "index:", 1)  # which is written in brackets
        said = said if text.startswith("recorded(") else f"'{text}': {said}"
        raise Uncomputed(said, line, column) from None


def _backward(
    pullbacks: Iterable[Pullback], data: list[Array], grad: list[Array | None], flow: dict[tuple[int, int], Array]
) -> None:
    """Puts the gradients that each pullback gives into `grad`, and where a value has several uses what comes
    through each into `flow`."""
    sums: dict[int, Array] = {}
    for node, vjp, slots in pullbacks:
        g, y = grad[node.output], data[node.output]
        assert g is not None, "what the loss depends on has its gradient before it is passed on"
        xs = [data[i] for i in node.inputs]
        for slot, value, joined in slots:
            part = vjp(slot, g, y, xs)
            if type(part) is not np.ndarray or not part.flags.c_contiguous:
                part = _settle(part)
            part.flags.writeable = False
            if joined is not None:
                flow[node.id, slot] = part
                before = grad[value]
                if before is not None and joined:
                    part = _settle(rounded(before + part, joined))
                elif before is not None and before is sums.get(value):  # nobody has seen it yet
                    before.flags.writeable = True
                    np.add(before, part, out=before)
                    part = read_only(before)
                elif before is not None:
                    part = sums[value] = _settle(before + part)
            grad[value] = part


_NOTHING = np.empty(0)


def _settle(array: Array) -> Array:
    """`array` as a read-only C-contiguous ndarray, copied only where it has to be."""
    if type(array) is not np.ndarray:
        array = np.asarray(array)  # NumPy makes scalars of results without axes
    return read_only(in_order(array))


# What they go through -----------------------------------------------------------------------------


def _as_needed(graph: Graph, data: dict[int, Array], leaf: Callable[[int], Array]) -> Iterator[Node]:
    """The nodes up to the loss, each with its leaves in `data` before it and what is used up gone after it."""
    left = Counter(value for node in graph.nodes for value in node.inputs)
    given = dict(graph.leaves)
    for node in graph.nodes:
        for value in node.inputs:
            if value not in data:
                number = given[value]
                data[value] = leaf(value) if number is None else np.asarray(number, dtype=graph.dtype)
        yield node
        if node.output == graph.loss.id:
            return
        for value in node.inputs:
            left[value] -= 1
            if not left[value]:
                del data[value]


@dataclass(frozen=True, slots=True)
class _Given:
    """Both passes over `graph` where some of it is not computed: the values in `instead`, the `gradients`, and
    what comes out as in another trace. That shows while the pass goes on: a result is the same where the
    operation and all arrays that enter it are the same objects. What is stale gets into `stale`."""

    graph: Graph
    data: list[Array]
    grad: list[Array | None]
    flow: dict[tuple[int, int], Array]
    instead: Mapping[int, Array | Part]
    gradients: Mapping[int, Array | Part]
    like: Trace | None
    go_on: GoOn | None
    stale: dict[tuple[str, int], Array | None]

    def nodes(self) -> Iterator[Node]:
        """Those that are computed, in their order; the outputs of the others are put in."""
        for number, node in enumerate(self.graph.nodes):
            self._ask(number)
            given = self.instead.get(node.output)
            if isinstance(given, np.ndarray):
                self.data[node.output] = given
                continue
            same = self.like is not None and self._same(node, self.like)
            if self.like is not None and (same or node.op.opaque):
                self.data[node.output] = self.like.data[node.output]
            else:
                yield node
            stale = (node.op.opaque and not same) or self._stale_inputs(node)
            if stale:
                self.stale["data", node.output] = None if given is None else ~given.at
            if given is not None:
                self.data[node.output] = given.put(self.data[node.output])

    def pullbacks(self) -> Iterator[Pullback]:
        """All of them, those that give what they gave in the other trace as they are there."""
        for number, (node, vjp, slots) in enumerate(self.graph.pullbacks):
            self._ask(len(self.graph.nodes) + 2 * number)
            self._set(node.output)
            same = self.like is not None and self._passes_the_same(node, self.like)
            self._mark(node, slots, same)
            if self.like is not None and (same or node.op.opaque):
                yield Pullback(node, _As(node, self.like), slots)
            else:
                yield Pullback(node, vjp, slots)
            for _, value, joined in slots:
                if joined is not None and self.like is not None and self._joins_the_same(value, self.like):
                    self.grad[value] = self.like.grad[value]
        for value in self.gradients:
            if self.graph.values[value].node < 0:
                self._set(value)

    def _set(self, value: int) -> None:
        """Puts in what is given of the gradient of a value, which is complete."""
        given, computed = self.gradients.get(value), self.grad[value]
        if isinstance(given, Part):
            if computed is None:  # a parameter that nothing uses: its gradient is 0
                computed = np.zeros(self.graph.values[value].shape, dtype=self.graph.dtype)
            self.grad[value] = given.put(computed)
            if ("grad", value) in self.stale:
                self.stale["grad", value] = ~given.at
        elif given is not None:
            self.grad[value] = given
            self.stale.pop(("grad", value), None)

    def _ask(self, done: int) -> None:
        """A node's part of the backward pass takes about twice as long as that of the forward pass."""
        if self.go_on is not None and not self.go_on(done / (3 * len(self.graph.nodes))):
            raise Interrupted

    def _same(self, node: Node, like: Trace) -> bool:
        """Whether a node has the same operation and the same inputs as in another trace."""
        return node is like.graph.nodes[node.id] and all(self.data[i] is like.data[i] for i in node.inputs)

    def _passes_the_same(self, node: Node, like: Trace) -> bool:
        at = node.output
        return self.grad[at] is like.grad[at] and self.data[at] is like.data[at] and self._same(node, like)

    def _stale_inputs(self, node: Node) -> bool:
        return bool(self.stale) and any(("data", value) in self.stale for value in node.inputs)

    def _mark(self, node: Node, slots: Iterable[tuple[int, int, str | None]], same: bool) -> None:
        """What a node passes on is stale where it is opaque and gets another gradient, or anything that it is made of
        is stale."""
        at = node.output
        made_of_stale = {("grad", at), ("data", at)} & self.stale.keys() or self._stale_inputs(node)
        if made_of_stale or (node.op.opaque and self.like is not None and not same):
            self.stale["pass", node.id] = None
            self.stale.update({("grad", value): None for _, value, _ in slots})

    def _joins_the_same(self, value: int, like: Trace) -> bool:
        """Whether the same has come through every use of a value, or will: the last one settles it."""
        return all(self.flow.get(use) is like.flow.get(use) for use in self.graph.uses[value])


@dataclass(frozen=True, slots=True)
class _As:
    """In the place of a node's vjp: the parts that it gave in another trace."""

    node: Node
    like: Trace

    def __call__(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        part = self.like.flow.get((self.node.id, slot))
        return self.like.gradient(self.node.inputs[slot]) if part is None else part
