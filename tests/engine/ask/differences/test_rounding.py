"""What rounding makes of a loss: against sums that are exact."""

from __future__ import annotations

import math

import numpy as np
import pytest
from recordings import written

from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.rounding import EPS, Rounding

#: On x86 a long double has 64 bits; where it is no longer than a double there is nothing to measure with.
LONGER = np.finfo(np.longdouble).eps < EPS


def rounding(parameters: str, *lines: str, dtype: str = "float64") -> Rounding:
    return Rounding(Precise(written(parameters, *lines, dtype=dtype)))


@pytest.mark.parametrize("seed", range(20))
def test_a_sum_is_off_by_no_more_than_is_said_and_not_by_much_less(seed: int) -> None:
    numbers = np.random.default_rng(seed).normal(size=50) * 10.0 ** np.random.default_rng(seed).integers(-8, 8, 50)
    squares = [x * x for x in numbers.tolist()]
    said = rounding(f"x = {numbers.tolist()}", "L = sum(x * x) - 1e3").loss()
    off = abs((float(np.sum(np.array(squares))) - 1e3) - (math.fsum(squares) - 1e3))
    assert off <= said <= 100 * EPS * math.fsum([*squares, 1e3])


def test_what_cancels_is_not_forgotten() -> None:
    # (1e8 + x) − 1e8 has half of the 16 digits left.
    assert EPS * 1e8 / 8 < rounding("x = 0.3", "L = (x + 1e8) - 1e8").loss() < EPS * 1e8 * 16


@pytest.mark.skipif(not LONGER, reason="a long double has no more digits than a double on this machine")
def test_a_gradient_that_rounding_has_taken_has_it_back() -> None:
    # σ(30) − 1 = −exp(−30) / (1 + exp(−30)); a double keeps three digits of it
    found = rounding("z = [30.0]\nt = [1.0]", "L = bce_with_logits(z, t)").gradient(0)
    assert found[0] == pytest.approx(-math.exp(-30) / (1 + math.exp(-30)), rel=1e-6)


def test_an_eps_is_that_of_the_run() -> None:
    # x / √(x² + ε) with x = 1e-3 and float32's ε of 1.19e-7: with another ε it is another function.
    rms = rounding("x = [1e-3]", "L = sum(rms_norm(x))", dtype="float32")
    x, eps = float(np.float32(1e-3)), 2.0**-23
    assert rms.gradient(0)[0] == pytest.approx(eps / (x * x + eps) ** 1.5, rel=1e-12)


def test_a_loss_that_is_not_finite_is_not_measured() -> None:
    assert rounding("x = [0.0, 1.0]", "L = sum(log(x))").loss() == math.inf
