"""Gradients beside differences of the loss: at kinks, where numbers are too small, and where rounding takes them."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import element, written

from gradstep.engine.ask.differences.judging import Judge
from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.verdicts import Verdict
from gradstep.engine.run.recording import Recording

RIGHT, SMALL, KINK, NONFINITE, ROUNDED, WRONG = (
    Verdict.RIGHT, Verdict.SMALL, Verdict.KINK, Verdict.NONFINITE, Verdict.ROUNDED, Verdict.WRONG
)  # fmt: skip


def verdicts(rec: Recording, name: str) -> list[Verdict]:
    judge, value = Judge(Precise(rec)), rec.graph.by_name[name]
    return [Verdict(k) for k in judge.elements(value, np.arange(value.size)).judged.verdict]


@pytest.mark.parametrize(
    ("parameters", "lines", "of", "says"),
    [
        # Not one of these is wrong: a loss of 4e-18 that is rounded at 40, a 1 that swallows exp(−40), a mask that
        # leaves seven digits of a score, a sum of 1e8 beside a slope of 1 and of 1e-6, one of 1e16.
        ("z = [40.0]\nt = [1.0]", ["L = bce_with_logits(z, t)"], "z", [SMALL]),
        ("z = [-800.0]\nt = [0.0]", ["L = bce_with_logits(z, t)"], "z", [RIGHT]),
        ("z = [40.0, 0.0]", ["L = cross_entropy(z, 0)"], "z", [SMALL, SMALL]),
        ("z = [400.0, 0.0]", ["L = cross_entropy(z, 0)"], "z", [RIGHT, SMALL]),  # 1 − 1 and exp(−400)
        ("s = [0.3, 0.7]\nm = [-1e9, -1e9]", ["y = softmax(s + m)", "L = y[0]"], "s", [RIGHT, RIGHT]),
        ("x = [0.5, 1e-6]", ["L = sum(x ** 2) + 1e8"], "x", [RIGHT, SMALL]),
        ("x = [0.5, 1e-6]", ["L = sum(x ** 2) + 1e16"], "x", [SMALL, SMALL]),
        ("x = [40.0, -40.0, 800.0]", ["L = sum(sigmoid(x))"], "x", [SMALL, SMALL, RIGHT]),  # ±4e-18 and an exact 0
        ("x = [1.0, 1e-3]", ["L = sum(((x * 1e-3) ** 9) ** 3)"], "x", [RIGHT, SMALL]),  # 1e-81 of 1e-81, and 1e-159
        ("x = [1e-8, 3e-8]", ["L = sum(sin(1e8 * x))"], "x", [RIGHT, RIGHT]),
        ("x = [1e6, -1e6]", ["L = sum(tanh(1e-6 * x))"], "x", [RIGHT, RIGHT]),
        ("x = [0.0, 1.0]", ["L = sum(3e8 * x - 1e8 * x - 2e8 * x + x)"], "x", [RIGHT, RIGHT]),
        # At a kink, and beside it at any distance that numbers have.
        ("x = [0.0, 1e-13, 1e-9, 1e-5]", ["L = sum(relu(x))"], "x", [KINK, KINK, RIGHT, RIGHT]),
        ("x = [0.0, 1e-9]", ["L = sum(relu(x)) + 1e8"], "x", [KINK, SMALL]),
        ("x = [2.0, 2.0, 1.0]", ["L = max(x)"], "x", [RIGHT, RIGHT, RIGHT]),  # the mean of both slopes, by convention
        ("x = 0.5", ["m = x * 2", "L = where(m > 1, 3 * x, x)"], "x", [KINK]),
        # What is not finite, and what is and should not be.
        ("x = [0.0, 4.0]", ["L = sum(sqrt(x))"], "x", [NONFINITE, RIGHT]),
        ("x = 0.0", ["d = sqrt(x ** 2)", "L = relu(d - 1)"], "x", [WRONG]),
        ("x = 0.0", ["d = sqrt(x ** 2)", "L = relu(d - 1)"], "d", [RIGHT]),
        ("x = [4.0, -1.0]", ["s = where(x > 0, sqrt(x), 0)", "L = sum(s)"], "x", [RIGHT, WRONG]),
        ("x = [-1.0, 1.0]", ["L = sum(log(x))"], "x", [NONFINITE, NONFINITE]),
    ],
)
def test_in_double_precision(parameters: str, lines: list[str], of: str, says: list[Verdict]) -> None:
    assert verdicts(written(parameters, *lines), of) == says


@pytest.mark.parametrize(
    ("parameters", "lines", "of", "says"),
    [
        ("x = [0.3, 0.7]", ["L = sum(tanh(x) ** 2)"], "x", [RIGHT, RIGHT]),
        ("z = [20.0]\nt = [1.0]", ["L = bce_with_logits(z, t)"], "z", [ROUNDED]),  # 0, and should be −2e-9
        ("z = [20.0, 0.3]\nt = [1.0, 0.0]", ["L = bce_with_logits(z, t)"], "z", [RIGHT, RIGHT]),
        ("s = [0.3, 0.7]", ["y = softmax(s - 1e9)", "L = y[0]"], "s", [ROUNDED, ROUNDED]),
        ("x = [60.0]", ["L = sum(log(exp(x) * exp(x)))"], "x", [WRONG]),  # overflow: ∞, and a gradient of 0
        ("x = [60.0]", ["a = exp(x)", "L = mean(a * a * 1e-40)"], "x", [RIGHT]),  # the loss is ∞, this is not
        ("x = [1e-4, 2e-4]", ["L = sum(rms_norm(x)[0])"], "x", [RIGHT, RIGHT]),
        ("x = [1.0, 2.0]", ["L = sum(x ** 2) + 1e8"], "x", [RIGHT, RIGHT]),  # no digit of x is left in the loss
    ],
)
def test_in_single_precision_it_is_judged_as_it_is_shown(
    parameters: str, lines: list[str], of: str, says: list[Verdict]
) -> None:
    assert verdicts(written(parameters, *lines, dtype="float32"), of) == says


def test_the_three_numbers_are_those_of_the_run_of_more_digits_and_of_the_difference() -> None:
    # tanh′(x) = 1 − tanh(x)², with the x that single precision has of 0.3.
    rec = written("x = [0.3]", "L = sum(tanh(x))", dtype="float32")
    given, found, _ = Judge(Precise(rec)).elements(rec.graph.by_name["x"], np.array([0]))
    right = 1 - np.tanh(np.float64(np.float32(0.3))) ** 2
    assert given.exact[0] == pytest.approx(right, rel=1e-15)
    assert given.shown[0] == rec.trace.derivative(element(rec, "x[0]")) != given.exact[0]
    assert abs(found.slope[0] - right) <= found.bar[0] < 1e-11
