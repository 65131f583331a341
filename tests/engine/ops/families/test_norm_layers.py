"""Layers that normalise: against PyTorch."""

from __future__ import annotations

import pytest
from torch_cases import FAMILIES, check


@pytest.mark.parametrize("formula", FAMILIES["norm_layers"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("norm_layers", formula)
