"""What PyTorch computes for formulas of every family of operations; written by tests/peers/torch_operations.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from graphs import NetworkBuilder

PEER = json.loads((Path(__file__).parents[1] / "peers/torch_operations.json").read_text(encoding="utf-8"))
FAMILIES: dict[str, dict[str, Any]] = {
    family: {case["formula"]: case for case in cases} for family, cases in PEER["families"].items()
}


def check(family: str, formula: str) -> None:
    """Computes a case here and compares the value, and the gradients of a sum with a weight for each element."""
    case, builder = FAMILIES[family][formula], NetworkBuilder()
    for name, numbers in case["leaves"].items():
        (builder.parameter if name in case["grad"] else builder.input)(name, np.asarray(numbers))
    y = builder.line("y", formula)
    expected = np.asarray(case["y"])
    assert y.shape == expected.shape
    builder.input("weight", np.linspace(0.5, 1.5, expected.size).reshape(expected.shape))
    builder.line("L", "sum(y * weight)")
    net = builder.done()
    # Relative to the largest: where numbers cancel, the last digits depend on the order of adding.
    np.testing.assert_allclose(net.data("y"), expected, rtol=1e-12, atol=1e-13 * max(1.0, abs(expected).max()))
    assert case["grad"]
    for name, numbers in case["grad"].items():
        theirs = np.asarray(numbers)
        bound = 1e-12 * max(1.0, abs(theirs).max())
        np.testing.assert_allclose(net.grad(name), theirs, rtol=1e-11, atol=bound, err_msg=f"gradient of {name}")
