"""What a difference says of a gradient, number by number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradstep.engine.ask.differences.slopes import Slopes
from gradstep.engine.ask.differences.verdicts import TELLS, Given, Verdict, judged, tells

DOUBLE, SINGLE = 2.0**-52, 2.0**-23


def slopes(slope: float, bar: float, still: bool = False) -> Slopes:
    return Slopes(np.array([slope]), np.array([bar]), np.array([1e-3]), np.array([still]))


def given(shown: float, exact: float, again: float | None = None, largest: float = 1.0, eps: float = DOUBLE) -> Given:
    return Given(np.array([shown]), np.array([shown if again is None else again]), np.array([exact]), largest, eps)


@pytest.mark.parametrize(
    ("found", "gradients", "verdict"),
    [
        (slopes(0.5, 1e-12), given(0.5, 0.5), Verdict.RIGHT),
        (slopes(0.5, 1e-12), given(0.5 + 4e-7, 0.5 + 4e-7), Verdict.RIGHT),  # within the tolerance of 1e-6
        (slopes(0.5, 1e-12), given(0.5 + 6e-7, 0.5 + 6e-7), Verdict.WRONG),
        (slopes(0.5, 1e-6), given(0.5 + 9e-7, 0.5 + 9e-7), Verdict.RIGHT),  # within what it may be off by
        (slopes(0.5, 1e-12), given(-0.5, -0.5), Verdict.WRONG),
        (slopes(0.5, 1e-12), given(0, 0), Verdict.WRONG),
        (slopes(0, 1e-12), given(1e-4, 1e-4), Verdict.WRONG),
        (slopes(3e-13, 1e-12), given(4e-18, 4e-18), Verdict.SMALL),
        (slopes(3e-13, 1e-12), given(1e-10, 1e-10), Verdict.WRONG),
        (slopes(1.1e-10, 5e-12), given(1.09e-10, 1.09e-10), Verdict.SMALL),  # hardly a digit is known
        (slopes(1e-14, 1e-12), given(0, 0), Verdict.RIGHT),  # 0, and to all digits of its array
        (slopes(1e-14, 1e-12), given(0, 0, largest=1e-11), Verdict.SMALL),
        (slopes(0, 1e-12, still=True), given(0, 0, largest=0), Verdict.RIGHT),  # not a digit of the loss has changed
        (slopes(0, 1e-12, still=True), given(4e-18, 4e-18), Verdict.SMALL),
        (slopes(0.5, 1e-12), given(math.nan, math.nan), Verdict.WRONG),
        (slopes(0, 1), given(math.nan, math.nan), Verdict.WRONG),
        (slopes(math.nan, math.nan), given(math.nan, math.nan), Verdict.NONFINITE),
        (slopes(math.nan, math.nan), given(0.5, 0.5), Verdict.NONFINITE),
        (slopes(0.5, 1e-12), given(math.inf, math.inf), Verdict.WRONG),
        (slopes(1e5, 1e5), given(math.inf, math.inf), Verdict.NONFINITE),  # as that of √x does at 0, it grows and grows
        (slopes(0.5, 1e-12), given(math.inf, 0.5, eps=SINGLE), Verdict.WRONG),  # overflow
        (slopes(0.5, 1e-12), given(math.nan, 0.5, eps=SINGLE), Verdict.WRONG),
        (slopes(0.5, 1e-12), given(0.5 + 4e-8, 0.5, eps=SINGLE), Verdict.RIGHT),
        (slopes(0.5, 1e-12), given(0.5 + 4e-5, 0.5, eps=SINGLE), Verdict.RIGHT),  # some hundred units
        (slopes(0.5, 1e-12), given(0.51, 0.5, eps=SINGLE), Verdict.ROUNDED),
        (slopes(2e-9, 1e-15), given(0, 2e-9, eps=SINGLE), Verdict.RIGHT),  # rounded as its neighbours' sums are
        (slopes(2e-9, 1e-15), given(0, 2e-9, largest=2e-9, eps=SINGLE), Verdict.ROUNDED),
        (slopes(0.5, 1e-12), given(0.51, 0.5, again=0.5, eps=SINGLE), Verdict.WRONG),  # that is not what it rounds to
        (slopes(0.5, 1e-12), given(0.51, 0.51, eps=SINGLE), Verdict.WRONG),
    ],
)  # fmt: skip
def test_verdicts(found: Slopes, gradients: Given, verdict: Verdict) -> None:
    with np.errstate(all="ignore"):
        assert Verdict(judged(found, gradients).verdict[0]) is verdict


def test_where_the_loss_has_overflown_nothing_is_only_rounded() -> None:
    found = judged(slopes(2, 1e-12), given(0, 2, eps=SINGLE), overflown=True)
    assert found.verdict == Verdict.WRONG


def test_the_error_of_what_is_right_is_at_most_the_tolerance() -> None:
    rng = np.random.default_rng(1)
    exact = rng.normal(size=2000) * 10.0 ** rng.integers(-12, 1, 2000)
    bar = 10.0 ** rng.uniform(-14, -2, 2000)
    found = Slopes(exact + bar * rng.uniform(-1, 1, 2000), bar, bar, np.zeros(2000, dtype=bool))
    said = judged(found, Given(exact, exact, exact, float(abs(exact).max()), DOUBLE))
    right = said.verdict == Verdict.RIGHT
    assert right.any()
    assert not (said.verdict == Verdict.WRONG).any()
    assert said.error[right].max() <= 1e-6
    assert (bar[right] <= TELLS * np.maximum(abs(exact), abs(found.slope))[right]).all()


def test_a_difference_tells_what_it_is_asked_for() -> None:
    found, gradients = slopes(0.5, 1e-5), given(0.5, 0.5)
    assert tells(found, gradients, TELLS)
    assert not tells(found, gradients, 1e-6)
