"""Commands from and to disk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from debugging import fresh, refused

from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import builtin, find, load


def test_an_edited_scenario_is_saved_under_a_new_name(tmp_path: Path) -> None:
    session = fresh("walkthrough", "set W2[0,1] = 0.4", "set op h = tanh", "break flip on *.grad", "watch loss")
    file = tmp_path / "mine.toml"
    session.do(f"save {file}")
    again = Session(load(file))
    assert again.recording.trace.loss == session.recording.trace.loss
    assert [b.text for b in again.stops.breakpoints] == ["flip on *.grad"]
    assert [w.text for w in again.stops.watches] == ["loss"]
    assert "exists already" in refused(session, f"save {file}")
    session.do("set h[0] = 1")
    assert "which a scenario file cannot say" in refused(session, f"save {tmp_path / 'other.toml'}")
    assert not (tmp_path / "other.toml").exists()


@pytest.mark.parametrize("name", list(builtin()))
def test_every_scenario_is_saved_and_read_again(name: str, tmp_path: Path) -> None:
    session = fresh(name)
    session.do(f"save {tmp_path / 'a.toml'}")
    again = Session(load(tmp_path / "a.toml")).recording.trace
    for a, b in zip(again.data, session.recording.trace.data, strict=True):
        assert np.array_equal(a, b, equal_nan=True)


@pytest.mark.parametrize("command", ["open", "diff"])
@pytest.mark.parametrize("name", ["x" * 300 + ".toml", "folder/" + "x" * 300, "x" * 5000 + "/a.toml"])
def test_a_name_that_no_file_can_have_is_refused(command: str, name: str) -> None:
    session = Session(find("xor"))
    with pytest.raises(CommandError, match="cannot be read"):
        session.do(f"{command} {name}")


def test_opening_another_scenario_and_a_bad_one() -> None:
    session = fresh("walkthrough", "break h", "set x = [1, 1]")
    session.do("open fan-out")
    assert session.recording.scenario.name == "fan-out"
    assert not session.edits
    assert not session.stops.breakpoints


def test_what_is_found_watched_and_saved_through_iterations(tmp_path: Path) -> None:
    session = Session(find("xor-training"))
    session.do("train 30")
    assert session.do("info position").data["iteration"] == 30
    losses = session.history.summaries.loss.low
    found = session.do("find loss > previous").data
    rose = [k + 1 for k in range(1, 30) if losses[k] > losses[k - 1]]
    assert [one["iteration"] for one in found] == rose[:20]
    session.do("watch W1.grad[0,0]")
    seen = session.stops.watches[-1].seen
    assert len(seen) > 20
    for k, value in seen.items():
        grad = session.history.recording(k).trace.grad[session.recording.graph.by_name["W1"].id]
        assert grad is not None
        assert value == grad[0, 0]
    session.do("goto @12 start")
    session.do("set W1[0,0] = 0.5")
    with pytest.raises(CommandError, match="made in iteration 12, which a scenario file cannot say"):
        session.do(f"save {tmp_path / 'x.toml'}")
    session.do("revert")
    session.do(f"save {tmp_path / 'x.toml'}")
    assert Session(load(tmp_path / "x.toml")).runs.last == 400
