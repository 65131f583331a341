"""Learning rates over the iterations."""

from __future__ import annotations

from typing import Any

import pytest

from gradstep.engine.training.schedules import SCHEDULES


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("constant", {}, [0.1] * 7),
        # torch.optim.lr_scheduler.StepLR(step_size=3, gamma=0.5), PyTorch 2.13
        ("step", {"step_size": 3, "gamma": 0.5}, [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025]),
        # CosineAnnealingLR(T_max=4, eta_min=0.01): after T_max it rises again
        (
            "cosine",
            {"t_max": 4, "eta_min": 0.01},
            [0.1, 0.08681980515339464, 0.055, 0.023180194846605363, 0.01, 0.023180194846605363, 0.055],
        ),
    ],
)
def test_rates_are_pytorchs(name: str, options: dict[str, Any], expected: list[float]) -> None:
    found = [SCHEDULES[name].rate(k, 0.1, options) for k in range(len(expected))]
    assert found == pytest.approx(expected, rel=1e-14)


def test_every_schedule_says_what_may_be_set() -> None:
    assert {name: list(schedule.options) for name, schedule in SCHEDULES.items()} == {
        "constant": [],
        "step": ["step_size", "gamma"],
        "cosine": ["t_max", "eta_min"],
    }


def test_a_rate_that_grows_without_end_is_infinite_at_last() -> None:
    step = SCHEDULES["step"].rate
    assert step(2, 0.5, {"step_size": 1, "gamma": 1e154}) == pytest.approx(5e307)
    assert step(3, 0.5, {"step_size": 1, "gamma": 1e154}) == float("inf")
    assert step(10**15, 0.5, {"step_size": 1, "gamma": 2}) == float("inf")
    assert step(10**15, 0.5, {"step_size": 1, "gamma": 0.0}) == 0.0
