"""Normalisation, and the layers made of it: against PyTorch."""

from __future__ import annotations

import pytest
from torch_cases import FAMILIES, check


@pytest.mark.parametrize("formula", FAMILIES["normalisation"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("normalisation", formula)
