"""Choosing: against PyTorch, and where two are equal."""

from __future__ import annotations

import numpy as np
import pytest
from operations import slope
from torch_cases import FAMILIES, check

from gradstep.engine.ops import REGISTRY


@pytest.mark.parametrize("formula", FAMILIES["choice"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("choice", formula)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
@pytest.mark.parametrize("both", [2.0, 0.0, np.inf, -np.inf])
def test_of_two_equal_ones_each_gets_half(name: str, both: float) -> None:
    assert [slope(REGISTRY[name](), k, both, both) for k in (0, 1)] == [0.5, 0.5]


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_a_nan_wins_and_both_get_the_gradient(name: str) -> None:
    op = REGISTRY[name]()
    for a, b in ((np.nan, 1.0), (1.0, np.nan), (np.nan, np.inf), (np.nan, np.nan)):
        assert np.isnan(op.forward([np.asarray(a), np.asarray(b)]))
        assert (slope(op, 0, a, b), slope(op, 1, a, b)) == (1.0, 1.0)
