"""The forward and the backward pass over a graph, compiled: for a training, which goes through them again and again.

Every value, every gradient and every part of one has an array that stays, and what an operation computes is written
into it (see `Bound`): an iteration makes no arrays and looks nothing up, it only goes through one list of calls. The
numbers are those of `passes.run`, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.graph.graph import Graph, Role, Value
from gradstep.engine.index import Array
from gradstep.engine.ops.bound import Bound
from gradstep.engine.ops.precision import rounded
from gradstep.engine.run.passes import run
from gradstep.engine.run.timeline import Phase
from gradstep.engine.run.trace import Trace


class Plan:
    """Both passes over `graph`. Leaves in `given`, by value id, stay as they are; all others are written into `data`
    before each run, those in `pool` from the samples there. `there` are the arrays in which what some sweeps write is
    to stand: of an update, the parameter.
    """

    def __init__(
        self,
        graph: Graph,
        given: Mapping[int, Array],
        there: Mapping[tuple[Phase, int], Array],
        pool: Mapping[int, Array],
    ) -> None:
        self.graph = graph
        self._there = there
        #: The array of each value, and of each gradient; None where there is none.
        self.data: list[Array] = [self._value(value, given, pool) for value in graph.values]
        self.grad: list[Array | None] = [None] * len(graph.values)
        self._flow: dict[tuple[int, int], Array] = {}
        self._calls: list[Callable[[], object]] = []
        self._bound: list[Bound] = []
        known = {**given, **pool}
        for node in graph.nodes:
            xs, ever = [self.data[value] for value in node.inputs], [known.get(value) for value in node.inputs]
            self._bound.append(node.op.bound(node.op, self.data[node.output], xs, ever))
            self._calls += self._bound[-1].forward()
        self._varying = [node for node in graph.nodes if node.op.varies]
        self.grad[graph.loss.id] = graph.one
        self._backward()
        #: What the last run has made of them.
        self.trace = Trace(graph, tuple(self.data), tuple(self.grad), self._flow)

    def run(self, iteration: int) -> Trace:
        """All values and gradients of an iteration, from 1 on. NaN and infinities flow as IEEE 754 says; NumPy's
        warnings are for the caller to silence. Raises OpError as `passes.run`; then they are those of no iteration."""
        for node in self._varying:
            self._bound[node.id].op = node.op.in_iteration(iteration)
        try:
            for call in self._calls:
                call()
        except OpError:  # there it is told with its place in the graph
            run(self.graph.at(iteration), {v: self.data[v] for v, number in self.graph.leaves if number is None})
            raise
        return self.trace

    def _value(self, value: Value, given: Mapping[int, Array], pool: Mapping[int, Array]) -> Array:
        if value.role is Role.LITERAL:
            return self.graph.literals[value.id]
        found = given.get(value.id)
        if found is not None:
            return found
        if value.id in pool:  # what only chooses stays whole
            return np.empty(value.shape, pool[value.id].dtype)
        phases = (Phase.UPDATE,) if value.role is Role.PARAMETER else (Phase.FORWARD, Phase.LOSS)
        return self._array(value, *phases)

    def _array(self, value: Value, *phases: Phase) -> Array:
        for phase in phases:
            if (phase, value.id) in self._there:
                return self._there[phase, value.id]
        return np.empty(value.shape, self.graph.dtype)

    def _backward(self) -> None:
        """In the order of `passes.run`: what comes through several uses is added up as it comes."""
        graph, grad = self.graph, self.grad
        for node, _, slots in graph.pullbacks:
            g, bound = grad[node.output], self._bound[node.id]
            assert g is not None, "what the loss depends on has its gradient before it is passed on"
            for slot, value, joined in slots:
                before = grad[value]
                whole = self._array(graph.values[value], Phase.BACKWARD) if before is None else before
                flow = whole if joined is None else np.empty_like(whole)
                self._calls += bound.vjp(slot, g, flow)
                if joined is not None:
                    self._flow[node.id, slot] = flow
                    first = partial(np.copyto, whole, flow)
                    added = partial(_add, whole, flow, joined) if joined else partial(np.add, whole, flow, whole)
                    self._calls.append(first if before is None else added)
                grad[value] = whole
        for unused in graph.parameters:
            if grad[unused.id] is None:
                grad[unused.id] = nothing = self._array(unused, Phase.BACKWARD)
                self._calls.append(partial(nothing.fill, 0))


def _add(whole: Array, flow: Array, kind: str) -> None:
    """Adds what comes through one use more, of a value of a narrower type."""
    whole[...] = rounded(whole + flow, kind)
