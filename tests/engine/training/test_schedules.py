"""Learning rates over the iterations."""

from __future__ import annotations

from typing import Any

import pytest

from gradstep.engine.training.schedules import SCHEDULES


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("constant", {}, [0.1] * 7),
        # ConstantLR(factor=1/4, total_iters=3)
        ("constant", {"factor": 0.25, "total_iters": 3}, [0.025, 0.025, 0.025, 0.1, 0.1]),
        # LinearLR(start_factor=0.5, total_iters=4), from its documentation
        ("linear", {"start_factor": 0.5, "total_iters": 4}, [0.05, 0.0625, 0.075, 0.0875, 0.1, 0.1]),
        # PolynomialLR(total_iters=4, power=1.0), from its documentation
        ("polynomial", {"total_iters": 4}, [0.1, 0.075, 0.05, 0.025, 0.0, 0.0]),
        # MultiStepLR(milestones=[2, 4], gamma=0.1)
        ("multistep", {"milestones": [2, 4]}, [0.1, 0.1, 0.01, 0.01, 0.001]),
        ("exponential", {"gamma": 0.5}, [0.1, 0.05, 0.025]),
        ("cosine_warm_restarts", {"t_0": 2, "t_mult": 2}, [0.1, 0.05, 0.1, 0.08535533905932738, 0.05]),
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
    schedule = SCHEDULES[name]
    said = {key: option.default for key, option in schedule.options.items()} | options
    found = [schedule.rate(k, 0.1, said) for k in range(len(expected))]
    assert found == pytest.approx(expected, rel=1e-14)


def test_every_schedule_says_what_may_be_set() -> None:
    for name, schedule in SCHEDULES.items():
        assert set(schedule.needed) <= set(schedule.options), name
        for key, option in schedule.options.items():
            assert option.default is None or option.fits(option.default), (name, key)


def test_a_rate_that_grows_without_end_is_infinite_at_last() -> None:
    step = SCHEDULES["step"].rate
    assert step(2, 0.5, {"step_size": 1, "gamma": 1e154}) == pytest.approx(5e307)
    assert step(3, 0.5, {"step_size": 1, "gamma": 1e154}) == float("inf")
    assert step(10**15, 0.5, {"step_size": 1, "gamma": 2}) == float("inf")
    assert step(10**15, 0.5, {"step_size": 1, "gamma": 0.0}) == 0.0


def test_one_cycle_stays_at_its_end_and_begins_there_where_it_is_short() -> None:
    cycle = SCHEDULES["one_cycle"]
    said = {key: option.default for key, option in cycle.options.items()} | {"total_steps": 10}
    # up to lr = max_lr, then down to max_lr / 25 / 10⁴
    assert cycle.rate(2, 0.5, said) == pytest.approx(0.5)
    assert cycle.rate(9, 0.5, said) == cycle.rate(1000, 0.5, said) == pytest.approx(0.5 / 25 / 1e4)
    assert cycle.momentum is not None
    assert cycle.momentum(2, said) == pytest.approx(0.85)
    assert cycle.momentum(9, said) == pytest.approx(0.95)
    for total in (1, 2, 3, 4):
        assert all(0 < cycle.rate(k, 0.5, said | {"total_steps": total}) <= 0.5 for k in range(6))
