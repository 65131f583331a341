"""What there is to learn, from what."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.task import Task
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record

TEXT = """format = 1
batch = ["x", "t"]
[inputs]
x = {x}
t = {t}
[parameters]
W = [[0.1]]
[graph]
y = "x @ W.T"
L = "{loss}"
[training]
lr = 0.1
steps = 3
{more}
"""
X = np.linspace(-1, 1, 40)[:, None]


def task(t: np.ndarray, loss: str = "mse(y, t)", x: np.ndarray = X, more: str = "") -> Task:
    return Task(record(loads(TEXT.format(x=x.tolist(), t=t.tolist(), loss=loss, more=more))))


def test_a_line_is_told_by_a_plane_and_a_wave_bends() -> None:
    line, wave = task(2 * X + 1), task(np.sin(6 * X))
    assert line.plane == pytest.approx(1)
    assert line.constant == pytest.approx(float((2 * X).var()))
    assert wave.bends > 0.3
    assert wave.explained > 0.9


def test_of_batches_all_samples_count() -> None:
    found = task(X, "half_squared_error(y, t)", more="batch_size = 10")
    assert (found.samples, found.targets.shape) == (40, (40, 1))
    assert found.constant == pytest.approx(float((X**2).sum()) / 2 * 10 / 40)


def test_few_samples_that_differ_can_be_known_by_heart() -> None:
    assert task(X[:5], x=X[:5]).few
    assert not task(X[:5], x=np.ones((5, 1))).few
    assert not task(X).few
