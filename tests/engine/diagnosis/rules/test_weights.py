"""The sizes that weights give at first, worked out in NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

NETWORK = """format = 1
dtype = "{dtype}"
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [32, 16], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [32, 1], seed = 2 }}
[parameters]
W1 = {{ init = "normal(0, {std})", shape = [20, 16], seed = 3 }}
W2 = {{ init = "xavier_normal", shape = [1, 20], seed = 4 }}
[graph]
{lines}
L = "mse(y, t)"
[training]
lr = 1e-6
"""
PLAIN = 'h = "tanh(x @ W1.T)"\ny = "h @ W2.T"'


def told(lines: str = PLAIN, std: float = 0.25, dtype: str = "float64", steps: int = 3) -> dict[str, Finding]:
    history = History(loads(NETWORK.format(lines=lines, std=std, dtype=dtype)))
    history.make(steps)
    return {one.kind: one for cause in diagnose(history) for one in (cause, *cause.follows)}


@pytest.mark.parametrize(("std", "fires"), [(0.25, False), (0.5, False), (5.0, True), (0.001, True)])
def test_weights_that_blow_up_or_shrink_what_goes_through_them(std: float, fires: bool) -> None:
    """Sixteen inputs of size 1 give sums of size 4 × std."""
    found = told(std=std)
    assert ("weight_scale" in found) == fires
    if fires:
        assert found["weight_scale"].numbers["ratio"] == pytest.approx(4 * std, rel=0.15)


def test_scores_of_an_attention_that_has_its_winners_at_first() -> None:
    lines = 'q = "x @ W1.T"\ns = "q @ q.T"\na = "softmax(s)"\ny = "(a @ q) @ W2.T"'
    assert "attention_scale" in told(lines, 1.0)
    divided = lines.replace("q @ q.T", "q @ q.T / 400")
    assert "attention_scale" not in told(divided, 0.25)


def test_the_logarithm_of_a_softmax_is_told_and_is_a_fault_where_it_is_at_0() -> None:
    lines = 'p = "softmax(x @ W1.T)"\nl = "log(p)"\ny = "l @ W2.T"'
    assert told(lines)["log_of_softmax"].severity.word == "information"
    assert told(lines, 300.0, "float32")["log_of_softmax"].severity.word == "fault"


def test_a_variance_as_a_difference_of_two_means_loses_its_digits() -> None:
    lines = (
        'b = "x * 1.0 + 3000.0"\nv = "mean(b * b, axis=1, keepdims=true) - mean(b, axis=1, keepdims=true) ** 2"\n'
        'h = "tanh(x @ W1.T) + v * 0.001"\ny = "h @ W2.T"'
    )
    x = np.random.default_rng(0).normal(size=16)
    assert np.var(x + 3000) < 1e3 * np.finfo(np.float32).eps * 3000**2  # less than a thousand units of the last place
    assert "cancellation" in told(lines, dtype="float32")
    assert "cancellation" not in told(lines)


def test_a_divisor_near_0_is_named_where_the_quotient_becomes_large() -> None:
    lines = 'h = "tanh(x @ W1.T)"\nd = "(h @ W2.T) ** 2 * 1e-6"\ny = "(h @ W2.T) / d"'
    (one,) = (found for kind, found in told(lines).items() if kind == "small_divisor")
    assert one.place.name.startswith("d[")
    assert one.numbers["divisor"] < 1e-6
    assert "small_divisor" not in told(lines.replace("* 1e-6", "+ 1"))


def test_weights_that_are_all_negative_say_why_units_are_shut() -> None:
    lines = 'h = "relu(exp(x) @ (-abs(W1)).T)"\ny = "h @ W2.T"'
    assert told(lines)["dead"].numbers["share"] == 1
    text = NETWORK.replace('x = {{ init = "normal(0, 1)"', 'x = {{ init = "uniform(0, 1)"')
    text = text.replace('W1 = {{ init = "normal(0, {std})"', 'W1 = {{ init = "uniform(-1, -0.1)"')
    history = History(loads(text.format(lines='h = "relu(x @ W1.T)"\ny = "h @ W2.T"', std=1, dtype="float64")))
    (one,) = [found for cause in diagnose(history) for found in (cause, *cause.follows) if found.kind == "dead"]
    assert "below 0" in one.text
