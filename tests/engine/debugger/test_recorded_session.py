"""A session in a recording with an operation that nobody can explain: what can be asked is answered, what would have to
be made up is refused, and nothing has changed then."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import observations as seen
import pytest

from gradstep.engine.debugger import transcript
from gradstep.engine.debugger.checking import check
from gradstep.engine.debugger.script import document
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import GradstepError
from gradstep.engine.files import export, find
from gradstep.engine.notation import Stale

ORIGIN = '[origin]\n"enc.0" = { module = "enc", call = "wave", where = "train.py:12" }'


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(find(str(seen.write(tmp_path / "a.gradstep", more=ORIGIN))))


def test_why_passes_through_and_says_so(session: Session) -> None:
    lines = list(session.why("x[1]").lines())
    assert any("∂loss/∂enc.0[1]" in line and "recorded and not explained" in line for line in lines)
    assert session.why("x[1]").gradient == (seen.UP * np.cos(seen.X))[1]  # type: ignore[union-attr]  # no change of the loss


def test_where_a_value_comes_from_is_told(session: Session) -> None:
    session.goto("enc.0[1]")
    story = session.frame().story
    assert story.origin == "enc · wave · train.py:12 · recorded, not explained"
    assert story.equation is not None
    assert story.equation.right == "wave(x, w)"
    session.goto("x.grad[0]")
    assert "what comes through enc.0 is recorded, not explained" in session.frame().story.origin


@pytest.mark.parametrize("command", ["nudge x[0]", "iterate", "op enc.0 = tanh"])
def test_what_would_have_to_be_made_up_is_refused(session: Session, command: str) -> None:
    session.goto("loss")
    before = session.position, session.recording
    with pytest.raises(GradstepError):
        session.do(command)
    assert (session.position, session.recording) == before


@pytest.mark.parametrize(
    ("change", "stale"),
    [
        ("x[0] = 2", {"enc.0", "loss", "enc.0.grad", "x.grad", "w.grad", "x.next", "w.next"}),
        ("t[0] = 2", {"x.grad", "w.grad", "x.next", "w.next"}),
        ("enc.0[0] = 1", {"x.grad", "w.grad", "x.next", "w.next"}),
        ("enc.0 = [1, 2]", {"x.grad", "w.grad", "x.next", "w.next"}),
        ("enc.0.grad[0] = 1", {"x.grad", "w.grad", "x.next", "w.next"}),
    ],
)
def test_what_follows_from_it_after_an_edit_is_stale(session: Session, change: str, stale: set[str]) -> None:
    """What is not stale is true: t changes the loss, and what arrives at the wave, by the formula of mse."""
    done = session.do(f"set {change}")
    assert set(session.recording.stale_names) == stale
    assert "What was changed goes through enc.0, recorded and not explained" in done.text
    session.goto("end")
    for name in ("loss", "enc.0.grad", "x.grad", "t"):
        assert ("(stale)" in session.do(f"print {name}").text) is (name in stale)
        assert (document(session, name, session.do(f"print {name}"))["stale"]) == list(session.recording.stale_names)
    session.goto("x.grad[0]")
    assert transcript.block(session.frame()).splitlines()[-1].endswith("stale: what was changed goes through enc.0")
    assert re.search(r"result +[=≈] [−+]?[\d.e−]+\?", transcript.block(session.frame()))
    assert session.frame().tape_line(session.position.step).value == session.frame().story.equation.result  # type: ignore[union-attr]  # a step
    assert isinstance(session.frame().tape_line(session.position.step).value, Stale)
    assert ", stale" in "\n".join(session.why("x[1]").lines())
    assert json.loads(export(session.recording, "json"))["stale"] == list(session.recording.stale_names)


def test_what_is_not_stale_after_an_edit_is_what_it_would_be(session: Session) -> None:
    session.do("set t = [2.0, 3.0]")
    trace, graph = session.recording.trace, session.recording.graph
    np.testing.assert_allclose(trace.loss, ((seen.Y - [2.0, 3.0]) ** 2).mean(), rtol=1e-14)
    np.testing.assert_allclose(trace.gradient(graph.by_name["enc.0"].id), seen.Y - [2.0, 3.0], rtol=1e-14)
    session.do("undo")
    assert not session.recording.trace.stale


@pytest.mark.parametrize(
    "command", ["why x[0]", "paths x[0]", "terms x[0]", "findings", "verify", "info scenario", "when first value > 0.1"]
)
def test_all_else_is_answered(session: Session, command: str) -> None:
    session.goto("end")
    assert session.do(command).text


def test_what_does_not_go_through_it_can_be_changed(tmp_path: Path) -> None:
    """The loss has a part that has nothing to do with the wave: t may be another one, where no gradient comes back."""
    lines = {"enc.0": "recorded(x, w, of='wave', size=(2,))", "loss": "sum(enc.0)", "more": "t * loss"}
    trace = seen.numbers() | {"gradient:enc.0": np.ones(2), "value:loss": np.array(seen.Y.sum())}
    trace |= {"gradient:x": np.cos(seen.X), "gradient:w": -np.ones(2)}
    session = Session(find(str(seen.write(tmp_path / "a.gradstep", lines, trace))))
    session.do("set t = [2.0, 3.0]")
    session.goto("end")
    found = session.value("more").value
    assert found is not None
    np.testing.assert_allclose(found, np.array([2.0, 3.0]) * seen.Y.sum(), rtol=1e-12)


def test_check_verifies_each_line_by_itself(tmp_path: Path) -> None:
    report = check(find(str(seen.write(tmp_path / "a.gradstep"))))
    assert report.ok
    assert "enc.0 is wave, recorded and not explained" in "\n".join(report.lines())
    assert report.document()["explained"]["of"] == 2
    wrong = check(find(str(seen.write(tmp_path / "a.gradstep", trace=seen.numbers() | {"value:loss": np.array(9.0)}))))
    assert not wrong.ok
    assert "loss was 9 there" in "\n".join(wrong.lines())


def test_what_is_not_explained_is_not_taken_for_something_else(tmp_path: Path) -> None:
    """nll takes logarithms of probabilities, and what made them is recorded: they may be such."""
    lines = {"enc": "x + w", "log": "recorded(enc, of='log_softmax', size=(2,))", "loss": "nll(log, t)"}
    trace = {"value:log": np.log([0.25, 0.75]), "gradient:log": np.array([-1.0, 0.0]), "gradient:enc": np.zeros(2)}
    session = Session(find(str(seen.write(tmp_path / "a.gradstep", lines, trace, changed={"t": np.array(0.0)}))))
    assert "missing_activation" not in [finding.kind for finding in session.findings()]


def test_a_parameter_that_gets_nothing_says_what_cuts_it_off(tmp_path: Path) -> None:
    lines = {"half": "x * 1", "loss": "mse(w, t)"}
    session = Session(find(str(seen.write(tmp_path / "a.gradstep", lines, {}))))
    (found,) = [one for one in session.findings() if one.kind == "unused_parameter"]
    assert "detach()" in str(found.hint)


def test_it_is_exported_as_all_others(session: Session) -> None:
    assert '"enc.0"' in export(session.recording, "json")
