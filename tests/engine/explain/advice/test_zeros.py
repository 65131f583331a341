"""What to try against a gradient that is exactly 0."""

from __future__ import annotations

import pytest
from graphs import at, written

from gradstep.engine.explain import zeros
from gradstep.engine.explain.advice import against_zero
from gradstep.engine.explain.advice.zeros import _HINTS
from gradstep.engine.ops.causes import ZeroReason


def hint(leaves: str, lines: str, dtype: str = "float64") -> str:
    rec = written(leaves, lines, dtype)
    found = zeros.settled(rec, at(rec, "x"))
    assert found is not None
    return against_zero(rec, found)


def test_every_reason_has_a_hint() -> None:
    assert {*_HINTS, ZeroReason.UNDERFLOW} == set(ZeroReason)


@pytest.mark.parametrize(
    ("leaves", "lines"),
    [
        ("x = [[3.0], [1.0]]", "L = sum(softmax(x) * 2)"),
        ("x = [[3.0], [1.0]]", "n = layer_norm(x); L = sum(n * n) + sum(n)"),
        ("x = [[3.0, 1.0]]", "n = batch_norm(x); L = sum(n * 2)"),
        ("x = [3.0]", "L = sum(x - x)"),
        ("x = [3.0]", "L = sum((x - mean(x)) ** 2)"),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_of_a_constant_no_precision_is_advised(leaves: str, lines: str, dtype: str) -> None:
    told = hint(leaves, lines, dtype)
    assert "no precision helps" in told
    assert "float64" not in told
    assert "loss scale" not in told


def test_more_digits_are_advised_only_where_there_are_more() -> None:
    assert "float64" in hint("x = [40.0]", "L = sum(sigmoid(x))", "float32")
    assert "float64" not in hint("x = [40.0]", "L = sum(sigmoid(x))")


def test_each_of_several_reasons_has_its_advice_once() -> None:
    told = hint("x = 1.0; u = [2.0, 0.5]; t = [1.0, 9.0]", "h = relu(x * u - 1); L = mse(h, t)")
    assert told.count(";") == 1
    assert "already what it should be" in told
    assert "leaky_relu" in told


def test_of_weights_that_begin_at_0_and_move_nothing_is_advised() -> None:
    assert "then what leads into them learns" in hint("x = [3.0]\nw = [0.0]", "h = x * w; L = sum(h)")
    assert "never learns" in hint("x = [0.0]\nw = [0.0]", "h = x * w; L = sum(h)")
