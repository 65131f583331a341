"""Commands without a screen: scripts, and a JSON object a command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.engine.debugger import script
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
