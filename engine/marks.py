"""Where in a training something fires: breakpoints, numbers that are no longer finite, units that died."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradstep.engine.bounds import possible
from gradstep.engine.frame import Frame
from gradstep.engine.ops.activation import Relu


class Mark(NamedTuple):
    """An iteration at which something begins, its sign (● a breakpoint, ! not finite, † a unit died), and what
    it is in words."""

    iteration: int
    sign: str
    text: str


#: More would say nothing any more.
_MOST = 200


def marks(frame: Frame) -> list[Mark]:
    """What the summaries tell for certain, and the stops that the log knows; in the order of time."""
    history = frame.desk.history
    if history is None:
        return []
    found: list[Mark] = []
    s = history.summaries
    for breakpoint in frame.desk.breakpoints:
        if breakpoint.enabled:
            must = possible(breakpoint.condition, s).must
            if not must.all():  # what holds in every iteration begins nowhere
                found += [Mark(k, "●", breakpoint.text) for k in _begins(must, s.starts)]
    found += [Mark(line.iteration, "●", line.text) for line in frame.desk.log if line.text.startswith("breakpoint")]
    bad = np.isnan(s.loss.high) | np.isinf(s.loss.high)
    found += [Mark(k, "!", "the loss is not finite") for k in _begins(bad, s.starts)[:1]]
    for node in history.start.graph.nodes:
        if isinstance(node.op, Relu) and node.inputs[0] in s.counted:
            dead = s.above_zero(node.inputs[0]).high == 0
            for unit in np.flatnonzero(dead[-1]).tolist():
                runs = _begins(dead[:, unit], s.starts)
                if runs[-1] > 1:
                    found.append(Mark(runs[-1], "†", f"unit {unit} of {history.start.board.whole(node.output)} died"))
    return sorted(set(found))[:_MOST]


def _begins(
    holds: np.ndarray[tuple[int], np.dtype[np.bool_]], starts: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> list[int]:
    """The first iterations of the rows at which something begins to hold."""
    before = np.concatenate([[False], holds[:-1]])
    return [int(k) for k in starts[:-1][holds & ~before]]
