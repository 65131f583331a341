"""Grids of places: against PyTorch."""

from __future__ import annotations

import pytest
from torch_cases import FAMILIES, check


@pytest.mark.parametrize("formula", FAMILIES["grids"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("grids", formula)
