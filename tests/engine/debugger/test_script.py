"""Commands without a screen: scripts, and a JSON object a command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradstep.engine.debugger import commands, script
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find


def documents(*lines: str, name: str = "walkthrough") -> list[dict[str, Any]]:
    said: list[str] = []
    script.carry_out(Session(find(name)), [[line] for line in lines], True, said.append)
    return [json.loads(text) for text in said]


def test_a_json_line_says_where_one_is() -> None:
    first, second, third, bad = documents("step 14", "print h[0]", "continue", "bogus")
    assert first == {
        "command": "step 14",
        "ok": True,
        "step": 14,
        "phase": "backward",
        "at": "h.grad[1]",
        "stop": None,
        "result": None,
    }
    assert second["result"] == 0.54
    assert third["stop"] == {"reason": "end", "breakpoint": None, "text": "the end of the iteration"}
    assert bad["ok"] is False
    assert "unknown command" in bad["error"]


def test_what_is_not_computed_yet_is_null() -> None:
    early, late, array = documents("print h.grad", "goto end", "print W1.grad")
    assert early["result"] is None
    assert late["step"] == 31
    assert np.asarray(array["result"]).shape == (2, 2)


def test_results_of_nan_are_texts() -> None:
    assert documents("goto end", "print l", name="log-of-zero")[1]["result"][0] == "-Infinity"


def test_a_script_stops_where_it_fails_and_the_next_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("# comment\n\nstep 3\nbogus\nstep 100\n", encoding="utf-8")
    session, said = Session(find("walkthrough")), []
    parts = [script.read_script(str(tmp_path / "a")), ["step 2"]]
    assert not script.carry_out(session, parts, False, said.append)
    assert session.position.step == 5
    assert f"{tmp_path / 'a'}:4: unknown command 'bogus'" in "\n".join(said)


def test_an_error_that_nobody_foresaw_is_one_of_many(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What follows is carried out, as after any other."""
    monkeypatch.setenv("GRADSTEP_LOG", str(tmp_path / "log"))

    def broken(*given: Any) -> Any:
        if given[1] == "why":
            raise LookupError("nobody foresaw this")
        return run(*given)

    said: list[str] = []
    session = Session(find("walkthrough"))
    run = commands.run
    monkeypatch.setattr(commands, "run", broken)
    fine = script.carry_out(session, [["goto end"], ["why"], ["print h"], ["why", "goto 1"]], False, said.append)
    assert not fine
    assert said[1].startswith("error: a fault of gradstep itself: LookupError: nobody foresaw this; its traceback")
    assert "0.54" in said[-2]
    assert session.position.step == session.recording.timeline.total
    assert (tmp_path / "log").read_text(encoding="utf-8").count("Traceback") == 2
