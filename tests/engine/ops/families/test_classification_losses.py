"""Losses of classes: against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import network
from torch_cases import FAMILIES, check


@pytest.mark.parametrize("formula", FAMILIES["classification_losses"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("classification_losses", formula)


@pytest.mark.parametrize("target", ["k", "X"])
def test_the_mean_over_no_rows_is_no_number(target: str) -> None:
    """As torch.nn.functional.cross_entropy of no rows."""
    net = network({"k": np.zeros(0)}, {"X": np.zeros((0, 3))}, {"L": f"cross_entropy(X, {target})"})
    assert np.isnan(net.trace.loss)
    assert net.grad("X").shape == (0, 3)


def test_class_numbers_of_several_axes_pick_and_multiply_nothing() -> None:
    with np.errstate(divide="ignore"):
        x = np.log([[[0.5, 0.0, 0.5], [1.0, 0.0, 0.0]]])
    net = network({"k": [[2.0, 0.0]]}, {"X": x}, {"L": "nll(X, k)"})
    assert net.trace.loss == pytest.approx(np.log(2) / 2, rel=1e-15)
    assert net.grad("X").tolist() == [[[0, 0, -0.5], [-0.5, 0, 0]]]
