"""The schedule that follows the losses."""

from __future__ import annotations

import pytest

from gradstep.engine.training.plateau import begun, seen
from gradstep.engine.training.schedules import SCHEDULES


def test_a_plateau_is_left_by_a_smaller_rate() -> None:
    """ReduceLROnPlateau, PyTorch 2.13: after more than `patience` losses that are no better, a NaN among them."""
    said = {key: option.default for key, option in SCHEDULES["plateau"].options.items()} | {"patience": 1}
    state = begun((0.5, 0.1), said)
    rates = []
    for loss in (1.0, 0.9, 0.9, float("nan"), 0.95, 0.5, 0.4):
        state = seen(state, loss, said)
        rates.append(state.rates)
    assert rates == [(0.5, 0.1)] * 3 + [(0.05, pytest.approx(0.01))] * 4
    assert (state.best, state.bad) == (0.4, 0)


def test_a_rate_is_not_reduced_below_the_least() -> None:
    said = {key: option.default for key, option in SCHEDULES["plateau"].options.items()}
    said |= {"patience": 0, "min_lr": 0.2, "cooldown": 1}
    state, rates = begun((0.5,), said), []
    for _ in range(6):
        state = seen(state, 1.0, said)
        rates.append(state.rates[0])
    assert rates == [0.5, 0.2, 0.2, 0.2, 0.2, 0.2]
