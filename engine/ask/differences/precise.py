"""A run in float64, or with still more digits, and what its loss is when some of its numbers are others."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from gradstep.engine.ask.differences.stretches import Stretches, Way, after, whole
from gradstep.engine.errors import OpError
from gradstep.engine.graph.graph import Graph, Node
from gradstep.engine.index import MAX_AXES, Array
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.ops.loss import Picking
from gradstep.engine.ops.narrow import Narrow, unrounded, wide
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.rowwise import AlongAxis
from gradstep.engine.run.passes import Part, run
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.trace import Trace

#: So many numbers are computed together.
_BATCH = 1 << 17
#: So many products are added up in the time that another number takes.
_PRODUCTS = 16
#: Changes copies of a value in place, rows without axes, of which the number of the first is given.
Move = Callable[[Array, int], None]


class Precise:
    """The run of a recording in another precision, and what of it depends on what. Its gradients are not `rounded` by
    casts, unless that is wanted; and where a gradient is agreed upon, numbers move as that says.

    Raises OpError where a number that is computed is no class number in that precision, and is one in the recording's.
    """

    def __init__(self, recording: Recording, dtype: type[np.floating[Any]] = np.float64, rounded: bool = False) -> None:
        own = recording.graph
        nodes = [_as_in(node, own.dtype, rounded) for node in own.nodes]
        self.recording = recording
        # Of sums of gradients nothing is rounded either.
        values = own.values if rounded else [v._replace(kind="") if v.narrow else v for v in own.values]
        self.graph = Graph(values, nodes, own.loss.name, np.dtype(dtype))
        self._given: dict[int, Array | Part] = {}
        for (kind, v), at in recording.given.items():
            if kind == "data" and own.values[v].node >= 0:
                self._given[v] = Part(at, np.asarray(recording.trace.data[v], dtype=dtype)).all
        self.leaves = {v: np.asarray(a, dtype=dtype) for v, a in recording.scenario.leaves.items()}
        self.trace: Trace = run(self.graph, self.leaves, instead=self._given)
        # Not `graph.active`: a comparison passes no gradient on, and yet the loss depends on what is compared.
        needed = {self.graph.loss.id}
        for node in reversed(self.graph.nodes):
            if node.output in needed:
                needed.update(node.inputs)
        #: How far rounding has moved what a node makes of numbers of a narrower type: others are moved as far.
        self._shifts: dict[int, Array] = {}
        self._nodes = [
            self._free(node)
            for node in self.graph.nodes
            if node.output in needed and not isinstance(self._given.get(node.output), np.ndarray)
        ]

    def cut_off(self, value: int) -> str:
        """What was set by hand between a value and the loss, which then does not follow it, or a gradient that was
        set, which all before it is computed from."""
        reached = {value}
        by_hand = self._given.keys() | {v for kind, v in self.recording.given if kind == "grad"}
        if value in by_hand - self._given.keys():
            return self.graph.values[value].name
        for node in self.graph.nodes:
            if reached & set(node.inputs):
                if node.output in by_hand:
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

    @cached_property
    def stretches(self) -> Stretches:
        """The way to the loss in stretches."""
        return Stretches(self.trace, self._nodes)

    def after(self, value: int) -> tuple[Node, ...]:
        """The nodes between a value and the loss, in order."""
        return after(self._nodes, value)

    def moved(self, value: int, flat: int, at: float) -> dict[int, Array]:
        """All values that change when one number is another: their arrays by value id."""
        array = self.trace.data[value].copy()
        array.reshape(-1)[flat] = at
        return self.through(value, array, self.after(value))

    def through(self, value: int, array: Array, nodes: Sequence[Node]) -> dict[int, Array]:
        """All values that some nodes make of another array for a value: their arrays by value id."""
        data = {value: array}
        with np.errstate(all="ignore"):
            for node in nodes:
                xs = [data.get(i, self.trace.data[i]) for i in node.inputs]
                data[node.output] = self._with_given(node, np.asarray(node.op.forward(xs)))
        return data

    def _free(self, node: Node) -> Node:
        """A node that follows every change of its inputs, and does not round it away; where its gradient is agreed
        upon, as that says."""
        xs, y = self.trace.inputs(node), self.trace.output(node)
        if node.op.agreed:
            assert isinstance(node.op, Elementwise), "only functions of single numbers have a gradient of their own"
            return node._replace(op=_Along(node.op, xs, y))
        if isinstance(node.op, Narrow):
            op = wide(node.op)
            with np.errstate(all="ignore"):
                self._shifts[node.output] = np.where(y == (plain := op.forward(xs)), 0, y - plain)
            return node._replace(op=op)
        return node

    def _with_given(self, node: Node, y: Array) -> Array:
        """What a node makes, or copies of it, with the part of it that was set by hand."""
        given, shift = self._given.get(node.output), self._shifts.get(node.output)
        y = y if shift is None else y + shift
        return given.put(y) if isinstance(given, Part) else y

    def loss(self, data: dict[int, Array]) -> float:
        """The loss, where these values changed."""
        changed = data.get(self.graph.loss.id)
        return self.trace.loss if changed is None else float(changed.item())

    def losses(self, value: int, copies: int, move: Move, way: Way | None = None) -> Array:
        """The loss with the numbers of a value moved, shape (copies,), or what comes out at the end of a way. NaN where
        a number would have to be whole.

        The copies lie on a new first axis. Operations that work element by element or sum over
        axes take them all at once, and so do softmax, weighted sums, and losses that pick classes; others go through
        them one by one. As many are computed together as fit.
        """
        way = way or whole(self.graph, self.after(value))
        found, together = np.empty(copies, dtype=self.graph.dtype), max(_BATCH // max(self.size(value, way), 1), 1)
        for start in range(0, copies, together):
            stop = min(start + together, copies)
            stacked = np.repeat(self.trace.data[value].reshape(1, -1), stop - start, axis=0)
            move(stacked, start)
            try:
                found[start:stop] = self._out(value, stacked, way)
            except OpError:
                found[start:stop] = math.nan
        return found

    def size(self, value: int, way: Way) -> int:
        """How many numbers there are on a way, those of the value included."""
        return self.graph.values[value].size + sum(self.graph.values[n.output].size for n in way.nodes)

    def work(self, value: int) -> int:
        """How long it takes to compute all ways from a value, in the time that a number takes."""
        ways = self.stretches.ways(value)
        products = sum(self.products(node) for way in ways for node in way.nodes)
        return sum(self.size(value, way) for way in ways) + products // _PRODUCTS

    def products(self, node: Node) -> int:
        """How many products of two numbers a node adds up."""
        if not node.op.contracts or not self.trace.output(node).size:
            return 0
        return self.graph.values[node.output].size * self.trace.row(node, 0, 0).grid.size

    def _out(self, value: int, stacked: Array, way: Way) -> Array:
        data, copies, shape = dict[int, Array](), len(stacked), self.graph.values[value].shape
        outputs = (self.graph.values[node.output] for node in way.nodes)
        if MAX_AXES in (len(shape), *(len(output.shape) for output in outputs)):  # there is none left for the copies
            each = [self.through(value, one.reshape(shape), way.nodes) for one in stacked]
            return np.concatenate([way.out(one, 1) for one in each])
        data[value] = stacked.reshape(copies, *shape)
        with np.errstate(all="ignore"):
            for node in way.nodes:
                xs = [data.get(i, self.trace.data[i]) for i in node.inputs]
                y = _together(node.op, xs, [i in data for i in node.inputs], copies)
                data[node.output] = self._with_given(node, y)
            return way.out(data, copies)

    def elsewhere(self, leaves: Mapping[int, Array]) -> np.floating[Any]:
        """The loss, in this precision, where some leaves are other arrays, by value id."""
        moved = {v: np.asarray(leaves.get(v, a), dtype=self.graph.dtype) for v, a in self.leaves.items()}
        trace = run(self.graph, moved, backward=False, instead=self._given)
        found: np.floating[Any] = trace.data[self.graph.loss.id].flat[0]
        return found


class _Along(Elementwise):
    """In the place of an operation whose gradient is agreed upon: the straight line with that slope, through what it
    makes of the numbers `xs`. Differences of the operation itself would tell of what its gradient leaves out."""

    def __init__(self, op: Elementwise, xs: Sequence[Array], y: Array) -> None:
        self._xs, self._y, self.label = list(xs), y, op.label  # type: ignore[misc]  # of a class without a name
        self._slopes = [op.local(slot, y, xs) for slot in range(len(xs))]

    def forward(self, xs: Sequence[Array]) -> Array:
        moved = (k * (x - x0) for k, x, x0 in zip(self._slopes, xs, self._xs, strict=True))
        return np.asarray(sum(moved, self._y))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.broadcast_to(self._slopes[slot], y.shape)


def _as_in(node: Node, dtype: np.dtype[Any], rounded: bool) -> Node:
    """A node as it is in the run of a precision that is looked at."""
    op = _with_eps(node.op, dtype)
    return node._replace(op=op if rounded else unrounded(op))


def _with_eps(op: Op, dtype: np.dtype[Any]) -> Op:
    """An operation whose ε is the precision's, with that of the run that is looked at: with another one it would be
    another function."""
    if getattr(op, "eps", 0) is None and "ε" in op.constants(dtype):
        return dataclasses.replace(op, eps=float(np.finfo(dtype).eps))  # type: ignore[call-arg]  # it has one
    return op


def _together(op: Op, xs: Sequence[Array], stacked: Sequence[bool], copies: int) -> Array:
    """An operation applied to copies of its inputs; those that are not `stacked` are the same in all."""
    if isinstance(op, Linear) and stacked[0] and not any(stacked[1:]):
        return np.asarray(op.forward(xs))
    if isinstance(op, Linear) and xs[0].ndim > 1 + stacked[0]:
        return _weighted(xs, stacked)
    if isinstance(op, AlongAxis) and xs[0].ndim > 1:
        return np.asarray(dataclasses.replace(op, axis=op.axes(xs[0].ndim - 1)[0] + 1).forward(xs))
    if isinstance(op, Picking) and stacked[0] and not any(stacked[1:]):
        picked = op.picking([xs[0][0, ...], *xs[1:]])
        if picked is not None and picked.read(xs[1]):
            return op.together(xs[0].reshape(copies, -1).take(picked.at, axis=1))
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
    return np.stack(
        [op.forward([x[k, ...] if s else x for x, s in zip(xs, stacked, strict=True)]) for k in range(copies)]
    )


def _weighted(xs: Sequence[Array], stacked: Sequence[bool]) -> Array:
    """Weighted sums of several samples where weights or biases are moved."""
    x, W, *bias = xs
    samples = (1,) * (x.ndim - stacked[0] - 2)  # besides the axis that is the rows of a matrix
    y = np.matmul(x, (W.reshape(len(W), *samples, *W.shape[1:]) if stacked[1] else W).swapaxes(-1, -2))
    for b in bias:
        y = y + (b.reshape(len(b), *samples, 1, b.shape[-1]) if stacked[2] else b)
    return np.asarray(y)
