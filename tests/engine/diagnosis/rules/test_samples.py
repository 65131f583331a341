"""What one sample does to all."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

TEXT = """format = 1
batch = ["x", "t"]
[inputs]
x = {x}
t = {t}
[parameters]
W = {{ init = "xavier_normal", shape = [{width}, 2], seed = 1 }}
[graph]
y = "x @ W.T"
L = "{loss}"
[training]
optimizer = "adam"
lr = 0.1
steps = {steps}
"""
RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 2))
T = X @ np.array([[1.0], [-1.0]]) + 0.1 * RNG.normal(size=(40, 1))


def told(x: np.ndarray, t: np.ndarray, loss: str = "mse(y, t)", width: int = 1, steps: int = 60) -> list[Finding]:
    history = History(loads(TEXT.format(x=x.tolist(), t=t.tolist(), loss=loss, width=width, steps=steps)))
    history.make(steps)
    found = [one for cause in diagnose(history) for one in (cause, *cause.follows)]
    return [one for one in found if one.kind == "outlier"]


def test_a_target_far_off_is_named_with_its_row_and_its_share() -> None:
    t = T.copy()
    t[17] = 90.0
    (one,) = told(X, t)
    away = (t[:, 0] - t.mean()) ** 2
    assert one.place.sample == 17
    assert one.numbers["share"] == pytest.approx(away[17] / away.sum())


def test_an_input_far_off_is_named_with_its_row() -> None:
    x = X.copy()
    x[3, 1] = -999.0
    assert [one.place.sample for one in told(x, T)] == [3]


def test_a_wrong_label_is_named() -> None:
    x = np.concatenate([X[:20] * 0.2 + 1, X[20:] * 0.2 - 1])
    labels = (np.arange(40) < 20).astype(float)
    assert not told(x, labels, "cross_entropy(y, t)", 2)
    labels[8] = 0.0
    (one,) = told(x, labels, "cross_entropy(y, t)", 2)
    assert one.place.sample == 8


def test_nothing_is_said_of_what_is_drawn_from_one_distribution() -> None:
    assert not told(X, T)
    assert not told(np.where(abs(X) > 1, X, 0.0), T), "most are 0"
