"""The causes in words: each has some, and says what its parts are."""

from __future__ import annotations

import pytest
from graphs import at, written

from gradstep.engine.explain import nonfinite
from gradstep.engine.explain.accounts import account
from gradstep.engine.explain.causes import _WHY, source, why
from gradstep.engine.explain.causes import written as in_words
from gradstep.engine.explain.culprit import Of, Part
from gradstep.engine.files import loads
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import record
from gradstep.engine.run.timeline import Phase


def test_every_cause_has_words() -> None:
    assert set(_WHY) == set(Cause)
    assert all(_WHY.values())


@pytest.mark.parametrize(
    ("leaves", "lines", "phase", "says"),
    [
        ("x = [0.0]", "L = sum(log(x))", Phase.FORWARD, ": the logarithm of 0 is −∞"),
        ("u = [-3.0]", "x = relu(u); L = sum(log(x))", Phase.FORWARD,
         ": the logarithm of 0 is −∞. x is 0 (its gate is shut, u being −3.000)"),
        ("x = [0.0]", "L = sum(sqrt(x))", Phase.BACKWARD, ": the slope of √ at x = 0 is infinite"),
        ("x = [0.0]", "d = sqrt(x); L = sum(relu(d - 1))", Phase.BACKWARD,
         ", 0 · ∞: the slope of √ at x = 0 is infinite, and 0 arrives at d because the gate at L:subtract "
         "is shut (L:subtract = −1.000)"),
        ("a = inf; b = inf", "L = a - b", Phase.LOSS, ", ∞ − ∞: a is given as +∞, and b is given as +∞"),
        ("a = inf; b = -inf", "L = a / b", Phase.LOSS, ", ∞/∞: a is given as +∞, and b is given as −∞"),
        ("a = 0.0; b = 0.0", "L = a / b", Phase.LOSS, ", 0/0: a is given as 0, and b is given as 0"),
        ("m = 0.0; x = 800.0", "e = exp(x); L = m * (e * 2)", Phase.LOSS,
         ": exp of so large a number is more than float64 can hold (at most 1.8e308)"),
        ("x = inf", "y = sin(x); L = y + 1", Phase.FORWARD, ": the function has no value there. x is given as +∞"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_cause(leaves: str, lines: str, phase: Phase, says: str) -> None:
    rec = written(leaves, lines)
    found = nonfinite.first(rec, phase)
    assert found is not None
    assert why(account(rec, found)) == says


def test_an_update_is_told_with_its_line() -> None:
    graph = '[parameters]\nw = 2.0\nv = 1.0\n[graph]\nL = "v * 3 + 0 * w"\n'
    rec = record(loads(f'format = 1\n{graph}[training]\noptimizer = "adam"\neps = 0.0\n'))
    found = nonfinite.first(rec, Phase.UPDATE)
    assert found is not None
    said = why(account(rec, found))
    assert said.startswith(": 0/0 is no number in w ← w − η·m′ / (√v′ + ε), where ε is 0.")
    assert said.endswith("∂L/∂w is 0 because w is multiplied by 0")


def test_a_line_is_written_as_on_a_blackboard() -> None:
    assert in_words("{w} − {lr}·{g} / (√{v} + {eps})") == "w − η·g / (√v + ε)"
    assert in_words("{beta1}·{m} + (1 − {beta1})·{g}") == "β₁·m + (1 − β₁)·g"


def test_what_is_carried_on_is_named() -> None:
    rec = written("x = [inf]", "L = sum(x)")
    x = at(rec, "x")
    assert source(rec, Part(float("inf"), Of.VALUE, x)) == "x is +∞"
    assert source(rec, Part(float("inf"), Of.GRADIENT, x)) == "∂L/∂x is +∞"
    assert source(rec, Part(float("nan"), Of.KEPT, x, symbol="m")) == "the m that is kept for x is NaN"
