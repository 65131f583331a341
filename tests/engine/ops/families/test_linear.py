"""Sums of products: against PyTorch, and what is said of shapes that disagree."""

from __future__ import annotations

import numpy as np
import pytest
from operations import Shapes
from torch_cases import FAMILIES, check

from gradstep.engine.errors import OpError
from gradstep.engine.ops import REGISTRY


@pytest.mark.parametrize("formula", FAMILIES["linear"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("linear", formula)


@pytest.mark.parametrize(
    ("shapes", "named"),
    [
        (((4,), (2, 3)), ("(2, 3)", "(4,)", "3 inputs", "has 4")),
        (((5, 4), (2, 3)), ("(2, 3)", "(5, 4)", "3 inputs", "has 4")),
        (((3,), (3,)), ("(3,)", "(out, in)")),
        (((), (2, 3)), ("()", "(2, 3)")),
        (((3,), (2, 3), (3,)), ("(3,)", "(2,)", "bias")),
        (((3,), (2, 3), ()), ("()", "(2,)", "bias")),
        (((3,), (2, 3), (1,)), ("(1,)", "(2,)", "bias")),
        (((3,), (2, 3), (1, 2)), ("(1, 2)", "(2,)", "bias")),
        (((3,), (2, 3, 4)), ("(2, 3, 4)", "(3,)")),
    ],
)
def test_a_weighted_sum_names_the_shapes_that_disagree(shapes: Shapes, named: tuple[str, ...]) -> None:
    with pytest.raises(OpError) as caught:
        REGISTRY["linear"]().shape(shapes)
    for part in named:
        assert part in str(caught.value)


@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3, 0)])
def test_layers_of_no_inputs_and_batches_of_no_samples(shape: tuple[int, ...]) -> None:
    x, W, b = np.zeros(shape), np.zeros((4, 0)), np.arange(4.0)
    op = REGISTRY["linear"]()
    y = op.forward([x, W, b])
    assert y.shape == (*shape[:-1], 4)
    assert (y == b).all()
    for slot, of in enumerate((x, W, b)):
        assert op.vjp(slot, np.ones(y.shape), y, [x, W, b]).shape == of.shape
