"""Activation functions: against PyTorch, and at their kinks."""

from __future__ import annotations

import numpy as np
import pytest
from operations import slope
from torch_cases import FAMILIES, check

from gradstep.engine.ops import REGISTRY


@pytest.mark.parametrize("formula", FAMILIES["activation"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("activation", formula)


@pytest.mark.parametrize(("x", "expected"), [(0.0, 0.0), (-0.0, 0.0), (5e-324, 1.0), (-5e-324, 0.0), (3.0, 1.0)])
def test_relu_has_slope_0_at_its_kink(x: float, expected: float) -> None:
    assert slope(REGISTRY["relu"](), 0, x) == expected


@pytest.mark.parametrize("x", [-1000.0, -710.0, 710.0, 1000.0, -np.inf, np.inf])
def test_a_saturated_sigmoid_is_a_number(x: float) -> None:
    with np.errstate(all="ignore"):
        y = float(REGISTRY["sigmoid"]().forward([np.asarray(x)]))
    assert y == pytest.approx(0.0 if x < 0 else 1.0, abs=1e-300)
    assert slope(REGISTRY["sigmoid"](), 0, x) == pytest.approx(0.0, abs=1e-300)
