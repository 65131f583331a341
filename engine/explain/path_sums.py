"""What is added up over all paths, from the loss backwards and for whole arrays at a time: gradients, and how many
paths there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import reduce
from math import prod

import numpy as np

from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.affine import Affine
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.moving import Masked, Move
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.trace import Trace


def onward(graph: Graph, value: int) -> set[int]:
    """`value` and all that is computed from it on the way to the loss."""
    found = {value}
    for node in graph.nodes:
        if node.output in graph.active and not node.op.discrete and not found.isdisjoint(node.inputs):
            found.add(node.output)
    return found


class Backward:
    """Arrays that go from the loss backwards as gradients do: `pull(node, slot, array of the output)`
    is what comes through one use, `join` puts several uses together. Kept once computed, and
    computed only for what lies between a value that is asked for and the loss.
    """

    def __init__(
        self,
        trace: Trace,
        known: dict[int, Array],
        pull: Callable[[Trace, Node, int, Array], Array],
        join: Callable[[Array, Array], Array],
    ) -> None:
        self._trace, self._known, self._pull, self._join = trace, known, pull, join
        self._dtype = known[trace.graph.loss.id].dtype

    def __call__(self, value: int) -> Array:
        """The array of a value on a path to the loss, in its shape and C-contiguous."""
        if value not in self._known:
            graph = self._trace.graph
            for each in self._wanted(value):
                parts = (
                    self._pull(self._trace, graph.nodes[node], slot, self._known[graph.nodes[node].output])
                    for node, slot in graph.uses[each]
                )
                with np.errstate(all="ignore"):
                    joined = reduce(self._join, parts)
                # With its dtype, because NumPy makes scalars, and of small ones machine integers, of
                # results without axes.
                self._known[each] = np.asarray(joined, dtype=self._dtype, order="C")
        return self._known[value]

    def _wanted(self, value: int) -> list[int]:
        """What is not known yet of that which `value` needs and itself, each after what it needs."""
        graph, found, left = self._trace.graph, {value}, [value]
        while left:
            for node, _ in graph.uses[left.pop()]:
                output = graph.nodes[node].output
                if output not in found and output not in self._known:
                    found.add(output)
                    left.append(output)
        return sorted(found, key=lambda each: graph.values[each].node, reverse=True)


@remembered
def gradients(recording: Recording) -> Backward:
    """The sum over all paths from each element: gradients, also of what the backward pass leaves out."""
    trace = recording.trace
    known = {value: grad for value, grad in enumerate(trace.grad) if grad is not None}

    def pull(trace: Trace, node: Node, slot: int, g: Array) -> Array:
        return node.op.vjp(slot, g, trace.output(node), trace.inputs(node))

    return Backward(trace, known, pull, np.add)


@remembered
def counts(recording: Recording) -> Backward:
    """The number of paths from each element, as Python's integers, which have no largest."""
    trace = recording.trace
    one = np.ones(trace.graph.loss.shape, dtype=object)
    return Backward(trace, {trace.graph.loss.id: one}, _pull_counts, np.add)


def _pull_counts(trace: Trace, node: Node, slot: int, out: Array) -> Array:
    op, y, xs = node.op, trace.output(node), trace.inputs(node)
    if isinstance(op, Move):
        return op.vjp(slot, out, y, xs)
    if isinstance(op, Masked):
        return out
    found = np.zeros(xs[slot].shape, dtype=object)
    if not isinstance(op, Affine):
        for at, links in rows(trace, node, slot):
            found.reshape(-1)[links.grid.take(0, links.grid.size)] += out.reshape(-1)[at]
        return found
    # The points of a box that are one element of x differ along some axes: along those on which
    # the output varies its counts are added up, and along the others each is there several times.
    extent, operands, seen = op.space(slot, [x.shape for x in xs]).compact()
    mine = operands[slot]
    sums = out.reshape([n if s else 1 for n, s in zip(extent, seen, strict=True)])
    sums = sums.sum(axis=tuple(a for a, s in enumerate(mine) if not s), keepdims=True)
    several = prod(n for n, s, t in zip(extent, mine, seen, strict=True) if not s and not t)
    seen_through(found, tuple(n if s else 1 for n, s in zip(extent, mine, strict=True)), mine)[...] = sums * several
    return found


def seen_through(array: Array, extent: Shape, strides: Shape) -> Array:
    """A contiguous array as it is seen, through `strides` in elements, from a box of points."""
    return np.lib.stride_tricks.as_strided(array, extent, [s * array.itemsize for s in strides])


def rows(trace: Trace, node: Node, slot: int) -> Iterator[tuple[int, Links]]:
    """The links of a node, output by output, for the operations that are no box of points."""
    y, xs = trace.output(node), trace.inputs(node)
    for at in range(y.size):
        yield at, node.op.row(slot, at, y, xs)
