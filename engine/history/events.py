"""Where in a training something fires: breakpoints, numbers that are no longer finite, units that died."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.stops import Breakpoint
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.history.intervals import possible
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.ops.activation import Relu


class Mark(NamedTuple):
    """An iteration at which something begins, its sign (● a breakpoint, ! not finite, † a unit died), and what
    it is in words."""

    iteration: int
    sign: str
    text: str


#: More would say nothing any more.
_MOST = 200


def marks(frame: Frame) -> tuple[Mark, ...]:
    """What the summaries tell for certain, and the stops that the log knows; in the order of time."""
    history = frame.desk.history
    if history is None or history.made < 2:
        return ()
    s = frame.summaries
    assert s is not None, "a history has summaries"
    armed = [b for b in frame.desk.breakpoints if b.enabled]
    key = s.last, tuple(b.text for b in armed), len(frame.desk.log)
    return history.recall("marks", key, lambda: _marks(frame, s, armed))


def _marks(frame: Frame, s: Summaries, armed: Sequence[Breakpoint]) -> tuple[Mark, ...]:
    stops = [line for line in frame.desk.log if line.text.startswith("breakpoint")]
    found = [Mark(line.iteration, "●", line.text) for line in stops]
    for breakpoint in armed:
        must = possible(breakpoint.condition, s).must
        if not must.all():  # what holds in every iteration begins nowhere
            found += [Mark(k, "●", breakpoint.text) for k in _begins(must, s.starts)]
    return tuple(sorted({*found, *_troubles(frame, s)})[:_MOST])


def _troubles(frame: Frame, s: Summaries) -> Iterator[Mark]:
    """Where the loss stops being finite, and where units died: of those that have been shut in every sample for
    a whole pass over the samples, as the findings have it."""
    for k in _begins(~np.isfinite(s.loss.high), s.starts)[:1]:
        yield Mark(k, "!", "the loss is not finite")
    graph, board, history = frame.recording.graph, frame.recording.board, frame.desk.history
    assert history is not None, "it has the summaries"
    for node in graph.nodes:
        if isinstance(node.op, Relu) and node.inputs[0] in s.counted:
            dead = s.above_zero(node.inputs[0]).high == 0
            for unit in np.flatnonzero(dead[-1]).tolist():
                born = _begins(dead[:, unit], s.starts)[-1]
                if born > 1 and s.last - born + 1 >= history.passes:
                    yield Mark(born, "†", f"unit {unit} of {board.whole(node.output)} died")


def _begins(
    holds: np.ndarray[tuple[int], np.dtype[np.bool_]], starts: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> list[int]:
    """The first iterations of the rows at which something begins to hold."""
    before = np.concatenate([[False], holds[:-1]])
    return [int(k) for k in starts[:-1][holds & ~before]]
