"""One number nudged: against what calculus says."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import element, recording, written

from gradstep.engine.ask.differences.nudging import nudge
from gradstep.engine.errors import CommandError


def test_a_nudge_predicts_and_measures_the_change_of_the_loss() -> None:
    # L = x³ at 2: the slope is 12, and (2.1³ − 1.9³) / 2 = 1.201.
    rec = written("x = 2.0", "L = x ** 3")
    found = nudge(rec, element(rec, "x"), 0.1)
    assert found.predicted == pytest.approx(1.2, rel=1e-14)
    assert found.actual == pytest.approx(1.201, rel=1e-12)
    assert found.rel_error == pytest.approx(0.01 / 12.01, rel=1e-9)
    assert found.kink == ""
    found = nudge(rec, element(rec, "x"))
    assert found.eps == pytest.approx(2 * np.finfo(float).eps ** (1 / 3))
    assert found.numeric == pytest.approx(12, rel=1e-9)


def test_a_number_in_the_middle_and_one_in_float32() -> None:
    rec = recording("walkthrough")
    found = nudge(rec, element(rec, "h[1]"))
    assert found.numeric == pytest.approx(0.0372144, abs=1e-7)  # as the walkthrough prints it: 0.0372
    assert found.rel_error < 1e-9
    rec = written("x = [0.3, 0.7]", "h = tanh(x)", "L = sum(h * h)", dtype="float32")
    found = nudge(rec, element(rec, "x[1]"))
    assert found.rel_error < 1e-8
    # What ran is the single-precision gradient, and that is compared as well.
    assert found.ran == float(rec.trace.grad[rec.graph.by_name["x"].id][1]) != found.gradient  # type: ignore[index]
    slope = 2 * np.tanh(np.float32(0.7).astype(float)) * (1 - np.tanh(np.float32(0.7).astype(float)) ** 2)
    assert found.ran_error == pytest.approx(abs(found.ran - slope) / slope, rel=0.05)
    assert any("in float32, as it ran: backprop" in line for line in found.lines())
    assert found.document()["ran"] == found.ran
    assert "ran" not in nudge(recording("walkthrough"), element(recording("walkthrough"), "h[1]")).document()


def test_a_gradient_that_single_precision_has_lost_is_not_hidden_by_double() -> None:
    # (x + 10⁸) − 10⁸ is 0 in float32 for x = 1, so that the slope 2 y of y² is 0 there, and 2 in float64.
    rec = written("x = [1.0]", "y = x + 1e8", "z = y - 1e8", "L = sum(z * z)", dtype="float32")
    found = nudge(rec, element(rec, "x[0]"))
    assert (found.ran, found.gradient) == (0.0, pytest.approx(2.0))
    assert found.ran_error > 1e-4 > 1e-6 > found.rel_error  # beside what the rounding of 1e8 leaves to be told


@pytest.mark.parametrize(("parameters", "of_", "eps"), [("x = 2.0", "x", 1e-20), ("x = [inf]", "x[0]", None)])
def test_a_number_that_does_not_move_is_refused(parameters: str, of_: str, eps: float | None) -> None:
    rec = written(parameters, "L = sum(x ** 3)")
    with pytest.raises(CommandError, match="does not change it"):
        nudge(rec, element(rec, of_), eps)


def test_what_rounding_leaves_is_said() -> None:
    rec = written("x = [1.0, 1e-6]", "L = sum(x ** 2) + 1e8")
    assert any("too small to tell" in line for line in nudge(rec, element(rec, "x[1]")).lines())
    assert not any("too small" in line for line in nudge(rec, element(rec, "x[0]")).lines())
    # σ(40) − 1 is −exp(−40) to 17 digits, and 0 in double precision.
    rec = written("z = [40.0]\nt = [1.0]", "L = bce_with_logits(z, t)")
    found = nudge(rec, element(rec, "z[0]"))
    assert found.gradient == 0
    if np.finfo(np.longdouble).eps < np.finfo(float).eps:
        assert found.exact == pytest.approx(-np.exp(-40), rel=0.05)
        assert any("with more of them backprop is −4" in line for line in found.lines())
