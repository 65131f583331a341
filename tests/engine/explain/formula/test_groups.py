"""Rules of what is made of a group: what is normalised together, chosen from, or under a window."""

from __future__ import annotations

import pytest
from graphs import network, recorded

from gradstep.engine.explain import formula
from gradstep.engine.explain.formula import equation_text

X = [[1.0, -2.0, 0.5, 3.0], [0.25, 3.0, -1.0, 2.0]]
IMAGE = [[[1.0, 2.0, 3.0, 0.0], [0.0, 1.0, -1.0, 4.0], [2.0, 0.5, 1.0, 1.0]]]


@pytest.mark.parametrize(
    ("text", "flat", "right", "numbers"),
    [
        ("softmax(x)", 5, "exp(x[1,1]) / Σᵢ exp(x[1,i])", ""),
        ("softmax(x, axis=0)", 5, "exp(x[1,1]) / Σᵢ exp(x[i,1])", ""),
        ("log_softmax(x)", 0, "x[0,0] − ln Σᵢ exp(x[0,i])", ""),
        ("standardize(x)", 2, "(x[0,2] − meanᵢ x[0,i]) / √(varᵢ x[0,i] + 1e-5)", ""),
        ("standardize(x, axis=(0, 1), eps=0.5)", 2, "(x[0,2] − meanᵢⱼ x[i,j]) / √(varᵢⱼ x[i,j] + 0.5)", ""),
        ("rms_normalize(x, eps=1e-6)", 7, "x[1,3] / √(meanᵢ x[1,i]² + 1e-6)", ""),
        ("max(x)", 0, "maxᵢⱼ x[i,j]", ""),
        ("max(x, axis=0)", 1, "max(x[0,1], x[1,1])", "max((−2.0000), 3.0000)"),
        ("min(x[:, 1:2], axis=1)", 1, "y:index[1,0]", "3.0000"),
        ("max_pool2d(c)", 1, "maxᵢⱼ c[0,i,j] (i = 0…1, j = 2…3)", ""),
        ("max_pool2d(c, 3, 2, 1)", 0, "maxᵢⱼ c[0,i,j] (i, j = 0…1)", ""),
        ("max_pool2d(c, 3, 2, 1)", 3, "maxᵢⱼ c[0,i,j] (i = 1…2, j = 1…3)", ""),
        ("avg_pool2d(c)", 0, "Σᵢⱼ c[0,i,j]/4 (i, j = 0…1)", ""),
        ("avg_pool2d(c, 2, 2, 1)", 0, "c[0,0,0]/4", "1.0000/4"),
        ("avg_pool2d(c, 2, 2, 1)", 1, "c[0,0,1]/4 + c[0,0,2]/4", "2.0000/4 + 3.0000/4"),
    ],
)
def test_a_group_is_written_with_letters_or_written_out(text: str, flat: int, right: str, numbers: str) -> None:
    recording = recorded(network({}, {"x": X, "c": IMAGE}, {"y": text, "L": "sum(y)"}))
    found = formula.forward(recording, recording.graph.nodes[recording.graph.by_name["y"].node], flat)
    assert (found.right, equation_text(found.numbers, 4)) == (right, numbers)
