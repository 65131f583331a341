"""All rules over one iteration: each has its place, and what is fine is told nothing."""

from __future__ import annotations

import pytest
from recordings import recording, written

from gradstep.engine.diagnosis.diagnosing import RULES, diagnose
from gradstep.engine.diagnosis.diagnosing import diagnose_iteration as findings
from gradstep.engine.diagnosis.finding import Severity
from gradstep.engine.errors import CommandError
from gradstep.engine.files import find
from gradstep.engine.history.history import History


def test_every_rule_has_a_name_of_its_own_and_a_source() -> None:
    assert len({one.name for one in RULES}) == len(RULES)
    assert all(one.source and one.look.__doc__ for one in RULES)
    assert {"saturated", "vanish", "explode", "cancel", "update"} <= set(RULES.defaults)


#: A network for each rule.
CASES = {
    "nonfinite": ("w = [0.0]", ["L = sum(log(w))"]),
    "dead": ("w = [-1.0, 1.0]", ["h = relu(w)", "L = sum(h)"]),
    "saturated": ("w = [9.0]", ["h = tanh(w)", "L = sum(h)"]),
    "vanish": ("w = [1.0]\nv = 1e-5\nu = 1.0", ["a = w * 1", "b = a * v", "c = b * u", "L = sum(c)"]),
    "explode": ("w = [1.0]\nv = 1e5\nu = 1.0", ["a = w * 1", "b = a * v", "c = b * u", "L = sum(c)"]),
    "zero": ("w = [1.0]\nu = 2.0", ["L = sum(w)"]),
    "cancel": ("w = [1.0]", ["L = sum(w) - sum(w * 0.99)"]),
    "update": ("W = [[1e-9, 1.0]]", ["L = sum(W) * 1e6"]),
}


@pytest.mark.parametrize("name", CASES)
def test_each_rule_of_one_iteration_sees_its_case(name: str) -> None:
    parameters, lines = CASES[name]
    told = findings(written(parameters, *lines))
    assert name in {one.kind for cause in told for one in (cause, *cause.follows)}


def test_a_healthy_run_is_told_nothing() -> None:
    assert findings(recording("walkthrough")) == ()


def test_other_thresholds_find_other_things() -> None:
    rec = recording("walkthrough")
    assert {one.kind for one in findings(rec, {"saturated": 0.3})} == {"saturated"}
    with pytest.raises(CommandError, match="did you mean 'vanish'"):
        findings(rec, {"vanis": 1.0})


@pytest.mark.parametrize("made", [1, 2, 3, 4, 5, 9, 10, 11])
def test_a_training_of_a_few_iterations_can_be_judged(made: int) -> None:
    """Whatever is a mean over a part of it: a warning of NumPy's is an error here."""
    history = History(find("xor-training"))
    history.make(made)
    assert history.made == made
    assert [one for one in diagnose(history) if one.severity is Severity.FAULT] == []
