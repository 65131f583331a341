"""What is not finite or exactly 0, and why."""

from __future__ import annotations

import pytest
from evidence import seen_by
from recordings import recording, written

from gradstep.engine.diagnosis.rules.numbers import nonfinite, zero


@pytest.mark.parametrize(
    ("parameters", "lines", "at", "cause", "hint"),
    [
        ("w = [0.0, 1.0]", ["a = log(w)", "L = sum(a)"], "a[0]", "log of 0", "lower bound"),
        ("w = [-1.0]", ["a = log(w)", "L = sum(a)"], "a[0]", "log of a negative", "positive first"),
        ("w = [-1.0]", ["a = sqrt(w)", "L = sum(a)"], "a[0]", "root of a negative", "where()"),
        ("w = [800.0]", ["a = exp(w)", "L = sum(a)"], "a[0]", "exp", "subtract the largest"),
        ("w = [0.0]", ["a = 1 / w", "L = sum(a)"], "a[0]", "division by 0", "divisor"),
        ("w = [1e200]", ["a = w * w", "L = sum(a)"], "a[0]", "overflow", "smaller weights"),
    ],
)
def test_what_is_not_finite_is_named_with_its_cause(
    parameters: str, lines: list[str], at: str, cause: str, hint: str
) -> None:
    found = list(seen_by(nonfinite, written(parameters, *lines), {}))
    assert found[0].at == at
    assert found[0].numbers == {"step": 1}
    assert cause in found[0].text
    assert hint in found[0].hint


def test_the_first_of_either_pass_is_told() -> None:
    # ∂√w/∂w = 1/(2√w) at 0: finite going forward, infinite in the backward pass.
    found = list(seen_by(nonfinite, written("w = [4.0, 0.0]", "a = sqrt(w)", "L = sum(a)"), {}))
    assert [one.at for one in found] == ["w.grad[1]"]
    assert not list(seen_by(nonfinite, recording("walkthrough"), {}))


@pytest.mark.parametrize(
    ("parameters", "lines", "at", "count", "says"),
    [
        ("w = [1.0, 2.0]\nu = [3.0]", ["L = sum(w)"], "u.grad[0]", 1, "no path"),
        ("w = [1.0, 2.0]\nv = [0.0, 1.0]", ["L = sum(w * v)"], "w.grad[0]", 1, "0"),
        ("w = [1.0]", ["L = sum(w) - sum(w)"], "w.grad[0]", 1, "whatever w is"),
        ("w = [3.0]\nv = [3.0]", ["L = sum(w * v) - sum(3 * w) + 0 * sum(w)"], "w.grad[0]", 1, "cancel"),
    ],
)
def test_gradients_that_are_exactly_0_have_a_reason(
    parameters: str, lines: list[str], at: str, count: int, says: str
) -> None:
    (found,) = seen_by(zero, written(parameters, *lines), {})
    assert (found.at, found.numbers["zero"]) == (at, count)
    assert says in found.text
    assert found.hint


def test_what_a_shut_gate_holds_back_is_told_by_another_rule() -> None:
    rec = recording("dead-relu")
    grad = rec.trace.gradient(rec.graph.by_name["W1"].id)
    assert grad[1].tolist() == [0.0, 0.0]
    assert not [one for one in seen_by(zero, rec, {}) if one.at.startswith("W1")]


@pytest.mark.parametrize(("second", "told"), [(2.0, 0), (-2.0, 1)])
def test_an_input_of_0_is_told_only_where_a_parameter_gets_nothing_at_all(second: float, told: int) -> None:
    """h is (0, second or 0): where both are 0 nothing of v learns."""
    rec = written(f"w = [-1.0, {second}]\nv = [1.0, 1.0]", "h = relu(w)", "L = sum(h * v)")
    assert (rec.trace.gradient(rec.graph.by_name["v"].id) == [0, max(second, 0)]).all()
    assert [one.at for one in seen_by(zero, rec, {}) if one.at.startswith("v")] == ["v.grad[0]"] * told


@pytest.mark.parametrize("name", ["fan-out", "dead-relu", "residual", "digits"])
def test_a_healthy_iteration_has_no_alarm_for_its_zeros(name: str) -> None:
    assert not list(seen_by(zero, recording(name), {}))
