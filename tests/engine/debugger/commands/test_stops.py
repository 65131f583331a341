"""Commands about breakpoints and watches."""

from __future__ import annotations

from pathlib import Path

from debugging import fresh

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import load


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
    assert session.do("c").stop == ("end", None, "the end of the iteration")


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
