"""What is said of breakpoints."""

from __future__ import annotations

from recordings import recording

from gradstep.engine.ask.breakpoints import Breakpoint, Breakpoints
from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.query import Query


def breakpoint_(number: int, text: str, once: bool = False, log: str = "") -> Breakpoint:
    return Breakpoint(number, Condition(text, recording("walkthrough")), once, Query(log) if log else None)


def test_a_breakpoint_says_what_it_waits_for_and_how_it_is() -> None:
    one = breakpoint_(1, "grad == 0 on h*.grad", once=True)
    assert (one.text, one.state) == ("grad == 0 on h*.grad", "armed, once")
    one.hits, one.ignore, one.enabled = 1_204, 3, False
    assert one.state == "off, once, ignores 3, hit 1,204×"
    assert breakpoint_(2, "loss", log="loss * 2").text == "loss do print loss * 2"


def test_one_about_another_run_is_the_same_otherwise() -> None:
    one = breakpoint_(3, "loss", once=True, log="loss")
    one.hits, one.ignore, one.enabled = 2, 1, False
    other = one.about(Condition("loss", recording("fan-out")))
    assert other.condition.recording is recording("fan-out")
    assert other.document() == one.document()
    assert one.condition.recording is recording("walkthrough")


def test_all_of_them_are_told_to_people_and_to_programs() -> None:
    none = Breakpoints()
    assert list(none.lines()) == ["no breakpoints"]
    assert none.document() == []
    some = Breakpoints([breakpoint_(2, "backward"), breakpoint_(11, "h.grad", once=True)])
    some[1].hits = 2
    assert list(some.lines()) == ["  2  backward   armed", " 11  h.grad   armed, once, hit 2×"]
    assert some.document() == [
        {"breakpoint": 2, "text": "backward", "enabled": True, "once": False, "hits": 0, "ignore": 0},
        {"breakpoint": 11, "text": "h.grad", "enabled": True, "once": True, "hits": 2, "ignore": 0},
    ]
