"""Advice on forms that no formula has: it is a formula itself, and means what was written."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record

LEAVES = """
format = 1
batch = ["x"]
[inputs]
x = [[0.5, -0.8], [1.0, 2.0], [3.0, 4.0]]
[parameters]
W = [[0.4, 0.3], [-0.2, 0.5]]
V = [[0.4, 0.3, 0.1], [-0.2, 0.5, 0.7]]
U = [[0.4, 0.3], [-0.2, 0.5], [0.2, 0.1]]
[graph]
"""
X = np.array([[0.5, -0.8], [1.0, 2.0], [3.0, 4.0]])
W = np.array([[0.4, 0.3], [-0.2, 0.5]])
U = np.array([[0.4, 0.3], [-0.2, 0.5], [0.2, 0.1]])


def advice(formula: str) -> str:
    """What to write instead, as the error says."""
    with pytest.raises(ScenarioError) as raised:
        loads(f'{LEAVES}h = "{formula}"\nL = "sum(h)"')
    found = re.search(r"; write (.*?)(?: for a power)?$", str(raised.value))
    assert found is not None, str(raised.value)
    return found[1]


@pytest.mark.parametrize(
    ("formula", "written", "value"),
    [
        ("W @ x", "x @ W.T", X @ W.T),
        ("W @ x + 1", "x @ W.T", X @ W.T),
        ("x @ U", "x @ U.T", X @ U.T),
        ("U @ x", "x @ U.T", X @ U.T),
        ("x[0] @ U", "U @ x[0]", U @ X[0]),
        ("torch.relu(x)", "relu(x)", np.maximum(X, 0)),
        ("torch.nn.functional.silu(x)", "silu(x)", X / (1 + np.exp(-X))),
        ("np.maximum(x, 1)", "maximum(x, 1)", np.maximum(X, 1)),
        ("x.sum(dim=1)", "sum(x, dim=1)", X.sum(axis=1)),
        ("(x * 2).abs()", "abs(x * 2)", np.abs(X * 2)),
        ("x^2", "x ** 2", X**2),
        ("x if x > 0 else -x", "where(x > 0, x, -x)", np.abs(X)),
        ("x > 1 and x < 2", "(x > 1) * (x < 2)", (X > 1) * (X < 2) * 1.0),
        ("x > 1 or x < 0", "maximum(x > 1, x < 0)", ((X > 1) | (X < 0)) * 1.0),
        ("(x > 1) & (x < 2)", "(x > 1) * (x < 2)", (X > 1) * (X < 2) * 1.0),
        ("~(x > 1)", "where(x > 1, 0, 1)", (X <= 1) * 1.0),
        ("not x > 1", "where(x > 1, 0, 1)", (X <= 1) * 1.0),
    ],
)
def test_what_is_advised_means_what_was_written(formula: str, written: str, value: np.ndarray) -> None:
    assert advice(formula) == written
    recording = record(loads(f'{LEAVES}h = "{written}"\nL = "sum(h * W[0,0])"'))
    found = recording.trace.data[recording.graph.by_name["h"].id]
    assert np.allclose(found, value)


@pytest.mark.parametrize(
    "formula", ["V @ x + V", "x.backward()", "torch.compile(x)", "x.shape", "lambda: x", "x and W"]
)
def test_where_nothing_is_meant_nothing_is_advised(formula: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        loads(f'{LEAVES}h = "{formula}"\nL = "sum(h)"')
    assert "; write" not in str(raised.value)
