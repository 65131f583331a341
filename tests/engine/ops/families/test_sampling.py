"""Images read at places: against PyTorch."""

from __future__ import annotations

import re

import numpy as np
import pytest
from graphs import NetworkBuilder
from torch_cases import FAMILIES, check

from gradstep.engine.errors import ExpressionError
from gradstep.engine.ops.families.sampling import GridSample


@pytest.mark.parametrize("formula", FAMILIES["sampling"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("sampling", formula)


def test_a_place_that_is_no_number_reads_nothing_that_is_one() -> None:
    """As torch 2.13 has it for images: NaN without padding, the first element with one."""
    x = np.arange(9.0).reshape(1, 1, 3, 3) + 1
    places = np.array([[[[np.nan, 0.1], [np.inf, 0.0], [0.0, 0.0]]]])
    assert np.isnan(GridSample().forward([x, places])[0, 0, 0, :2]).all()
    assert GridSample(padding_mode="border").forward([x, places])[0, 0, 0].tolist() == pytest.approx([4.45, 6, 5])


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("grid_sample(x, g, mode='cubic')", "mode is one of 'nearest', 'bilinear', 'bicubic', not 'cubic'"),
        (
            "grid_sample(x, g, padding_mode='wrap')",
            "padding_mode is one of 'zeros', 'border', 'reflection', not 'wrap'",
        ),
        ("grid_sample(x, h)", "x (1, 1, 3, 3) and grid (1, 1, 3, 3) do not fit"),
        ("affine_grid(t, (1, 1, 2, 2))", "theta is (2, 2, 3), but to size (1, 1, 2, 2) goes (1, 2, 3)"),
        ("affine_grid(t, (2, 2))", "size is (N, C, H, W) or (N, C, D, H, W)"),
    ],
)
def test_what_does_not_fit_is_named_with_what_would(formula: str, said: str) -> None:
    builder = NetworkBuilder()
    for name, shape in (("x", (1, 1, 3, 3)), ("g", (1, 2, 2, 2)), ("h", (1, 1, 3, 3)), ("t", (2, 2, 3))):
        builder.parameter(name, np.zeros(shape))
    with pytest.raises(ExpressionError, match=re.escape(said)):
        builder.line("y", formula)
