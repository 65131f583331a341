"""Where in a training something fires: breakpoints, numbers that are no longer finite, units that died."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.breakpoints import Breakpoint
from gradstep.engine.ask.stops import Noted
from gradstep.engine.history.deciding import possible
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import Summaries


class Event(NamedTuple):
    """An iteration at which something begins, its sign (● a breakpoint, ! not finite, † a unit died), and what
    it is in words."""

    iteration: int
    sign: str
    text: str


#: More would say nothing any more.
_MOST = 200


def events(history: History, breakpoints: Sequence[Breakpoint], log: Sequence[Noted]) -> tuple[Event, ...]:
    """What the summaries tell for certain, and the stops that the log knows; in the order of time."""
    if history.made < 2:
        return ()
    s = history.summaries.view()
    armed = [b for b in breakpoints if b.enabled]
    key = s.last, tuple(b.text for b in armed), len(log)
    return history.recall("events", key, lambda: _events(history, s, armed, log))


def _events(history: History, s: Summaries, armed: Sequence[Breakpoint], log: Sequence[Noted]) -> tuple[Event, ...]:
    stops = [line for line in log if line.text.startswith("breakpoint")]
    found = [Event(line.iteration, "●", line.text) for line in stops]
    for breakpoint in armed:
        must = possible(breakpoint.condition, s).must
        if not must.all():  # what holds in every iteration begins nowhere
            found += [Event(k, "●", breakpoint.text) for k in _begins(must, s.starts)]
    return tuple(sorted({*found, *_troubles(history, s)})[:_MOST])


def _troubles(history: History, s: Summaries) -> Iterator[Event]:
    """Where the loss stops being finite, and where units died: of those that have been shut in every sample for
    a whole pass over the samples, as the findings have it."""
    for k in _begins(~np.isfinite(s.loss.high), s.starts)[:1]:
        yield Event(k, "!", "the loss is not finite")
    graph, board = history.start.graph, history.start.board
    for node in graph.nodes:
        if node.op.rectifier and node.inputs[0] in s.counted:
            dead = s.above_zero(node.inputs[0]).high == 0
            for unit in np.flatnonzero(dead[-1]).tolist():
                born = _begins(dead[:, unit], s.starts)[-1]
                if born > 1 and s.last - born + 1 >= history.passes:
                    yield Event(born, "†", f"unit {unit} of {board.whole(node.output)} died")


def _begins(
    holds: np.ndarray[tuple[int], np.dtype[np.bool_]], starts: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> list[int]:
    """The first iterations of the rows at which something begins to hold."""
    before = np.concatenate([[False], holds[:-1]])
    return [int(k) for k in starts[:-1][holds & ~before]]
