"""The log: lines in their order, each with its place."""

from __future__ import annotations

from gradstep.engine.ask.stops import Noted
from gradstep.engine.debugger.log import Log, told
from gradstep.engine.run.timeline import Position


def test_lines_have_their_place() -> None:
    log = Log()
    assert list(log.lines()) == ["nothing yet"]
    log.note(Position(1234, None, 1), "first")
    log.note(Position(7, 2, 3000), "second")
    assert list(log.lines()) == ["step 1,234: first", "iteration 3,000, step 7: second"]
    assert log.document() == [
        {"iteration": 1, "step": 1234, "text": "first"},
        {"iteration": 3000, "step": 7, "text": "second"},
    ]
    assert told(Noted(5, "x", 1)) == "step 5: x"


def test_what_log_points_said_last_is_kept_apart() -> None:
    log = Log()
    log.say([Noted(1, "a"), Noted(2, "b")])
    log.say([Noted(3, "c")])
    assert log.said == (Noted(3, "c"),)
    assert [line.text for line in log] == ["a", "b", "c"]
    log.say([])
    assert log.said == ()
