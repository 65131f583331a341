"""Commands about breakpoints and watches."""

from __future__ import annotations

from pathlib import Path

import pytest
from debugging import fresh, refused

from gradstep.engine.ask.stops import Stop
from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import load, loads


def test_temporary_disabled_and_ignored_breakpoints() -> None:
    session = fresh("walkthrough", "tbreak h.grad", "break z*", "disable 2")
    session.do("c")
    assert commands.place(session) == "h.grad[0]"
    assert [b.number for b in session.stops.breakpoints] == [2]
    session.do("goto start")
    session.do("enable 2")
    session.do("ignore 2 2")
    session.do("c")
    assert commands.place(session) == "z2[0]"
    assert session.stops.breakpoints[0].hits == 3
    session.do("delete 2")
    assert session.do("c").stop == Stop("end", None, "the end of the iteration")


def test_watches_say_when_they_change_and_stop_there() -> None:
    session = fresh("walkthrough", "watch norm(W1.grad)", "watch h")
    assert session.do("info watch").text == "norm(W1.grad) = not yet\nh = not yet"
    stops = [(session.do("c").stop, session.position.step) for _ in range(4)]
    assert [(stop.reason if stop else "", step) for stop, step in stops] == [
        ("watch", 3), ("watch", 4), ("watch", 20), ("end", 31)
    ]  # fmt: skip
    session.do("goto 20")
    assert "just changed" in session.do("info watch").text.splitlines()[0]
    session.do("unwatch h")
    assert [w.text for w in session.stops.watches] == ["norm(W1.grad)"]


def test_a_scenarios_own_breakpoints_and_watches_are_set(tmp_path: Path) -> None:
    text = (Path(__file__).parents[4] / "scenarios/01-walkthrough.toml").read_text(encoding="utf-8")
    text = (
        text.replace("[debug]", '[debug]\nbreakpoints = ["h.grad"]\nwatch = ["loss"]')
        if "[debug]" in text
        else (text + '\n[debug]\nbreakpoints = ["h.grad"]\nwatch = ["loss"]\n')
    )
    (tmp_path / "a.toml").write_text(text, encoding="utf-8")
    session = Session(load(tmp_path / "a.toml"))
    session.goto("start")
    assert [(session.do("c").stop, session.position.step)[1] for _ in range(3)] == [7, 13, 14]


def test_breakpoints_are_listed_with_what_happened_to_them() -> None:
    session = fresh("walkthrough", "break h.grad", "tbreak z1", "break dead do print h", "disable 3", "ignore 1 5")
    assert session.do("info breakpoints").text.splitlines() == [
        "  1  h.grad   armed, ignores 5",
        "  2  z1   armed, once",
        "  3  dead do print h   off",
    ]
    session.do("continue")
    data = session.do("info breakpoints").data
    assert [(b["breakpoint"], b["enabled"], b["once"], b["hits"], b["ignore"]) for b in data] == [
        (1, True, False, 0, 5),
        (3, False, False, 0, 0),
    ]
    session.do("continue")
    assert session.do("info breakpoints").data[0] == {
        "breakpoint": 1, "text": "h.grad", "enabled": True, "once": False, "hits": 2, "ignore": 3,
    }  # fmt: skip


def test_breakpoints_are_deleted_one_by_one_or_all() -> None:
    session = fresh("walkthrough", "break h", "break z1", "break y")
    assert session.do("delete 2").data == {"deleted": 1}
    assert [b.text for b in session.stops.breakpoints] == ["h", "y"]
    assert "there is no breakpoint 2; there are 1, 3" in refused(session, "delete 2")
    result = session.do("delete all")
    assert (result.text, result.data) == ("2 breakpoints deleted", {"deleted": 2})
    assert session.do("info breakpoints").text == "no breakpoints"
    assert session.do("info breakpoints").data == []
    assert session.do("delete all").data == {"deleted": 0}
    assert session.do("break h").data["breakpoint"] == 4  # a number is never used again


QUADRATIC = """format = 1
[parameters]
w = [2.0, 3.0]
[graph]
e = "w * w"
L = "sum(e)"
[training]
lr = 0.1
"""


def test_watches_are_followed_through_iterations() -> None:
    """With η = 0.1 each iteration takes w to 0.8 w, so the loss is 13 · 0.64^(k − 1) in iteration k."""
    session = Session(loads(QUADRATIC))
    session.do("watch loss")
    assert session.do("info watch").data == [{"watch": "loss", "value": None, "changed": False}]
    session.do("train 8")
    assert session.position.iteration == 8  # watches do not stop a training
    (row,) = session.do("info watch").data
    assert row == {"watch": "loss", "value": pytest.approx(13 * 0.64**7), "changed": False}
    session.do("goto @3 loss")
    assert session.do("info watch").text.endswith("◂ just changed")
    assert session.do("info watch").data[0]["value"] == pytest.approx(13 * 0.64**2)
    for k in (4, 5):
        stop = session.do("continue").stop
        assert (stop, session.position.iteration) == (Stop("watch", None, "loss changed"), k)
        assert session.do("print loss").data == pytest.approx(13 * 0.64 ** (k - 1))
    assert session.do("rcontinue").stop == Stop("watch", None, "loss changed")
    assert session.position.iteration == 4
    session.do("unwatch loss")
    assert session.do("info watch").text == "nothing is watched"
    assert session.do("continue").stop == Stop("end", None, "the end of iteration 8")


def test_what_the_summaries_do_not_tell_is_looked_at_in_the_iterations() -> None:
    """The squares of 2 · 0.8^(k − 1)."""
    session = Session(loads(QUADRATIC))
    session.do("train 8")
    session.do("watch e[0] + 1")
    (watch,) = session.stops.watches
    assert watch.seen == pytest.approx({k: 1 + 4 * 0.64 ** (k - 1) for k in range(1, 9)})
    session.do("goto @5 start")
    session.do("set w[0] = 1")
    (watch,) = session.stops.watches
    assert watch.seen == pytest.approx({**{k: 1 + 4 * 0.64 ** (k - 1) for k in range(1, 5)}, 5: 2.0})
