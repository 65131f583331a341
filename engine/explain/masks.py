"""Scores that are left out on purpose: what a mask has put so low that a softmax gives it nothing.

A mask is a number as low as −∞, or as the −1e4, −1e9 and the least number of a dtype that are written instead of it,
where no parameter has a part in it; and what it is added to, chosen for, or moved with. An −∞ from a mask is no trouble
as long as it does no harm: what is computed from it is finite, or such an −∞ again, or what a softmax makes of its row.
Where all of that are masked it is not the mask that is to blame but the row: it is told of the softmax that nothing is
left to share. And where what a mask leaves out is used after all, it is told there.
"""

from __future__ import annotations

from collections.abc import Container, Mapping

import numpy as np

from gradstep.engine.graph.graph import Node, Role
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.moving import Masked, Move
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.ops.shapes import unbroadcast
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.trace import Trace

#: So large a number that no parameter has a part in may be a mask: it is added, or taken off. Half of that is still low
#: with a score beside it.
_MASK, _LOW = 1e4, -5e3


@remembered
def masked(recording: Recording) -> Mapping[int, Array]:
    """Of each value some numbers of which come from a mask, which ones: an array of its shape."""
    told, data = recording.scenario.told, recording.trace.data
    finite = frozenset(p.id for p in recording.graph.parameters if told(data[p.id]) is not None)
    return masked_in(recording.trace, finite=finite)


@remembered
def deliberate(recording: Recording) -> Mapping[int, Array]:
    """Of each value some numbers of which are −∞ on purpose, which ones: an array of its shape."""
    return deliberate_in(recording.trace, masked(recording))


def masked_in(
    trace: Trace, among: Container[int] | None = None, finite: Container[int] = frozenset()
) -> dict[int, Array]:
    """The same of a trace, for the values `among` which some are; of parameters that are `finite` none is."""
    graph, found = trace.graph, dict[int, Array]()
    for value in graph.values:
        if value.id in finite or (among is not None and value.id not in among):
            continue
        data = trace.data[value.id]
        if value.role is Role.PARAMETER:
            mine = np.isneginf(data)
        elif value.id not in graph.trained:
            mine = abs(data) >= _MASK
        else:
            mine = data <= _LOW
            if mine.any():
                mine = mine & _from(trace, graph.nodes[value.node], found)
        if mine.any():
            found[value.id] = mine
    return found


def _from(trace: Trace, node: Node, masked: Mapping[int, Array]) -> Array:
    """Which outputs of a node are made of inputs that come from a mask."""
    shape = trace.graph.values[node.output].shape
    here = np.zeros(shape, bool)
    if isinstance(node.op, Masked) and node.op.masking:
        here = node.op.slopes_at(shape, np.dtype(bool)) == 0
    there = [masked.get(value) for value in node.inputs]
    if all(mask is None for mask in there):
        return here
    shapes = [trace.graph.values[value].shape for value in node.inputs]
    wide = [np.zeros(s, bool) if mask is None else mask for s, mask in zip(shapes, there, strict=True)]
    if isinstance(node.op, Elementwise | Masked) or (isinstance(node.op, Rowwise) and not node.op.reduced):
        for mask in wide:
            here = here | mask
    elif isinstance(node.op, Move):
        here = here | (node.op.forward([mask.astype(trace.graph.dtype) for mask in wide]) != 0)
    return here


def deliberate_in(trace: Trace, masked: Mapping[int, Array]) -> dict[int, Array]:
    """Of what comes from a mask, where it is −∞ and does no harm."""
    graph, found = trace.graph, dict[int, Array]()
    for value, mask in reversed(list(masked.items())):
        infinite = mask & np.isneginf(trace.data[value])
        if not infinite.any() or value == graph.loss.id or not graph.users[value]:
            continue
        made = graph.values[value].node
        if made < 0 or not _shares(graph.nodes[made]):
            for node, slot in graph.users[value]:
                infinite = infinite & ~_harmed(trace, graph.nodes[node], slot, found)
        if infinite.any():
            found[value] = infinite
    return found


def _shares(node: Node) -> bool:
    return isinstance(node.op, Rowwise) and node.op.shares


def _harmed(trace: Trace, node: Node, slot: int, deliberate: Mapping[int, Array]) -> Array:
    """Which elements of an input feed an output that is not finite, and not on purpose."""
    y, xs = trace.output(node), trace.inputs(node)
    bad, shape = ~np.isfinite(y), xs[slot].shape
    if node.output in deliberate:
        bad = bad & ~deliberate[node.output]
    if not bad.any() or _shares(node):
        return np.zeros(shape, bool)
    with np.errstate(all="ignore"):
        if isinstance(node.op, Elementwise):
            return _narrowed(bad, shape)
        if isinstance(node.op, Move | Masked):
            return np.asarray(node.op.vjp(slot, bad.astype(y.dtype), y, xs) != 0)
    return np.ones(shape, bool)


def _narrowed(bad: Array, shape: Shape) -> Array:
    """For each element of an input, whether one of the outputs that it is broadcast to is bad."""
    return np.asarray(unbroadcast(bad.astype(np.intp), shape) != 0)
