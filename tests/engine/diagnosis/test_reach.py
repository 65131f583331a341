"""What outputs can be at all: against the numbers that they have for weights of every size."""

from __future__ import annotations

from math import exp, inf, log, sqrt

import numpy as np
import pytest

from gradstep.engine.diagnosis.reach import SLACK, reach
from gradstep.engine.files import loads
from gradstep.engine.run.passes import run

TEXT = """format = 1
[inputs]
x = {{ init = "normal(0, 1)", shape = [40, 3], seed = 1 }}
[parameters]
W = {{ init = "normal(0, 1)", shape = [3, 3], seed = 2 }}
[graph]
z = "x @ W.T"
y = "{y}"
L = "mean(y)"
"""
HALF = 1 / (1 + exp(0.0))
HIGH = 1 / (1 + exp(-1.0))


@pytest.mark.parametrize(
    ("y", "low", "high"),
    [
        ("sigmoid(z)", 0, 1),
        ("sigmoid(sigmoid(z))", HALF, HIGH),
        ("2 * sigmoid(z) - 1", -1, 1),
        ("1 - relu(tanh(z))", 0, 1),
        ("-3 * tanh(z) + 1", -2, 4),
        ("sigmoid(relu(z))", 0.5, 1),
        ("layer_norm(z)", -sqrt(2), sqrt(2)),
        ("softplus(relu(z))", log(2), inf),
        ("exp(-relu(z))", 0, 1),
        ("tanh(z) / 2", -0.5, 0.5),
        ("2 / tanh(z)", -inf, inf),
        ("z + 1", -inf, inf),
        ("sigmoid(z) * z", -inf, inf),
        ("softmax(z)", 0, 1),
    ],
)
def test_numbers_stay_within_and_come_near_the_ends(y: str, low: float, high: float) -> None:
    scenario = loads(TEXT.format(y=y))
    graph = scenario.graph
    value = graph.by_name["y"].id
    found = reach(graph, value)
    assert found == pytest.approx((low, high))
    weights = graph.by_name["W"].id
    seen = [
        run(graph, {**scenario.leaves, weights: scale * scenario.leaves[weights]}, backward=False).data[value]
        for scale in (0.0, 0.1, 1.0, 10.0, 300.0)
    ]
    numbers = np.concatenate([one.reshape(-1) for one in seen])
    numbers = numbers[np.isfinite(numbers)]
    assert low - SLACK <= numbers.min()
    assert numbers.max() <= high + SLACK
    if np.isfinite([low, high]).all():
        assert numbers.max() - numbers.min() > 0.9 * (high - low)
