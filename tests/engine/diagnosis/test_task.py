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


def test_a_sample_is_in_the_batch_that_has_it() -> None:
    """By NumPy: the generator that draws the batches, asked again."""
    found = task(X, more="batch_size = 10\nshuffle = 4")
    order = np.random.Generator(np.random.PCG64([4, 0])).permutation(40)
    at = int(np.flatnonzero(order == 17)[0])
    assert found.found(17, 4) == (at // 10 + 1, at % 10)
    assert found.found(17, at // 10) is None, "not in the batches before"
    assert task(X).found(17, 1) == (1, 17)


def test_of_what_is_held_back_one_answer_is_its_own() -> None:
    t = np.where(np.arange(40)[:, None] % 4 == 3, 5.0, X)
    found = task(t, more="validation = 0.25")
    assert found.held_constant == pytest.approx(0.0)  # each fourth is held back, and all of those are 5
    assert found.constant == pytest.approx(float(np.delete(X, np.arange(3, 40, 4)).var()))
    assert task(X).held_constant == task(X).constant
