"""Where a loss has gone, on losses whose course is known."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.course import Course

K = np.arange(200.0)
NOISE = np.random.default_rng(1).normal(size=200)


@pytest.mark.parametrize(
    ("losses", "falls", "rises", "rests"),
    [
        (np.exp(-K / 100), True, False, False),
        (0.3 + np.exp(-K / 5), False, False, True),
        (0.3 + 0.01 * NOISE, False, False, True),  # begins where it ends, below a constant's loss of 1
        (0.95 + np.exp(-K / 5), False, False, False),  # at a constant's loss
        (0.3 + 0.001 * K, False, True, False),
        (0.3 + 0.1 * NOISE - 1e-5 * K, False, False, True),  # falls by less than it jumps
    ],
)
def test_it_falls_rises_or_rests(losses: np.ndarray, falls: bool, rises: bool, rests: bool) -> None:
    course = Course(np.asarray(losses), constant=1.0)
    assert (course.falls, course.rises, course.rests) == (falls, rises, rests)


def test_the_level_is_between_the_floor_and_a_constants_loss() -> None:
    course = Course(np.full(50, 0.55), constant=0.8, floor=0.3)
    assert course.level == pytest.approx(0.5)
    assert not course.stuck
    assert Course(np.full(50, 0.8), constant=0.8, floor=0.3).stuck
    assert np.isnan(Course(np.full(50, 0.8)).level)


@pytest.mark.parametrize("life", [30.0, 100.0])
def test_what_falls_by_a_rate_takes_its_half_life(life: float) -> None:
    """Of exp(−k/τ) a half is left after τ ln 2."""
    assert Course(np.exp(-K / life)).needed == pytest.approx(life * np.log(2), abs=1)


def test_a_start_without_a_constants_loss_is_compared_with_the_end() -> None:
    assert Course(10 * np.exp(-K / 20)).done
    assert not Course(10 + np.exp(-K / 20)).learned


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_so_few_losses_that_nothing_is_known_of_their_noise_have_none(count: int) -> None:
    before, last, error = Course(np.arange(float(count))).ends
    assert (last, error) == (count - 1, 0)
    assert before <= last
