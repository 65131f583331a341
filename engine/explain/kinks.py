"""Where a function has a corner, and its slope is a convention."""

from __future__ import annotations

import numpy as np

from gradstep.engine.explain.hops import Hop
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.run.reading import numbers_at, term_of
from gradstep.engine.run.recording import Recording

#: Slopes on both sides that differ by more than this share are two.
_APART = 1e-6


def at_kink(recording: Recording, hop: Hop) -> bool:
    """Whether the local derivative of a hop is one that the operation's convention (`Op.kink`) chose:
    the slopes on the two sides differ, or several are equally the largest."""
    trace, node = recording.trace, recording.graph.nodes[hop.node]
    if not node.op.kink:
        return False
    if isinstance(node.op, Elementwise | Reduce):
        term = term_of(trace, node, hop.slot, hop.source.flat, hop.target.flat)
        xs = numbers_at(trace, node, hop.target.flat, term)
        slopes = []
        for end in (-np.inf, np.inf):
            moved = [np.nextafter(x, x.dtype.type(end)) if k == hop.slot else x for k, x in enumerate(xs)]
            with np.errstate(all="ignore"):
                slopes.append(float(node.op.local(hop.slot, node.op.forward(moved), moved)))
        below, above = slopes
        return bool(abs(above - below) > _APART * max(abs(above), abs(below)))
    grid = trace.row(node, hop.slot, hop.target.flat).grid
    group, mine = trace.data[hop.source.value].take(grid.take(0, grid.size)), trace.number(hop.source)
    return bool(mine == trace.number(hop.target) and np.count_nonzero(group == mine) > 1)
