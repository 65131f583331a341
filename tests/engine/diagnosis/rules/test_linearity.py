"""Weighted sums with nothing between them."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Finding, Severity
from gradstep.engine.files import loads
from gradstep.engine.history.history import History

TEXT = """format = 1
batch = ["x", "t"]
[inputs]
x = {x}
t = {t}
[parameters]
W1 = {{ init = "xavier_normal", shape = [6, 1], seed = 1 }}
W2 = {{ init = "xavier_normal", shape = [1, 6], seed = 2 }}
[graph]
h = "{between}"
L = "mse(h @ W2.T, t)"
[training]
optimizer = "adam"
lr = 0.05
steps = 200
"""
X = np.linspace(-1, 1, 60)[:, None]


def told(t: np.ndarray, between: str) -> Finding | None:
    history = History(loads(TEXT.format(x=X.tolist(), t=t.tolist(), between=between)))
    history.make(200)
    found = [one for cause in diagnose(history) for one in (cause, *cause.follows)]
    return next((one for one in found if one.kind == "linear_layers"), None)


@pytest.mark.parametrize(("t", "severity"), [(np.sin(3 * X), Severity.WARNING), (2 * X, Severity.INFORMATION)])
def test_it_is_a_fault_only_where_a_plane_is_not_enough(t: np.ndarray, severity: Severity) -> None:
    found = told(t, "x @ W1.T")
    assert found is not None
    assert found.severity is severity


def test_an_activation_between_them_is_enough() -> None:
    assert told(np.sin(3 * X), "tanh(x @ W1.T)") is None
