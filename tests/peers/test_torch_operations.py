"""The numbers in torch_operations.json are those that PyTorch computes, and they hold in single precision as well."""

from __future__ import annotations

import importlib
import json
import math
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from graphs import NetworkBuilder

WRITTEN = json.loads(Path(__file__).with_name("torch_operations.json").read_text(encoding="utf-8"))
FAMILIES = sorted(WRITTEN["families"])
#: Where PyTorch 2.13 says two things: gelu at ∞ is ∞ in an array of three float32 numbers, and NaN in one of seven.
OWN = [("gelu(X)", math.inf)]


@pytest.fixture(scope="module")
def peer() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("torch_operations")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_written_is_what_pytorch_computes(family: str, peer: ModuleType) -> None:
    now = [peer.computed(*case) for case in peer.CASES[family]]
    assert [case["formula"] for case in now] == [case["formula"] for case in WRITTEN["families"][family]]
    for ours, theirs in zip(now, WRITTEN["families"][family], strict=True):
        for one, other in ((ours["y"], theirs["y"]), *((ours["grad"][k], theirs["grad"][k]) for k in theirs["grad"])):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES)
def test_single_precision(family: str, peer: ModuleType) -> None:
    for formula, of, leaves in peer.CASES[family]:
        leaves = {k: _without(formula, v) for k, v in leaves.items()}
        # A file in float32 holds no float64: what is cast back to the file's type there is cast back to float32.
        formula = formula.replace("'float64'", "'float32'")
        theirs = peer.computed(formula, of, leaves, peer.torch.float32)
        builder = NetworkBuilder(np.float32)
        for name, numbers in leaves.items():
            (builder.parameter if name.isupper() else builder.input)(name, np.asarray(numbers, dtype=np.float32))
        y = builder.line("y", formula)
        builder.input("weight", np.linspace(0.5, 1.5, y.size).reshape(y.shape))
        builder.line("L", "sum(y * weight)")
        net = builder.done()
        for name, expected in (("y", theirs["y"]), *theirs["grad"].items()):
            found, there = net.data("y") if name == "y" else net.grad(name), np.asarray(expected)
            size = max(1.0, float(np.abs(there[np.isfinite(there)]).max(initial=0)))
            np.testing.assert_allclose(found, there, rtol=2e-4, atol=2e-4 * size, err_msg=f"{formula}: {name}")


def _without(formula: str, numbers: Any) -> Any:
    """The numbers of a leaf without those for which PyTorch says two things."""
    return [x for x in numbers if (formula, x) not in OWN] if isinstance(numbers, list) and numbers else numbers
