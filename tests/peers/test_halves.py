"""Every operation on numbers of float16 and bfloat16: of the type that PyTorch's result has, and near its numbers."""

from __future__ import annotations

import importlib
import re
import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from graphs import NetworkBuilder

HALVES = {"bfloat16": 4e-2, "float16": 6e-3}
#: Of which the numbers are others, and why.
APART = {
    "gelu": "PyTorch says two things of it at ∞",
    "copysign": "a cast of PyTorch's to bfloat16 loses the sign of NaN",
    "group_norm": "the gradient is nearly 0, and PyTorch's is what its own sums in a half leave over",
    "grid_sample": "places half-way between two pixels, which a half moves to one of them",
    "logcumsumexp": "differences of numbers as large as a half can tell apart",
    "logit": "at the edge of eps, which a half moves to one side",
    "bce": "PyTorch's least difference of a chance from 0 and 1 is 0 in float16",
    "normalize": "inf and NaN take turns where the length is 0",
}
#: Where the case of PyTorch itself makes the result a number of its type.
MADE_NUMBERS = ("isnan", "isinf", "isfinite")
#: Composites of PyTorch, each of whose parts is rounded: bit for bit.
EXACT = [
    "bilinear",
    "cosine_embedding",
    "cross",
    "cumulative_trapezoid",
    "gaussian_nll",
    "gru",
    "gru_cell",
    "hinge_embedding",
    "layer_norm",
    "lstm_cell",
    "margin_ranking",
    "normalize",
    "pairwise_distance",
    "poisson_nll",
    "rms_norm",
    "rnn",
    "rnn_cell",
    "triplet_margin",
]


@pytest.fixture(scope="module")
def peer() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("torch_operations")


@pytest.mark.filterwarnings("ignore:ComplexHalf")  # by which a case of PyTorch says what it computes
@pytest.mark.parametrize("kind", HALVES)
def test_results_and_gradients_in_halves(kind: str, peer: ModuleType) -> None:
    seen, exact = 0, set[str]()
    for formula, of, leaves in (case for cases in peer.CASES.values() for case in cases):
        word = formula.partition("(")[0]
        if "cast(" in formula or "running_mean" in formula:  # these have types of their own
            continue
        theirs = _pytorchs(peer.torch, of, leaves, kind)
        if theirs is None:
            continue
        seen += 1
        builder = NetworkBuilder(np.float32)
        for name, numbers in leaves.items():
            (builder.parameter if name.isupper() else builder.input)(name, np.asarray(numbers, np.float32))
            builder.line(f"half_{name}", f"cast({name}, '{kind}')")
        y = builder.line("y", re.sub(rf"\b({'|'.join(leaves)})\b(?!\(|\s*=[^=])", r"half_\1", formula))
        builder.input("weight", np.linspace(0.5, 1.5, y.size, dtype=np.float32).reshape(y.shape))
        builder.line("L", "sum(y * weight)")
        net = builder.done()
        if word not in MADE_NUMBERS:
            assert (net.graph.by_name["y"].kind or "float32") == theirs.pop("type"), formula
        theirs.pop("type", None)
        if word in EXACT:
            exact.add(word)
            np.testing.assert_array_equal(net.data("y"), theirs["y"], err_msg=formula)
        for name, there in theirs.items() if word not in APART else ():
            found = net.data("y") if name == "y" else net.grad(name)
            size = max(1.0, float(np.abs(there[np.isfinite(there)]).max(initial=0)))
            near = HALVES[kind]
            np.testing.assert_allclose(found, there, rtol=near, atol=near * size, err_msg=f"{formula}: {name}")
    assert seen > 800
    assert exact == set(EXACT)


def _pytorchs(torch: Any, of: Any, leaves: dict[str, Any], kind: str) -> dict[str, Any] | None:
    """The result and the gradients of the leaves, and of which type the result is; None where PyTorch refuses."""
    tensors = {k: torch.tensor(v, dtype=torch.float32, requires_grad=k.isupper()) for k, v in leaves.items()}
    try:
        y = of(*(tensor.to(getattr(torch, kind)) for tensor in tensors.values()))
        (y * torch.linspace(0.5, 1.5, y.numel()).reshape(y.shape)).sum().backward()
    except (RuntimeError, NotImplementedError):
        return None
    trained = {k: tensor for k, tensor in tensors.items() if k.isupper()}
    gradients = {k: torch.zeros_like(t) if t.grad is None else t.grad for k, t in trained.items()}
    numbers = {k: t.detach().double().numpy() for k, t in {"y": y, **gradients}.items()}
    return {"type": str(y.dtype).removeprefix("torch."), **numbers}
