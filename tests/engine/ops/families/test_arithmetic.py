"""What is written with signs: against PyTorch, and the conventions of powers."""

from __future__ import annotations

import numpy as np
import pytest
from operations import slope
from torch_cases import FAMILIES, check

from gradstep.engine.ops import REGISTRY


@pytest.mark.parametrize("formula", FAMILIES["arithmetic"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("arithmetic", formula)


@pytest.mark.parametrize("x", [0.0, -0.0, 2.0, -2.0, 1e300, np.inf, -np.inf, np.nan])
def test_the_power_0_is_1_everywhere_and_flat(x: float) -> None:
    assert float(REGISTRY["power"]().forward([np.asarray(x), np.asarray(0.0)])) == 1.0
    assert slope(REGISTRY["power"](), 0, x, 0.0) == 0.0


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [(3.0, 2.0, 6.0), (-3.0, 2.0, -6.0), (0.0, 2.0, 0.0), (0.0, 1.0, 1.0), (0.0, 3.0, 0.0), (-2.0, 3.0, 12.0),
     (4.0, 0.5, 0.25), (0.0, 0.5, np.inf), (2.0, -1.0, -0.25), (1.0, 0.0, 0.0)],
)  # fmt: skip
def test_slopes_of_a_power_in_its_base(a: float, b: float, expected: float) -> None:
    assert slope(REGISTRY["power"](), 0, a, b) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"), [(1.0, 3.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 0.0), (np.e, 0.0, 1.0), (np.e, 1.0, np.e)]
)
def test_slopes_of_a_power_in_its_exponent(a: float, b: float, expected: float) -> None:
    assert slope(REGISTRY["power"](), 1, a, b) == pytest.approx(expected, rel=1e-15)
