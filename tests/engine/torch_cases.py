"""What PyTorch computes for formulas of every family of operations; written by tests/peers/torch_operations.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from graphs import NetworkBuilder

PEER = json.loads((Path(__file__).parents[1] / "peers/torch_operations.json").read_text(encoding="utf-8"))


def _named(cases: list[Any]) -> dict[str, Any]:
    """Cases by their formula; where it has several, the others are numbered."""
    found: dict[str, Any] = {}
    for case in cases:
        number = sum(other["formula"] == case["formula"] for other in found.values())
        found[case["formula"] + (f", again ({number})" if number else "")] = case
    return found


FAMILIES: dict[str, dict[str, Any]] = {family: _named(cases) for family, cases in PEER["families"].items()}


def _size(expected: Any) -> float:
    """The largest of them that is finite, at least 1."""
    return float(np.abs(expected[np.isfinite(expected)]).max(initial=1.0))


def started(case: Any) -> NetworkBuilder:
    """A network of the leaves and the formula of a case, named y. What PyTorch has no gradient of is an input."""
    builder = NetworkBuilder()
    for name, numbers in case["leaves"].items():
        (builder.parameter if name in case["grad"] else builder.input)(name, np.asarray(numbers))
    builder.line("y", case["formula"])
    return builder


def check(family: str, named: str) -> None:
    """Computes a case here and compares the value, and the gradients of a sum with a weight for each element."""
    case = FAMILIES[family][named]
    builder = started(case)
    y = builder.graph.values[-1]
    expected = np.asarray(case["y"])
    assert y.shape == expected.shape
    builder.input("weight", np.linspace(0.5, 1.5, expected.size).reshape(expected.shape))
    builder.line("L", "sum(y * weight)")
    net = builder.done()
    # Relative to the largest: where numbers cancel, the last digits depend on the order of adding.
    np.testing.assert_allclose(net.data("y"), expected, rtol=1e-12, atol=1e-13 * _size(expected))
    assert case["grad"]
    for name, numbers in case["grad"].items():
        theirs = np.asarray(numbers)
        bound = 1e-12 * _size(theirs)
        np.testing.assert_allclose(net.grad(name), theirs, rtol=1e-11, atol=bound, err_msg=f"gradient of {name}")
