"""Gradients that are left over, and parameters that stay."""

from __future__ import annotations

import numpy as np
import pytest
from training_findings import OVERFIT, seen

from gradstep.engine.files import find, loads
from gradstep.engine.history.history import History


def test_gradients_that_are_not_zeroed() -> None:
    found = seen("forgot-zero-grad")
    (one,) = found["accumulates"]
    assert one.hint == "zero_grad = true"
    assert "rose" in found["loss"][0].text
    history = History(find("forgot-zero-grad"))
    history.make(history.scenario.training.steps)
    total: dict[str, np.ndarray] = {}
    for k in range(1, history.made + 1):
        recording = history.recording(k)
        for parameter in recording.graph.parameters:
            grad = recording.trace.grad[parameter.id]
            assert grad is not None
            total[parameter.name] = total.get(parameter.name, 0) + grad
    taken = np.sqrt(sum(float((g**2).sum()) for g in total.values()))
    assert one.numbers["taken"] == pytest.approx(taken, rel=1e-9)


def test_parameters_that_do_not_change_and_losses_that_stay() -> None:
    still = loads(OVERFIT.replace("lr = 0.01", "lr = 0.0").replace("steps = 400", "steps = 30"))
    found = seen(still)
    assert {one.at for one in found["unchanged"]} == {"W1", "W2"}
    assert "hardly changed" in found["loss"][0].text
