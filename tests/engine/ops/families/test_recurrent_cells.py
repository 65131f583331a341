"""One time step of recurrent networks: against PyTorch."""

from __future__ import annotations

import pytest
from torch_cases import FAMILIES, check


@pytest.mark.parametrize("formula", FAMILIES["recurrent_cells"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("recurrent_cells", formula)
