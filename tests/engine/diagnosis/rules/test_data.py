"""Data that does harm, and the same data as it should be."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

NETWORK = """format = 1
batch = ["x", "t"]
[inputs]
x = {x}
t = {t}
[parameters]
W = {{ init = "xavier_normal", shape = [{width}, {columns}], seed = 3 }}
[graph]
{lines}
[training]
lr = 0.001
{training}
"""
RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(24, 3)).round(3)
T = (X @ [[1.0], [-2.0], [0.5]]).round(3)
MSE = 'y = "x @ W.T"\nL = "mse(y, t)"'


def told(
    x: np.ndarray, t: np.ndarray, lines: str = MSE, training: str = "", width: int = 1, steps: int = 1
) -> dict[str, Finding]:  # type: ignore[type-arg]
    text = NETWORK.format(x=x.tolist(), t=t.tolist(), columns=x.shape[1], width=width, lines=lines, training=training)
    history = History(loads(text))
    history.make(steps)
    return {one.kind: one for cause in diagnose(history) for one in (cause, *cause.follows)}


ABOUT = {
    "input_scale", "identical_rows", "one_class_batches", "broadcast_samples", "sum_over_samples", "outlier",
}  # fmt: skip
SORTED = np.repeat([0, 1, 2], 8)
WILD = T.copy()
WILD[5] = 400.0
CASES = [
    (X, T, MSE, "", 1, ""),
    (X * 200, T, MSE, "", 1, "input_scale"),
    (X * [1.0, 1000.0, 0.01], T, MSE, "", 1, "input_scale"),
    (np.tile(X[:2], (12, 1)), T, MSE, "", 1, "identical_rows"),
    (X, SORTED, 'L = "cross_entropy(x @ W.T, t)"', "batch_size = 8", 3, "one_class_batches"),
    (X, SORTED, 'L = "cross_entropy(x @ W.T, t)"', "batch_size = 8\nshuffle = 1", 3, ""),
    (X[np.argsort(T[:, 0])], np.sort(T, axis=0), MSE, "batch_size = 4", 1, "one_class_batches"),
    (X, T, MSE, "batch_size = 4", 1, ""),
    (X, T[:, 0], 'L = "mean((x @ W.T - t) ** 2)"', "", 1, "broadcast_samples"),
    (X, T, 'L = "sum((x @ W.T - t) ** 2)"', "", 1, "sum_over_samples"),
    (X, T, "L = \"mse(x @ W.T, t, reduction='sum')\"", "", 1, "sum_over_samples"),
    (X, T, "L = \"sum(mse(x @ W.T, t, reduction='none')) / 24\"", "", 1, ""),
    (X, SORTED, "L = \"cross_entropy(x @ W.T, t, reduction='sum')\"", "", 3, "sum_over_samples"),
    (X, WILD, MSE, "", 1, "outlier"),
]


@pytest.mark.parametrize(("x", "t", "lines", "training", "width", "kind"), CASES)
def test_data_that_does_harm_is_named(
    x: np.ndarray,
    t: np.ndarray,
    lines: str,
    training: str,
    width: int,
    kind: str,  # type: ignore[type-arg]
) -> None:
    found = set(told(x, t, lines, training, width))
    assert ABOUT & found == ({kind} if kind else set())


def test_the_outlier_is_the_row_it_is() -> None:
    found = told(X, WILD)["outlier"]
    assert found.place.sample == 5
    assert found.go == "sample 5"


def test_a_spike_has_its_iteration() -> None:
    """With a rate that is large for one iteration in a schedule of steps nothing spikes; a batch that is wild does."""
    assert "spike" not in told(X, T, steps=60)
    x, t = np.tile(X, (2, 1)), np.tile(T, (2, 1))
    t[-1] = 3000.0
    found = told(x, t, training="batch_size = 1", steps=48)
    assert found["spike"].place.iteration == 48
