"""What one step is made of: the terms that add up to the number it writes.

Nothing is stored for this. A step names one element; its node's operation says which elements
feed it (forward) or whom it feeds (backward), and the numbers are read from the trace.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gradstep.engine.graph.graph import Node, Value
from gradstep.engine.index import Array, Elements, pieces
from gradstep.engine.ops.links import Links, product
from gradstep.engine.run.terms import Read, Segment
from gradstep.engine.run.timeline import Phase, Timeline
from gradstep.engine.run.trace import Trace


def gradient_segments(trace: Trace, value: Value, flat: int) -> tuple[Segment, ...]:
    """The terms of ∂L/∂value[flat]: one for each element it feeds, over all its uses.

    Each is upstream (the gradient of the element it feeds) × local (∂y/∂x of that use).
    """
    uses = trace.graph.uses[value.id]
    found = [_gradient_segment(trace, trace.graph.nodes[node], slot, flat) for node, slot in uses]
    if value.narrow and len(uses) > 1:  # each use gives numbers of that type, and each sum is one
        wholes = [float(trace.flow[use].item(flat)) for use in uses]
        found = [replace(one, kind=value.narrow, whole=whole) for one, whole in zip(found, wholes, strict=True)]
    return tuple(found)


def _gradient_segment(trace: Trace, node: Node, slot: int, flat: int) -> Segment:
    links, upstream = trace.column(node, slot, flat), trace.gradient(node.output)

    def read(start: int, stop: int) -> tuple[Array | None, Array | None, Array]:
        up, local = upstream.take(links.grid.take(start, stop)), links.local(start, stop)
        with np.errstate(all="ignore"):
            return up, local, product(up, local, node.op.shuts, node.op.beyond, slot)

    return _segment(node, links, node.output, links.grid, read)


def _segment(node: Node, links: Links, via_value: int, via: Elements, read: Read) -> Segment:
    if links.factor is None:
        return Segment(node.id, links.slot, via_value, via, read)
    slot, grid = links.factor
    return Segment(node.id, links.slot, via_value, via, read, node.inputs[slot], grid)


def forward_segments(trace: Trace, node: Node, flat: int) -> tuple[Segment, ...]:
    """The terms of a node's output[flat], where it is a sum; none where it is another function.

    Products carry (input, weight, input × weight); the summands of a loss only themselves.
    """
    xs = trace.inputs(node)
    if node.op.summed:
        segments = []
        for slot in node.op.summed:
            if slot < len(xs):
                links = trace.row(node, slot, flat)
                segments.append(_segment(node, links, node.inputs[slot], links.grid, _products(xs[slot], links)))
        return tuple(segments)
    if node.op.reduces:
        via, summands = node.op.summands(flat, xs)
        return (Segment(node.id, 0, node.inputs[0], via, lambda a, b: (None, None, summands(a, b))),)
    return ()


def _products(x: Array, links: Links) -> Read:
    def read(start: int, stop: int) -> tuple[Array | None, Array | None, Array]:
        value, local = x.take(links.grid.take(start, stop)), links.local(start, stop)
        with np.errstate(all="ignore"):
            return value, local, value * local

    return read


def segments_at(trace: Trace, timeline: Timeline, step: int) -> tuple[Segment, ...]:
    """The terms of step number `step` (1 to total); an update has none of its own."""
    sweep, flat = timeline.locate(step)
    if sweep.phase is Phase.UPDATE:
        return ()
    if sweep.phase is Phase.BACKWARD:
        return gradient_segments(trace, trace.graph.values[sweep.value], flat)
    return forward_segments(trace, trace.graph.nodes[sweep.node], flat)


def numbers_at(trace: Trace, node: Node, flat: int, term: int = 0) -> list[Array]:
    """The numbers that enter an output element of a function of single numbers, one a slot, each of
    shape (); of an operation that adds up such a function, those of its term number `term`. Where an input has
    one number for several terms in a row, as class numbers do, it is the one for that term."""
    xs, rows = trace.inputs(node), trace.rows(node, flat)
    terms = max(row.size for row in rows)
    places = [term * row.size // terms for row in rows]
    return [x.take(row.take(k, k + 1)).reshape(()) for x, row, k in zip(xs, rows, places, strict=True)]


def term_of(trace: Trace, node: Node, slot: int, source: int, flat: int) -> int:
    """Which of the terms of output[flat] the element `source` of an input is in."""
    grid = trace.row(node, slot, flat).grid
    for start, stop in pieces(grid.size):
        found = np.flatnonzero(grid.take(start, stop) == source)
        if len(found):
            return start + int(found[0])
    return 0
