"""Where the loss is going."""

from __future__ import annotations

import numpy as np
import pytest
from training_findings import OVERFIT, seen

from gradstep.engine.files import loads
from gradstep.engine.history.history import History


def test_noise_that_is_learned_by_heart() -> None:
    found = seen(loads(OVERFIT))
    (one,) = found["overfit"]
    assert one.numbers["last"] > 1.1 * one.numbers["best"]
    history = History(loads(OVERFIT))
    history.make(400)
    held = history.summaries.validation.low
    assert one.numbers["iteration"] == int(np.nanargmin(held)) + 1


STEEP = """format = 1
[parameters]
w = [3.0]
[graph]
L = "sum(w * w)"
[training]
lr = {rate}
steps = 40
"""


def test_a_step_that_goes_too_far_and_to_the_other_side() -> None:
    """Of w² a step of η multiplies w by 1 − 2η: at η = 1 the loss stays, beyond it rises."""
    (still,) = seen(loads(STEEP.format(rate=1.0)))["loss"]
    assert "hardly changed" in still.text
    (rising,) = seen(loads(STEEP.format(rate=1.01)))["loss"]
    assert "rose" in rising.text
    assert rising.numbers["last"] / rising.numbers["first"] == pytest.approx(1.02**72, rel=1e-9)  # (1 − 2η)², 36 times
    assert seen(loads(STEEP.format(rate=0.3))) == {}


def test_a_loss_that_goes_up_and_down_in_turns() -> None:
    """Of |w|, but for a corner that is rounded, a step of 1 goes from 0.3 to −0.7 and back."""
    text = STEEP.format(rate=1.0).replace("w * w)", "sqrt(w * w + 0.0001))").replace("3.0", "0.3")
    w, losses = 0.3, []
    for _ in range(40):
        losses.append(np.sqrt(w * w + 1e-4))
        w -= w / losses[-1]
    rose = np.diff(losses) > 0
    (one,) = seen(loads(text))["oscillates"]
    assert one.numbers == {"rises": rose.mean(), "turns": (rose[1:] != rose[:-1]).mean()}
    assert one.numbers["turns"] > 0.9
    assert "oscillates" not in seen(loads(text.replace("lr = 1.0", "lr = 0.001")))


def test_of_a_few_iterations_nothing_is_said_about_the_loss() -> None:
    assert "loss" not in seen(loads(STEEP.format(rate=1.01)), 9)
    assert "loss" in seen(loads(STEEP.format(rate=1.01)), 10)
