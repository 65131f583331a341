"""What questions are about, and what they leave behind."""

from __future__ import annotations

import pytest
from debugging import fresh

from gradstep.engine.debugger import questions
from gradstep.engine.debugger.session import Session
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find, loads

COST = """format = 1
[parameters]
w = [2.0, 3.0]
s = 0.5
[graph]
e = "w * w"
cost = "sum(e) * s"
"""


def test_without_a_name_they_are_about_the_current_step() -> None:
    session = fresh("walkthrough", "goto W1.grad[1,0]")
    assert questions.why(session).document() == questions.why(session, "W1.grad[1,0]").document()
    assert questions.nudge(session).document() == questions.nudge(session, "W1[1,0]").document()
    with pytest.raises(CommandError, match="a name is needed"):
        questions.paths(fresh())


@pytest.mark.parametrize("name", ["w[0]", "w.grad[0]", "w1"])
def test_a_name_is_a_value_or_its_gradient(name: str) -> None:
    """cost = s (w₁² + w₂²): ∂cost/∂w₁ = 2 s w₁ = 2, over two ways into one product."""
    session = Session(loads(COST))
    assert questions.why(session, name).gradient == pytest.approx(2)
    found = questions.paths(session, name)
    assert (found.count, found.total) == (2, pytest.approx(2))
    assert questions.nudge(session, name).numeric == pytest.approx(2, rel=1e-8)


def test_the_terms_of_a_leaf_are_those_of_its_gradient() -> None:
    session = Session(loads(COST))
    assert questions.terms(session, "w[1]").document()["sum"] == pytest.approx(3)
    assert questions.terms(session, "s").document()["sum"] == pytest.approx(13)
    with pytest.raises(CommandError, match=r"'e\[0\]' is no sum"):
        questions.terms(session, "e[0]")


def test_thresholds_of_trainings_can_be_set() -> None:
    session = fresh("vanishing-training")
    session.do("train 40")
    assert questions.findings(session, {"vanish": 1e-4}) != questions.findings(session)
    with pytest.raises(CommandError, match="'los' has no threshold; did you mean 'loss'"):
        questions.findings(session, {"los": 1.0})


def test_another_run_is_shown_beside_this_one_where_it_takes_the_same_steps() -> None:
    session = fresh("walkthrough", "goto 14")
    assert not questions.diff(session, find("walkthrough")).differing
    beside = session.runs.beside
    assert beside is not None
    assert session.frame().base is beside.recording(1)
    questions.diff(session, find("fan-out"))
    assert session.runs.beside is None
    assert [line.text.split(":")[0] for line in session.log] == ["diff walkthrough", "diff fan-out"]
    questions.diff(session, find("walkthrough"))
    session.do("diff off")
    assert session.frame().base is None


def test_checks_are_noted_and_what_is_only_looked_up_is_not() -> None:
    session = fresh("walkthrough", "goto end")
    for ask in (questions.why, questions.paths, questions.terms):
        ask(session, "W1.grad[0,0]" if ask is not questions.terms else "z1[0]")
    questions.value(session, "loss")
    questions.find(session, "grad > 0")
    questions.findings(session)
    assert not session.log
    first = next(questions.nudge(session, "b2[0]").lines())
    second = next(questions.verify(session).lines())
    questions.when(session, "loss > 0")
    assert [line.text for line in session.log] == [first, second, "when loss > 0: step 7"]
