"""What is chosen differently on the two sides of a number, named."""

from __future__ import annotations

import numpy as np
import pytest
from recordings import element, written

from gradstep.engine.ask.differences.nudging import nudge


@pytest.mark.parametrize(
    ("parameters", "lines", "of_", "eps", "says"),
    [
        ("x = 0.001", ["h = relu(x)", "L = h * 2"], "x", 0.01, "ReLU at x switches"),
        ("x = 0.001", ["h = relu(x)", "L = h * 2"], "x", 0.0001, ""),
        ("x = [1.0, 1.001]", ["m = max(x)", "L = m * 2"], "x[0]", 0.01, "max at x"),
        ("x = [1.0, 1.001]", ["m = maximum(x[0], x[1])", "L = m * 2"], "x[0]", 0.01, "maximum at"),
        ("x = 0.5", ["h = where(x > 0.499, x, 0)", "L = h * 2"], "x", 0.01, "greater at"),
        ("x = 0.5", ["L = abs(x - 0.499)"], "x", 0.01, "absolute value at"),
        ("x = [0.5, -3.0]", ["h = relu(x)", "L = sum(h)"], "x[0]", 0.01, ""),
        ("x = 0.5", ["m = x * 2", "L = where(m > 0.999, x, 0)"], "x", 0.01, "greater at m"),
        ("x = [0.3, 0.501]", ["L = sum(maximum(0.5, x))"], "x[1]", 0.01, "maximum at x₂"),
        ("x = 0.5", ["a = stack(x, 1 - x)", "L = sum(maximum(0.5, a))"], "x", 0.01, "maximum at a"),
        ("x = 0.5", ["L = clip(x, low=0.49, high=0.51)"], "x", 0.1, "clip at x"),  # shut on both sides
        ("y = [0.999, 0.2]\nt = [1.0, -1.0]", ["L = hinge(y, t)"], "y[0]", 0.01, "hinge loss at y₁"),
        ("y = [0.2, 0.999]\nt = 1.0", ["L = hinge(y, t)"], "t", 0.01, "hinge loss at y₂"),
        ("y = [0.3, 0.2]\nt = [1.0, -1.0]", ["L = hinge(y, t)"], "t[0]", 0.5, ""),  # bent, and no jump
        ("y = [0.3, 0.2]\nt = [0.3001, -1.0]", ["L = mae(y, t)"], "y[0]", 0.01, "mean absolute error at y₁"),
        ("x = [0.3, -0.001]", ["L = sum(leaky_relu(x))"], "x[1]", 0.01, "leaky ReLU at x₂"),
        ("x = [[[1.0, 1.001], [0.0, 0.5]]]", ["L = sum(max_pool2d(x))"], "x[0,0,0]", 0.01, "max pooling at x[0,0,"),
        ("x = [[[1.0, 1.001], [0.0, 0.5]]]", ["L = sum(max_pool2d(x))"], "x[0,1,0]", 0.01, ""),
    ],
)
def test_a_kink_between_the_two_sides_is_named(
    parameters: str, lines: list[str], of_: str, eps: float, says: str
) -> None:
    rec = written(parameters, *lines)
    found = nudge(rec, element(rec, of_), eps)
    assert says in found.kink
    assert bool(says) == bool(found.kink)


def test_a_kink_is_named_exactly_where_a_gate_turns() -> None:
    rng = np.random.default_rng(1)
    x, W = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
    rec = written(f"x = {x.tolist()}\nW = {W.tolist()}", "z = x @ W.T", "h = relu(z)", "L = sum(h * h)")
    turned = 0
    for row, column in np.ndindex(W.shape):
        sides = []
        for by in (-0.2, 0.2):
            moved = W.copy()
            moved[row, column] += by
            sides.append(x @ moved.T > 0)
        gates = [f"ReLU at z[{i},{j}] switches between the two sides" for i, j in np.argwhere(sides[0] != sides[1])]
        assert nudge(rec, element(rec, f"W[{row},{column}]"), 0.2).kink in (gates or [""])
        turned += bool(gates)
    assert 0 < turned < W.size
