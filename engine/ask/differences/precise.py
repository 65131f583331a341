"""A run in float64, and what its loss is when some of its numbers are others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from gradstep.engine.ask.differences.stretches import Stretches, Way, after, whole
from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.run.passes import Part, run
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.trace import Trace

#: A gradient is right if it differs from the finite difference by no more than this share.
TOLERANCE = 1e-6


class Precise:
    """A run in float64, and what of it depends on what."""

    def __init__(self, graph: Graph, leaves: dict[int, Array], instead: dict[int, Array | Part]) -> None:
        self.graph = Graph(graph.values, graph.nodes, graph.loss.name, np.dtype(np.float64))
        self.trace: Trace = run(self.graph, leaves, instead=instead)
        self._given = instead
        # Not `graph.active`: a comparison passes no gradient on, and yet the loss depends on what is compared.
        needed = {self.graph.loss.id}
        for node in reversed(self.graph.nodes):
            if node.output in needed:
                needed.update(node.inputs)
        self._nodes = [
            node
            for node in self.graph.nodes
            if node.output in needed and not isinstance(instead.get(node.output), np.ndarray)
        ]

    def cut_off(self, value: int) -> str:
        """What was set by hand between a value and the loss, which then does not follow it."""
        reached = {value}
        for node in self.graph.nodes:
            if reached & set(node.inputs):
                if node.output in self._given:
                    return self.graph.values[node.output].name
                reached.add(node.output)
        return ""

    def held(self, data: dict[int, Array]) -> str:
        """What was set by hand and does not follow where values are others, as `moved` has them; empty where nothing
        is that would."""
        for node in self.graph.nodes:
            given = self._given.get(node.output)
            if given is None or not any(i in data for i in node.inputs):
                continue
            name, at = self.graph.values[node.output].name, np.True_ if isinstance(given, np.ndarray) else given.at
            with np.errstate(all="ignore"):
                before = node.op.forward(self.trace.inputs(node))
                now = node.op.forward([data.get(i, self.trace.data[i]) for i in node.inputs])
            if np.any(at & (now != before)):
                return name
        return ""

    @classmethod
    def of(cls, scenario: Scenario, recording: Recording | None = None) -> Precise:
        """The run of a scenario; with the numbers that were set by hand in a recording of it."""
        instead: dict[int, Array | Part] = {}
        if recording is not None:
            for (kind, v), at in recording.given.items():
                if kind == "data" and recording.graph.values[v].node >= 0:
                    instead[v] = Part(at, np.asarray(recording.trace.data[v], dtype=np.float64)).all
        leaves = {v: np.asarray(a, dtype=np.float64) for v, a in scenario.leaves.items()}
        return cls(scenario.graph, leaves, instead)

    @cached_property
    def stretches(self) -> Stretches:
        """The way to the loss in stretches."""
        return Stretches(self.trace, self._nodes)

    def after(self, value: int) -> tuple[Node, ...]:
        """The nodes between a value and the loss, in order."""
        return after(self._nodes, value)

    def moved(self, value: int, flat: int, at: float, nodes: Sequence[Node] | None = None) -> dict[int, Array]:
        """All values that change when one number is another: their arrays by value id; all the way to the loss, or
        through these nodes."""
        array = self.trace.data[value].copy()
        array.reshape(-1)[flat] = at
        data = {value: array}
        with np.errstate(all="ignore"):
            for node in self.after(value) if nodes is None else nodes:
                xs = [data.get(i, self.trace.data[i]) for i in node.inputs]
                data[node.output] = self._with_given(node, np.asarray(node.op.forward(xs)))
        return data

    def _with_given(self, node: Node, y: Array) -> Array:
        """What a node makes, or copies of it, with the part of it that was set by hand."""
        given = self._given.get(node.output)
        return given.put(y) if isinstance(given, Part) else y

    def loss(self, data: dict[int, Array]) -> float:
        """The loss, where these values changed."""
        changed = data.get(self.graph.loss.id)
        return self.trace.loss if changed is None else float(changed.item())

    def losses(self, value: int, flats: Array, offsets: Array, way: Way | None = None) -> Array:
        """The loss with value.flat[flats[k]] moved by offsets[k], for all k, shape (k,); or what comes out at the end
        of a way.

        The copies lie on a new first axis. Operations that work element by element or sum over
        axes take them all at once, and so do weighted sums of a changed input; others go through
        them one by one.
        """
        way = way or whole(self.graph, self.after(value))
        copies, base = len(flats), self.trace.data[value]
        stacked = np.repeat(base.reshape(1, -1), copies, axis=0)
        stacked[np.arange(copies), flats] += offsets
        data = {value: stacked.reshape(copies, *base.shape)}
        with np.errstate(all="ignore"):
            for node in way.nodes:
                xs = [data.get(i, self.trace.data[i]) for i in node.inputs]
                y = _together(node.op, xs, [i in data for i in node.inputs], copies)
                data[node.output] = self._with_given(node, y)
            return way.out(data, copies)


def _together(op: Op, xs: Sequence[Array], stacked: Sequence[bool], copies: int) -> Array:
    """An operation applied to copies of its inputs; those that are not `stacked` are the same in all."""
    if isinstance(op, Linear) and stacked[0] and not any(stacked[1:]):
        return np.asarray(op.forward(xs))
    if isinstance(op, Elementwise | Reduce):
        ndim = max(x.ndim - s for x, s in zip(xs, stacked, strict=True))
        wide = [
            x.reshape(copies, *(1,) * (ndim - x.ndim + 1), *x.shape[1:]) if s else x
            for x, s in zip(xs, stacked, strict=True)
        ]
        if isinstance(op, Elementwise):
            return np.asarray(op.forward(wide))
        terms = op.terms(wide)
        axes = op.axes(ndim)
        count = math.prod(terms.shape[1 + a] for a in axes)
        return np.asarray(terms.sum(axis=tuple(1 + a for a in axes), keepdims=op.keeps()) * op.scale(count))
    return np.stack([op.forward([x[k] if s else x for x, s in zip(xs, stacked, strict=True)]) for k in range(copies)])


def relative(numeric: float, gradient: float, loss: float, step: float) -> float:
    """How far two slopes are apart. What rounding of the losses alone can make of the difference
    cannot be told from 0 this way, so errors are not taken relative to anything smaller."""
    noise = 8 * float(np.finfo(np.float64).eps) * loss / step
    return abs(numeric - gradient) / max(abs(numeric), abs(gradient), noise / TOLERANCE, 1e-300)
