"""A deep network in stretches, so that all its gradients are compared in a time that grows with its length.

A value's gradient is the sum of what its uses give it, and what a use gives depends on what follows by the gradients
there (the chain rule; Griewank and Walther, Evaluating Derivatives, 2nd ed., SIAM 2008, ch. 3). So a number is moved in
one stretch only, and what comes out at its end is weighed with the gradients that arrive there from behind it: these
are compared in the stretches that follow. Where there is one stretch only, what comes out is the loss itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import Array
from gradstep.engine.run.trace import Trace

#: Arrays by value id.
Data = Mapping[int, Array] | Sequence[Array]

#: So many operations are a stretch.
LENGTH = 64


class Way(NamedTuple):
    """The `nodes` that follow a value within a stretch, and the `ends`: by the id of each of their outputs that is
    used behind the stretch, the part of its gradient that arrives from there, in its shape. The loss has 1."""

    nodes: tuple[Node, ...]
    ends: Mapping[int, Array]

    def size(self, trace: Trace) -> float:
        """Σ |gradient · value| at the end, which is what rounding of `out` is relative to; of a loss its size."""
        return float(sum(np.abs(end * numbers).sum() for end, numbers in self._felt(trace.data, 1)))

    def out(self, data: Data, copies: int) -> Array:
        """Σ gradient · value at the end for copies of these values, that lie on a first axis: shape (copies,)."""
        total = np.zeros(copies, dtype=np.result_type(np.float64, *self.ends.values()))
        for end, numbers in self._felt(data, copies):
            total += numbers @ end
        return total

    def _felt(self, data: Data, copies: int) -> Iterator[tuple[Array, Array]]:
        """The gradients at the end and what they weigh, without what has none: there may be −∞, put in by a mask."""
        for value, end in self.ends.items():
            flat, numbers = end.reshape(-1), data[value].reshape(copies, -1)
            at = np.flatnonzero(flat)
            yield (flat, numbers) if len(at) == len(flat) else (flat[at], numbers[:, at])


class Stretches:
    """The `nodes` that the loss of a run needs, in their order, in stretches of LENGTH."""

    def __init__(self, trace: Trace, nodes: Sequence[Node]) -> None:
        self._trace, self._graph = trace, trace.graph
        self._parts = [nodes[k : k + LENGTH] for k in range(0, len(nodes), LENGTH)]
        self._number = {node.id: number for number, part in enumerate(self._parts) for node in part}
        self._ends = [dict(self._leaving(number)) for number in range(len(self._parts))]

    def ways(self, value: int) -> tuple[Way, ...]:
        """How the loss follows a value: a way for each stretch in which it is used."""
        users = self._graph.users[value]
        return tuple(self._way(value, k) for k in sorted({self._number[n] for n, _ in users if n in self._number}))

    def _way(self, value: int, number: int) -> Way:
        nodes = after(self._parts[number], value)
        ends = self._ends[number]
        return Way(nodes, {n.output: ends[n.output] for n in nodes if n.output in ends})

    def _leaving(self, number: int) -> Iterator[tuple[int, Array]]:
        """What is made in a stretch and used behind it, with the part of the gradient that arrives from there."""
        trace = self._trace
        for node in self._parts[number]:
            if node.output == self._graph.loss.id:
                yield node.output, self._graph.one
                continue
            uses = self._graph.uses[node.output]
            later = [use for use in uses if self._number.get(use[0], -1) > number]
            if later and trace.grad[node.output] is not None:
                parts = [trace.gradient(node.output)] if len(later) == len(uses) else [trace.flow[use] for use in later]
                yield node.output, np.sum(parts, axis=0)


def after(nodes: Sequence[Node], value: int) -> tuple[Node, ...]:
    """Those of some nodes that a value leads to, in order."""
    reached, found = {value}, []
    for node in nodes:
        if not reached.isdisjoint(node.inputs):
            reached.add(node.output)
            found.append(node)
    return tuple(found)


def whole(graph: Graph, nodes: tuple[Node, ...]) -> Way:
    """All the way to the loss, or from it."""
    return Way(nodes, {graph.loss.id: graph.one})
