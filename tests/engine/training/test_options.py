"""How parameters are trained: what a table says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gradstep.engine.training.options import Training
from gradstep.engine.training.reading import read


def refusals(table: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []
    read(table, lambda *problem: found.append(problem))
    return found


def accepted(table: dict[str, Any]) -> Training:
    assert refusals(table) == []
    return read(table, lambda *_: None)


def test_an_empty_table_is_one_step_of_plain_gradient_descent() -> None:
    training = accepted({})
    assert (training.optimizer.name, training.schedule, training.steps, training.batch_size) == (
        "sgd",
        "constant",
        1,
        None,
    )
    assert training.lr(1) == training.lr(1000) == 0.1
    assert training.zero_grad


def test_a_rate_rises_over_the_warmup_and_the_schedule_begins_after_it() -> None:
    training = accepted({"lr": 0.8, "warmup": 4, "steps": 12, "schedule": "cosine"})
    # t_max is what is left of the steps, so that the last half falls to 0: at 4 + 8 the cosine is −1.
    assert [training.lr(k) for k in range(1, 6)] == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.8])
    assert training.lr(4 + 4 + 1) == pytest.approx(0.4)
    assert training.lr(4 + 8 + 1) == pytest.approx(0.0, abs=1e-15)


def test_a_gradient_is_added_to_what_is_left_then_clipped_by_value_then_by_norm() -> None:
    training = accepted({"zero_grad": False, "clip_value": 0.5, "clip_norm": 0.3})
    assert [line.written for line in training.before(first=True)] == [
        "clip({g}, ±{clip_value})",
        "{g} · min(1, {clip_norm}/{norm})",
    ]
    left, by_value, by_norm = training.before(first=False)
    g = left.compute({"grad": np.array([0.4, -0.1]), "left": np.array([0.3, 0.0])})
    assert g.tolist() == pytest.approx([0.7, -0.1])
    g = by_value.compute({"g": g, "clip_value": 0.5})
    assert g.tolist() == pytest.approx([0.5, -0.1])
    # torch.nn.utils.clip_grad_norm_: 0.3 / (0.6 + 1e-6)
    assert by_norm.compute({"g": g, "clip_norm": 0.3, "norm": 0.6}).tolist() == pytest.approx(
        [0.5 * 0.3 / 0.600001, -0.1 * 0.3 / 0.600001]
    )
    assert by_norm.compute({"g": g, "clip_norm": 0.3, "norm": 0.2}).tolist() == g.tolist()
