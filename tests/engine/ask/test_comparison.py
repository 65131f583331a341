"""Two runs compared, against what is known to have been changed between them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from gradstep.engine.ask.comparison import alike, compare
from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.run.recording import record
from gradstep.tui.cli import main

WALKTHROUGH = (Path(__file__).parents[3] / "scenarios/01-walkthrough.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", list(builtin()))
def test_a_run_is_the_same_as_itself(name: str) -> None:
    found = compare(record(find(name)), record(find(name)))
    assert found.same
    assert found.compared > 0
    assert list(found.lines()) == [f"the same: {found.compared:,} numbers agree"]


def test_the_first_difference_is_what_was_changed() -> None:
    other = loads(WALKTHROUGH.replace("[[0.6, -0.4]]", "[[0.6, -0.3]]"))
    found = compare(record(find("walkthrough")), record(other))
    assert found.first is not None
    assert (found.first.name, found.first.step, found.first.a, found.first.b) == ("W2[0,1]", 0, -0.4, -0.3)
    a, b = record(find("walkthrough")), record(other)
    differing = sum(int((x != y).sum()) for x, y in zip(a.trace.data, b.trace.data, strict=True))
    differing += sum(
        int((x != y).sum()) for x, y in zip(a.trace.grad, b.trace.grad, strict=True) if x is not None and y is not None
    )
    differing += sum(int((a.updated(p.id) != b.updated(p.id)).sum()) for p in a.graph.parameters)
    assert found.differing == differing
    sizes = [abs(d.a - d.b) for d in found.largest]
    assert sizes == sorted(sizes, reverse=True)
    assert compare(a, b, rtol=10.0).same


def test_another_operation_first_differs_where_it_computes() -> None:
    other = loads(WALKTHROUGH.replace("relu(z1)", "tanh(z1)"))
    found = compare(record(find("walkthrough")), record(other))
    assert found.first is not None
    assert (found.first.name, found.first.step) == ("h[0]", 3)
    assert found.first.b == pytest.approx(np.tanh(0.54))


def test_other_names_and_shapes_are_told() -> None:
    found = compare(record(find("walkthrough")), record(find("fan-out")))
    assert "'W1' has shape (2, 2) in the first and (3, 2) in the second" in found.only
    assert not found.same
    assert not alike(record(find("walkthrough")), record(find("fan-out")))
    assert "only the first has 'h'" in compare(record(find("walkthrough")), record(find("diamond"))).only


def test_the_exit_status_says_whether_they_differ(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "b.toml").write_text(WALKTHROUGH.replace("[0.5, 0.8]", "[0.5, 0.9]"), encoding="utf-8")
    assert main(["diff", "walkthrough", "walkthrough"]) == 0
    assert main(["diff", "walkthrough", str(tmp_path / "b.toml"), "--json"]) == 1
    printed = capsys.readouterr().out.splitlines()
    found = json.loads(printed[-1])
    assert found["same"] is False
    assert found["first"]["name"] == "x[1]"
    assert main(["diff", "walkthrough", "nowhere"]) == 2


def test_one_cursor_stands_in_both(tmp_path: Path) -> None:
    (tmp_path / "b.toml").write_text(WALKTHROUGH.replace("[[0.6, -0.4]]", "[[0.6, -0.3]]"), encoding="utf-8")
    session = Session(find("walkthrough"))
    session.goto("h.grad[1]")
    commands.run(session, f"diff {tmp_path / 'b.toml'}")
    frame = session.frame()
    assert frame.element is not None
    other = record(loads(WALKTHROUGH.replace("[[0.6, -0.4]]", "[[0.6, -0.3]]")))
    grad = other.trace.grad[frame.element.value]
    assert grad is not None
    assert frame.before(frame.phase, *frame.element) == grad.reshape(-1)[1]
    commands.run(session, "diff off")
    assert session.frame().base is None
    commands.run(session, "diff fan-out")
    assert session.frame().base is None
