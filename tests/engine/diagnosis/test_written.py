"""Losses that are written by hand."""

from __future__ import annotations

import pytest

from gradstep.engine.diagnosis.written import written_loss
from gradstep.engine.files import loads

TEXT = """format = 1
batch = ["t"]
[inputs]
t = [[0.0, 1.0], [1.0, 0.0]]
[parameters]
z = [[0.1, 0.3], [0.2, -0.5]]
[graph]
y = "softmax(z)"
L = "{loss}"
"""


@pytest.mark.parametrize(
    ("loss", "name", "outputs", "sign", "mean"),
    [
        ("mean((z - t) ** 2)", "mse", "z", 1, True),
        ("mean((t - z) * (t - z))", "mse", "z", 1, True),
        ("sum((z - t) ** 2)", "mse", "z", 1, False),
        ("0.5 * mean((z - t) ** 2)", "mse", "z", 1, False),
        ("-mean((z - t) ** 2)", "mse", "z", -1, False),
        ("mean(abs(t - z))", "mae", "z", 1, True),
        ("-mean(sum(t * log(y + 1e-7), axis=1))", "nll", "y", 1, True),
        ("mean(sum(t * log(y), axis=1))", "nll", "y", -1, True),
        ("mean(-sum(t * log(y), axis=1))", "nll", "y", 1, True),
        ("-mean(log(sum(y * t, axis=1)))", "nll", "y", 1, True),
        ("-mean(sum(t * log_softmax(z), axis=1))", "cross_entropy", "z", 1, True),
        ("mean(sum(t * (log(t) - log(y)), axis=1))", "kl_div", "y", 1, True),
        ("mean(sum(t * log(t / y), axis=1))", "kl_div", "y", 1, True),
        ("-mean(sum(t * log(y / t), axis=1))", "kl_div", "y", 1, True),
        ("mean(sum(t * (log(y) - log(t)), axis=1))", "kl_div", "y", -1, True),
        ("mean(sum(t * (log(t) - log_softmax(z)), axis=1))", "kl_div", "z", 1, True),
        ("kl_div(log_softmax(z), t)", "kl_div", "z", 1, False),
        ("kl_div(y, t)", "kl_div", "y", 1, False),
        ("-mean(t * log(y) + (1 - t) * log(1 - y))", "bce", "y", 1, True),
        ("mean(t * log(y) + (1 - t) * log(1 - y))", "bce", "y", -1, True),
        ("-mean(t * log(clip(y, 1e-7, 1)) + (1 - t) * log(1 - y + 1e-7))", "bce", "y", 1, True),
    ],
)
def test_it_is_known(loss: str, name: str, outputs: str, sign: int, mean: bool) -> None:
    graph = loads(TEXT.format(loss=loss)).graph
    found = written_loss(graph)
    assert found is not None
    assert (found.name, graph.values[found.outputs].name, graph.values[found.targets].name) == (name, outputs, "t")
    assert (found.sign, found.mean) == (sign, mean)


@pytest.mark.parametrize(
    "loss",
    [
        "mse(z, t)",
        "mean(z * t)",
        "sum(z)",
        "mean((z - y) ** 2)",
        "mean((z - t) ** 4)",
        "mean(sum(y * (log(y) - log(t)), axis=1))",
        "mean(t * (log(z) - log(y)))",
    ],
)
def test_it_is_another(loss: str) -> None:
    assert written_loss(loads(TEXT.format(loss=loss)).graph) is None
