"""What adds up."""

from __future__ import annotations

import numpy as np
import pytest
from operations import Example, every_example

from gradstep.engine.errors import OpError


@every_example
def test_summands_add_up_to_the_output(example: Example) -> None:
    op, xs = example.op, example.inputs()
    if not op.reduces:
        with pytest.raises(OpError):
            op.summands(0, xs)
        return
    y = np.asarray(op.forward(xs))
    for at in range(y.size):
        grid, read = op.summands(at, xs)
        parts = np.concatenate([read(0, grid.size // 3), read(grid.size // 3, grid.size)])
        assert parts.shape == (grid.size,)
        assert parts.dtype == y.dtype
        np.testing.assert_allclose(parts.sum(), y.reshape(-1)[at], rtol=1e-12, atol=1e-14)
