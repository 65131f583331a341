"""What may be set, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gradstep.engine.errors import CommandError
from gradstep.engine.training.settings import (
    LAST_ITERATION,
    Option,
    at_least_0,
    below_1,
    betas,
    check_iteration,
    flag,
    is_number,
    iterations,
    rate,
    whole,
)

BIG = 10**400


@pytest.mark.parametrize(
    ("option", "good", "bad"),
    [
        (at_least_0(0.5), [0, 0.0, 3, 1e300], [-1e-9, math.nan, math.inf, True, "1", None, [1]]),
        (below_1(0.9), [0, 0.999], [1, 1.0, -0.1, math.nan, False]),
        (flag(), [True, False], [0, 1, "true", None]),
        (rate(0.1), [-1.0, 0, 2], [math.inf, -math.inf, math.nan, True, "0.1"]),
        (whole(3), [1, 7, BIG], [0, -1, 1.0, True, "1", None]),
        (whole(least=0), [0, 1], [-1, 0.0]),
        (iterations(7), [1, LAST_ITERATION], [0, LAST_ITERATION + 1, 10**12, BIG, 1.0, True]),
        (betas(0.9, 0.999), [[0, 0.5], (0.9, 0.99)], [[0.9], [0.9, 1], [0.9, 0.9, 0.9], 0.9, [True, 0.5], ["a", 0]]),
    ],
)
def test_what_fits(option: Option, good: list[Any], bad: list[Any]) -> None:
    assert all(option.fits(value) for value in good)
    assert not any(option.fits(value) for value in bad)
    assert option.default is None or option.fits(option.default)
    assert option.what


def test_truth_values_and_infinities_are_no_numbers() -> None:
    assert is_number(-2)
    assert is_number(0.5)
    assert not any(is_number(x) for x in (True, math.inf, math.nan, "1", None, 1j, 10**400, -(10**400)))


def test_an_iteration_beyond_what_can_be_made_is_refused_by_its_number() -> None:
    check_iteration(LAST_ITERATION)
    with pytest.raises(CommandError, match=r"iteration 1,000,000,000,000 is beyond what can be made; the last is"):
        check_iteration(10**12)
