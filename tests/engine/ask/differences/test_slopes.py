"""Differences and how far they are said to be off: of functions whose slope is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from gradstep.engine.ask.differences.rounding import EPS
from gradstep.engine.ask.differences.slopes import STEPS, Losses, Noise, Slopes, best, slopes
from gradstep.engine.index import Array

Function = Callable[[Array], Array]
#: Functions with their derivatives, and how much of their own rounding there is: that of the largest number in them,
#: times how steep they are there. Some are steep, flat, or have little to do with numbers about 1.
SMOOTH: Sequence[tuple[Function, Function, float]] = (
    (np.sin, np.cos, 1),
    (np.exp, np.exp, 20),
    (lambda x: x**5, lambda x: 5 * x**4, 200),
    (lambda x: np.sin(1e6 * x), lambda x: 1e6 * np.cos(1e6 * x), 3e6),
    (lambda x: np.tanh(1e-4 * x), lambda x: 1e-4 / np.cosh(1e-4 * x) ** 2, 3e-4),
    (lambda x: 1e8 + np.sin(x), np.cos, 1e8),
    (lambda x: 1 / (1 + np.exp(-20 * x)), lambda x: 20 * np.exp(-20 * x) / (1 + np.exp(-20 * x)) ** 2, 20),
)


def losses(function: Function) -> Losses:
    return lambda which, moved: np.asarray(function(moved))


def best_of(function: Function, at: Array, rounding: float = 0.0) -> Slopes:
    return best(losses(function), np.arange(len(at)), at, Noise(rounding))


@pytest.mark.parametrize("number", range(len(SMOOTH)))
def test_a_slope_is_off_by_no_more_than_its_bar_which_is_small(number: int) -> None:
    function, derivative, largest = SMOOTH[number]
    at = np.random.default_rng(number).normal(size=300)
    right = derivative(at)
    found = best_of(function, at, EPS * largest)
    assert (abs(found.slope - right) <= found.bar).all()
    assert np.median(found.bar) < 1e-7 * max(float(abs(right).max()), largest)


@pytest.mark.parametrize("far", [0.0, 1e-10, 1e-7, 1e-4, 1e-2])
def test_a_kink_beside_a_number_is_not_stepped_over(far: float) -> None:
    at = np.array([far + 0.5])
    found = best_of(lambda x: np.abs(x - 0.5) + np.sin(x), at, EPS)
    right = np.cos(at) + (1 if far else 0)  # exactly there it is the mean of both
    assert abs(found.slope - right) <= found.bar
    assert found.bar < 1e-2
    assert found.reach <= 2 * far or not far


def test_what_is_too_small_has_a_bar_that_says_so() -> None:
    found = best_of(lambda x: 1e18 + x, np.array([1.0]), EPS * 1e18)
    assert found.bar > 1
    assert found.still.all()


def test_where_no_digit_changes_as_much_as_is_lost_on_the_way_is_not_known() -> None:
    found = best(losses(lambda x: np.log(1 + np.exp(x))), np.arange(1), np.array([-40.0]), Noise(0, EPS))
    assert found.slope == 0
    assert found.bar > 1e-16 > np.exp(-40)


def test_beside_the_end_of_a_domain_steps_are_short() -> None:
    at = np.array([1e-3, 1e-6, 0.0])
    found = best_of(np.log, at, EPS * 10)
    assert found.slope[:2] == pytest.approx(1 / at[:2], rel=1e-6)
    assert np.isnan(found.slope[2])


def test_what_is_lost_of_a_step_is_lost_of_the_distance_too() -> None:
    at = np.random.default_rng(1).normal(size=200) * 10.0 ** np.random.default_rng(2).integers(-3, 12, 200)
    for step in STEPS:
        found = slopes(losses(lambda x: 3 * x), np.arange(200), at, step, Noise(0))
        # Three times a number is rounded as well, and a step of an hundredth is a hundred times as sensitive to it.
        assert found.slope == pytest.approx(3, rel=0, abs=20 * EPS / step)


def test_one_length_of_steps_is_exact_for_polynomials_of_the_fourth_degree() -> None:
    at = np.array([0.25, -1.5])
    found = slopes(losses(lambda x: x**4 - 2 * x), np.arange(2), at, 2.0**-10, Noise(0))
    assert found.slope == pytest.approx(4 * at**3 - 2, rel=1e-12)
    assert (found.reach == 2.0**-9 * np.array([1, 1.5])).all()
