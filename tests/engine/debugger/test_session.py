"""What a Python program asks and does: objects with numbers, and the same that commands print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from debugging import fresh

import gradstep
from gradstep.engine.ask.stops import Stop
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError, Interrupted

ASKED: list[tuple[str, Callable[[Session], Any]]] = [
    ("why W1.grad[1,0]", lambda s: s.why("W1.grad[1,0]")),
    ("why", lambda s: s.why()),
    ("paths W1[0,0] 3", lambda s: s.paths("W1[0,0]", 3)),
    ("terms h.grad[0]", lambda s: s.terms("h.grad[0]")),
    ("nudge W1[0,0] 1e-3", lambda s: s.nudge("W1[0,0]", 1e-3)),
    ("verify", lambda s: s.verify()),
    ("findings vanish=0.9", lambda s: s.findings(vanish=0.9)),
    ("find grad > 0.01", lambda s: s.find("grad > 0.01")),
    ("print abs(W1.grad).max()", lambda s: s.value("abs(W1.grad).max()")),
    ("diff fan-out", lambda s: s.diff(gradstep.find("fan-out"))),
]


@pytest.mark.parametrize(("line", "ask"), ASKED, ids=[line for line, _ in ASKED])
def test_what_is_asked_is_what_the_command_says(line: str, ask: Callable[[Session], Any]) -> None:
    session = fresh("walkthrough", "goto W1.grad[1,0]")
    found, result = ask(session), session.do(line)
    assert "\n".join(found.lines()) == result.text
    assert found.document() == result.data


def test_when_goes_there() -> None:
    session, other = fresh("dead-relu", "goto end"), fresh("dead-relu", "goto end")
    found, result = session.when("W1.grad[1,0] == 0"), other.do("when W1.grad[1,0] == 0")
    assert found.position == session.position == other.position
    assert found.document() == result.data
    assert result.text.startswith("\n".join(found.lines()))
    assert found.at == "W1.grad[1,0]"


def loss(W1: Any, b1: Any, W2: Any, b2: float, x: Any, t: float) -> float:
    """The walkthrough's, in NumPy."""
    y = 1 / (1 + np.exp(-(W2 @ np.maximum(W1 @ x + b1, 0) + b2)))
    return float((y - t) ** 2 / 2)


def test_numbers_are_those_of_a_loop_in_numpy() -> None:
    x, t = np.array([0.5, 0.8]), 1.0
    W1, b1 = np.array([[0.4, 0.3], [-0.2, 0.5]]), np.array([0.1, -0.1])
    W2, b2 = np.array([0.6, -0.4]), 0.2
    session = fresh("walkthrough", "goto end")
    whole = session.value("loss").value
    assert whole is not None
    assert float(whole) == pytest.approx(loss(W1, b1, W2, b2, x, t), rel=1e-14)
    moved = []
    for sign in (1, -1):
        other = W1.copy()
        other[1, 0] += sign * 1e-3
        moved.append(loss(other, b1, W2, b2, x, t))
    found = session.nudge("W1[1,0]", 1e-3)
    assert found.actual == pytest.approx((moved[0] - moved[1]) / 2, rel=1e-10)
    assert found.gradient == pytest.approx((moved[0] - moved[1]) / 2e-3, rel=1e-5)
    chain = session.why("W1.grad[1,0]").chain
    assert chain[0].product == pytest.approx(found.gradient, rel=1e-12)
    paths = session.paths("W1[1,0]")
    assert (paths.count, paths.total) == (1, pytest.approx(found.gradient, rel=1e-12))
    terms = session.terms("z1[0]").document()
    assert terms["sum"] == pytest.approx(W1[0] @ x + b1[0])
    assert [row["contribution"] for row in terms["rows"]] == pytest.approx([0.4 * 0.5, 0.3 * 0.8, 0.1])


def test_a_value_is_an_array_or_not_there_yet() -> None:
    session = fresh("walkthrough")
    assert session.value("h").value is None
    assert session.value("W1").value is not None
    session.goto("h[1]")
    found = session.value("h").value
    assert found is not None
    assert found.tolist() == pytest.approx([0.4 * 0.5 + 0.3 * 0.8 + 0.1, -0.2 * 0.5 + 0.5 * 0.8 - 0.1])
    single = session.value("h[0] > 0.5").value
    assert single is not None
    assert (single.shape, bool(single)) == ((), True)


def test_findings_are_a_tuple_of_finding() -> None:
    session = fresh("dead-relu")
    kinds = {finding.kind: finding for finding in session.findings()}
    assert isinstance(kinds["dead"], gradstep.Finding)
    assert kinds["dead"].at == "h[1]"
    with pytest.raises(CommandError, match="did you mean 'vanish'"):
        session.findings(vanisch=1)


def test_a_command_gives_a_result() -> None:
    session = gradstep.Session(gradstep.find("walkthrough"))
    result = session.do("break h.grad")
    assert isinstance(result, gradstep.Result)
    assert isinstance(session.stops.breakpoints[0], gradstep.Breakpoint)
    stop = session.do("continue").stop
    assert isinstance(stop, gradstep.Stop)
    assert stop == Stop("breakpoint", 1, "h.grad")
    assert isinstance(session.recording, gradstep.Recording)
    assert session.do("quit").quit


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda s: s.why("x[0]"), "'x' has no gradient"),
        (lambda s: s.why("h"), "name one, as in h[0]"),
        (lambda s: s.why(), "a name is needed"),
        (lambda s: s.paths("h[0]", 0), "from 1 on, not '0'"),
        (lambda s: s.terms("h[0]"), "'h[0]' is no sum"),
        (lambda s: s.nudge("W1[0,0]", float("nan")), "finite number above 0"),
        (lambda s: s.value("hh"), "unknown name 'hh'"),
        (lambda s: s.when("loss >"), "cannot read"),
        (lambda s: s.do("stepp"), "did you mean 'step'"),
    ],
)
def test_what_cannot_be_asked_is_refused(ask: Callable[[Session], Any], says: str) -> None:
    session = fresh()
    with pytest.raises(CommandError) as refused:
        ask(session)
    assert says in str(refused.value)
    assert not session.log


def test_what_takes_long_can_be_interrupted() -> None:
    session = fresh("death-of-a-relu", "train")
    before = session.position, len(session.log)
    with pytest.raises(Interrupted):
        session.when("loss > 1e9", lambda share: False)
    with pytest.raises(Interrupted):
        session.find("loss > 1e9", lambda share: False)
    assert (session.position, len(session.log)) == before


def test_edits_are_made_and_taken_back() -> None:
    session = fresh("walkthrough")
    assert session.edit("b2[0] = 0.5").text == "b2[0] = 0.5"
    changed = session.recording.trace.loss
    assert session.undo().text == session.redo().text == "b2[0] = 0.5"
    assert session.recording.trace.loss == changed != session.base.trace.loss
    assert session.revert() == 1
