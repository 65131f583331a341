"""Marks stand where something begins in a training."""

from __future__ import annotations

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find


def test_marks_stand_where_something_begins() -> None:
    session = Session(find("death-of-a-relu"))
    commands.run(session, "break loss > 1")
    commands.run(session, "train")
    stopped = session.position.iteration
    session.stops.breakpoints[0].enabled = False
    commands.run(session, "train")
    session.stops.breakpoints[0].enabled = True
    losses = session.history.summaries.loss.low
    begins = [k + 1 for k in range(100) if losses[k] > 1 and (k == 0 or not losses[k - 1] > 1)]
    found = session.frame().desk.events
    assert {m.iteration for m in found if m.sign == "●"} == {stopped, *begins}
    assert [(m.iteration, m.sign) for m in found if m.sign == "†"] == [(18, "†")]
    blown = Session(find("learning-rate-too-large"))
    blown.history.make(150)
    assert [m.iteration for m in blown.frame().desk.events if m.sign == "!"] == [121]
