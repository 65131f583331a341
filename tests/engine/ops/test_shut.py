"""What is not finite does not come through a gate that is shut, as PyTorch masks it; where it multiplies, it does."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from recordings import element

from gradstep.engine.explain.hops import hops
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record

torch = pytest.importorskip("torch")
F = torch.nn.functional

X = [-2.0, -0.0, 0.0, 0.25, 1.0, 9.0, -9.0, -inf, inf]
UP = [1.0, nan, inf, -inf, 0.0, -2.0]
Y = [9.0, -9.0, 0.25, 0.0, 1.0]

CASES: dict[str, Callable[..., Any]] = {
    "relu(x)": F.relu,
    "relu6(x)": F.relu6,
    "hard_tanh(x)": F.hardtanh,
    "hardsigmoid(x)": F.hardsigmoid,
    "hardshrink(x)": F.hardshrink,
    "softshrink(x)": F.softshrink,
    "threshold(x, threshold=0.5, value=2.0)": lambda x, y: F.threshold(x, 0.5, 2.0),
    "clip(x, min=-1.0, max=2.0)": lambda x, y: x.clamp(-1, 2),
    "maximum(x, y)": torch.maximum,
    "minimum(x, y)": torch.minimum,
    "fmax(x, y)": torch.fmax,
    "fmin(x, y)": torch.fmin,
    "where(x > y, x, y)": lambda x, y: torch.where(x > y, x, y),
    "tril(reshape(x, (27, 10)))": lambda x, y: x.reshape(27, 10).tril(),
    "triu(reshape(x, (27, 10)))": lambda x, y: x.reshape(27, 10).triu(),
    "nan_to_num(x)": torch.nan_to_num,
}
_ONE = {"relu(x)", "relu6(x)", "hard_tanh(x)", "hardsigmoid(x)", "hardshrink(x)", "softshrink(x)", "nan_to_num(x)"}


@pytest.mark.parametrize("formula", CASES)
def test_gradients_that_are_not_finite_are_those_of_pytorch(formula: str) -> None:
    x, up, y = (np.array(a).reshape(-1) for a in np.meshgrid(X, UP, Y, indexing="ij"))
    tx, ty = (torch.tensor(a, requires_grad=True) for a in (x, y))
    out = CASES[formula](tx) if formula in _ONE else CASES[formula](tx, ty)
    out.backward(torch.tensor(up).reshape(out.shape))
    table = "\n".join(f"{name} = {_written(a)}" for name, a in (("x", x), ("y", y)))
    wide = f"reshape(up, {tuple(out.shape)})"
    lines = f'f = "{formula}"\nL = "sum(f * {wide})"'
    given = f"[inputs]\nup = {_written(up)}\n[parameters]\n{table}"
    run = record(loads(f"format = 1\n{given}\n[graph]\n{lines}"))
    for name, tensor in (("x", tx), ("y", ty)):
        found = run.trace.gradient(run.graph.by_name[name].id)
        np.testing.assert_allclose(found, np.zeros_like(x) if tensor.grad is None else tensor.grad.numpy(), atol=1e-300)


def _written(numbers: Any) -> str:
    return str([float(number) for number in numbers]).replace("np.float64", "")


def test_the_terms_of_a_gradient_say_so() -> None:
    """What arrives is NaN, the gate is shut, and what comes through is 0: the sum of the terms is the gradient."""
    run = record(loads('format = 1\n[parameters]\nx = [-1.0]\n[inputs]\nup = [nan]\n[graph]\nL = "sum(relu(x) * up)"'))
    _, (hop,) = hops(run, element(run, "x[0]"))
    assert (hop.local, hop.contribution) == (0.0, 0.0)
    assert run.trace.gradient(run.graph.by_name["x"].id).tolist() == [0.0]
