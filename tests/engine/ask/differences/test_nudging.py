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
    assert nudge(rec, element(rec, "x[1]")).rel_error < 1e-8


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
