"""What rules see in whole trainings, for the tests of each of them."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.files import find
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario


def seen(scenario: Scenario | str, steps: int | None = None) -> dict[str, Sequence[Finding]]:
    history = History(find(scenario) if isinstance(scenario, str) else scenario)
    history.make(steps or history.scenario.training.steps)
    found = [one for cause in diagnose(history) for one in (cause, *cause.follows)]
    assert all(one.source for one in found)
    return {kind: [one for one in found if one.kind == kind] for kind in {one.kind for one in found}}


def whole(name: str, steps: int) -> list[Recording]:
    """All iterations of a built-in training."""
    history = History(find(name))
    return [history.recording(1), *(b.recording(k) for b in history.onward(steps) for k in range(b.first, b.last + 1))]


OVERFIT = """format = 1
batch = ["x", "t"]
[inputs]
x = { init = "normal(0, 1)", shape = [16, 12], seed = 1 }
t = { init = "normal(0, 1)", shape = [16, 1], seed = 2 }
[parameters]
W1 = { init = "he_normal", shape = [24, 12], seed = 3 }
W2 = { init = "he_normal", shape = [1, 24], seed = 4 }
[graph]
h = "tanh(x @ W1.T)"
L = "mse(h @ W2.T, t)"
[training]
optimizer = "adam"
lr = 0.01
validation = 0.25
steps = 400
"""
