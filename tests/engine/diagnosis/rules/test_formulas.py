"""Losses whose formula is wrong: means of errors, and penalties that outweigh what they are added to."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding, Severity
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

TEXT = """format = 1
batch = ["x", "t"]
[inputs]
x = {x}
t = {t}
[parameters]
w = [[0.5, -0.3]]
[graph]
y = "x @ w.T"
L = "{loss}"
[training]
lr = 0.05
steps = 30
"""
RNG = np.random.default_rng(3)
X = RNG.normal(size=(12, 2)).round(3)
T = (X @ np.array([[2.0], [-1.0]])).round(3)


def told(loss: str, steps: int = 30) -> dict[str, Finding]:
    history = History(loads(TEXT.format(x=X.tolist(), t=T.tolist(), loss=loss)))
    history.make(steps)
    return {one.kind: one for cause in diagnose(history) for one in (cause, *cause.follows)}


@pytest.mark.parametrize(
    ("loss", "wrong"),
    [
        ("mean(y - t) ** 2", True),
        ("abs(mean(t - y))", True),
        ("sum(y - t)", True),
        ("0.5 * mean(y - t)", True),
        ("mean(abs(mean(y - t, axis=0)))", True),
        ("mean(log(exp(y - t) + exp(t - y)) - 0.6931)", False),  # log cosh, less a number
        ("mean((y - t) ** 2)", False),
        ("mean(mean(y - t, axis=1) ** 2)", False),  # over the columns of a sample
        ("mean(abs(y - t))", False),
    ],
)
def test_errors_that_cancel(loss: str, wrong: bool) -> None:
    for steps in (1, 30):
        assert ("errors_cancel" in told(loss, steps)) == wrong


def test_a_penalty_is_weighed_against_the_data() -> None:
    """At first the penalty's gradient is 2 c w, and that of the mean of squares 2/n Σ (y − t) x."""
    w = np.array([0.5, -0.3])
    data = 2 * ((X @ w - T[:, 0])[:, None] * X).mean(axis=0)
    for factor in (20.0, 500.0):
        one = told(f"mse(y, t) + {factor} * sum(w ** 2)")["penalty"]
        assert one.numbers["ratio"] == pytest.approx(np.linalg.norm(2 * factor * w) / np.linalg.norm(data))
        assert one.severity is Severity.WARNING
        assert one.place.name == "L:multiply"
    assert "penalty" not in told("mse(y, t) + 0.01 * sum(w ** 2)")
    assert "penalty" not in told("mse(y, t) + 20 * mean(y ** 2)"), "it depends on the data"
