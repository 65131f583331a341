"""What lies around a run: where its breakpoints stop, against the search that stops there."""

from __future__ import annotations

import pytest
from debugging import fresh

from gradstep.engine.debugger.desk import Desk
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.run.timeline import Position


@pytest.mark.parametrize("name", ["dead-relu", "sign-flip", "fan-out"])
def test_hits_are_where_a_run_stops(name: str) -> None:
    session = fresh(name, "break grad == 0", "break h.grad", "break flip", "disable 2")
    stopped = []
    while True:
        stop = session.run(True)
        if stop.reason == "end":
            break
        stopped.append(session.position.step)
    session.goto("start")
    frame = session.frame()
    assert frame.desk.hits(frame) == frozenset(stopped)
    for step in range(frame.total + 1):
        then = session.frame_at(Position(step))
        for breakpoint in session.stops.breakpoints:
            alone = then.desk._replace(breakpoints=(breakpoint,))
            ahead = [hit for hit in alone.hits(then) if hit > step]
            assert then.desk.next_hit(then, breakpoint) == min(ahead, default=None)
    assert frame.desk.next_hit(frame, session.stops.breakpoints[1]) is None  # it is off


def test_an_empty_desk_has_nothing_to_tell() -> None:
    frame = Frame(fresh().recording, Position(3))
    assert frame.desk == Desk()
    assert (frame.desk.hits(frame), frame.desk.events, frame.summaries) == (frozenset(), (), None)


def test_events_are_told_of_a_training() -> None:
    session = fresh("death-of-a-relu", "train")
    assert "†" in {event.sign for event in session.frame().desk.events}
