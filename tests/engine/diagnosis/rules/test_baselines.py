"""What one answer for all samples would have, worked out by hand."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from endings import BITS, ONES, kinds

from gradstep.engine.diagnosis.head import best_constant, find_head
from gradstep.engine.files import loads

NETWORK = """format = 1
[inputs]
t = {targets}
[parameters]
z = {outputs}
[graph]
L = "{loss}"
"""


@pytest.mark.parametrize(
    ("loss", "targets", "outputs", "best"),
    [
        ("cross_entropy(z, t)", [0, 1, 2, 3], [[0.0] * 4] * 4, log(4)),
        ("cross_entropy(z, t)", [0, 0, 0, 1], [[0.0] * 2] * 4, -(0.75 * log(0.75) + 0.25 * log(0.25))),
        ("bce_with_logits(z, t)", [0.0, 1.0, 1.0, 1.0], [0.0] * 4, -(0.75 * log(0.75) + 0.25 * log(0.25))),
        ("mse(z, t)", [1.0, 2.0, 6.0], [0.0] * 3, 14 / 3),
        ("mae(z, t)", [1.0, 2.0, 6.0], [0.0] * 3, 5 / 3),
    ],
)
def test_the_best_constant(loss: str, targets: list[float], outputs: object, best: float) -> None:
    scenario = loads(NETWORK.format(targets=targets, outputs=outputs, loss=loss))
    head = find_head(scenario.graph)
    assert head is not None
    width = (scenario.graph.values[head.outputs].shape or (1,))[-1]
    found = best_constant(head, np.asarray(targets, dtype=float), width)
    assert found is not None
    assert found[0] == pytest.approx(best, rel=1e-12)


def test_a_network_that_cannot_use_its_inputs_is_no_better_than_one_answer() -> None:
    found = kinds(["y = z * 0 + b", "L = mse(y, t)"], [[1.0], [2.0], [6.0], [3.0]], steps=60)
    assert found["no_better_than_constant"].numbers["constant"] == pytest.approx(3.5)
    assert {"no_better_than_constant", "same_predictions"} <= set(found)
    line = [[0.5], [-1.0], [0.3], [2.0], [0.1], [0.7], [-0.2], [0.4]]
    assert "no_better_than_constant" not in kinds(["L = mse(z, t)"], line, steps=60)


def test_a_loss_with_the_wrong_sign() -> None:
    assert "unbounded_loss" in kinds(["L = -bce_with_logits(z, t)"], BITS)
    assert "unbounded_loss" in kinds(["L = bce_with_logits(z, t)"], [[0.0], [9.0]] * 4, steps=60)
    assert "unbounded_loss" not in kinds(["L = cross_entropy(z, t)"], ONES, 3, steps=60)
