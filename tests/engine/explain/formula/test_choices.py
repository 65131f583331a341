"""Rules of what numbers choose; test_rules computes those of all operations as they are printed."""

from __future__ import annotations

import pytest
from graphs import network, recorded

from gradstep.engine.explain import formula


def rule(text: str) -> str:
    net = network({"k": [0.0, 2.0, 0.0]}, {"X": [1.0, 2.0, 3.0], "S": [0.5, -1.5, 2.5]}, {"y": text, "L": "sum(y * X)"})
    recording = recorded(net)
    return formula.forward(recording, net.graph.nodes[net.value("y").node], 0).right


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scatter_reduce(X, 0, k, S, 'prod')", "X₁ × S₁ × S₃"),
        ("scatter_reduce(X, 0, k, S, 'mean')", "(X₁ + S₁ + S₃) / 3"),
        ("scatter_reduce(X, 0, k, S, 'amax', include_self=False)", "max(S₁, S₃)"),
        ("scatter_reduce(X, 0, k * 0 + 1, S, 'sum')", "X₁"),
        ("scatter_add(X, 0, k, S)", "X₁ + S₁ + S₃"),
        ("scatter(X, 0, k, S)", "S₃"),
        ("argsort(S)", "place of S₂"),
        ("argmax(X, 0, True)", "place of X₃"),
    ],
)
def test_what_is_chosen_or_put_together_is_named(text: str, expected: str) -> None:
    assert rule(text) == expected
