"""Schedules one after the other, and on top of one another; test_optimizer holds whole trainings against PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

from gradstep.engine.training.composed import Part, Parts
from gradstep.engine.training.schedules import SCHEDULES


def part(name: str, **options: Any) -> Part:
    schedule = SCHEDULES[name]
    return Part(schedule, {key: option.default for key, option in schedule.options.items()} | options)


def test_a_sequence_is_that_of_pytorchs_documentation() -> None:
    """SequentialLR(ConstantLR(factor=0.1, total_iters=20), ExponentialLR(gamma=0.9), milestones=[20]) at lr 0.05."""
    parts = Parts([part("constant", factor=0.1, total_iters=20), part("exponential", gamma=0.9)])
    said = {"schedules": parts, "milestones": [20]}
    rates = [SCHEDULES["sequential"].rate(k, 0.05, said) for k in (0, 1, 19, 20, 21, 22)]
    assert rates == pytest.approx([0.005, 0.005, 0.005, 0.05, 0.045, 0.0405])


def test_a_chain_is_that_of_pytorchs_documentation() -> None:
    """ChainedScheduler of the same two; its printed rates belong to lr 0.5, as torch 2.13 computes them."""
    parts = Parts([part("constant", factor=0.1, total_iters=20), part("exponential", gamma=0.9)])
    said = {"schedules": parts}
    rates = [SCHEDULES["chained"].rate(k, 0.5, said) for k in (0, 1, 2, 19, 20, 21)]
    assert rates == pytest.approx([0.05, 0.045, 0.0405, 0.05 * 0.9**19, 0.5 * 0.9**20, 0.5 * 0.9**21])


def test_a_rate_is_the_same_however_it_is_come_to() -> None:
    """Times are visited in any order: what is kept on the way changes nothing."""
    made = [part("cosine", t_max=50, eta_min=0.01), part("step", step_size=900, gamma=0.5)]
    straight, there_and_back = Parts(made), Parts(made)
    rates = [straight.chained(k, 0.3) for k in range(2 * Parts.APART + 10)]
    for k in (9, 2, 2 * Parts.APART + 3, 5, Parts.APART, Parts.APART - 1, 0, Parts.APART + 1):
        assert there_and_back.chained(k, 0.3) == rates[k]
        assert there_and_back.chained(k, 0.1) != rates[k]
