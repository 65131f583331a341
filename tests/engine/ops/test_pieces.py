"""Functions of many numbers, a piece at a time."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.ops.pieces import PIECE, horner, in_pieces


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
def test_pieces_are_put_together_in_their_order(dtype: type) -> None:
    def of(x: np.ndarray, y: np.ndarray, out: np.ndarray, spare: np.ndarray) -> None:
        assert spare.shape == x.shape
        np.negative(y, spare)
        np.add(x, spare, out)

    rng = np.random.default_rng(0)
    for shape in ((), (0, 3), (5,), (3, PIECE // 4 + 11)):
        x, y = rng.random(shape).astype(dtype), rng.random(shape).astype(dtype)
        found = in_pieces(of, x, y, scratch=1)
        assert (found.dtype, found.shape) == (dtype, shape)
        assert np.array_equal(found, x - y)


def test_a_polynomial_is_that_of_its_powers() -> None:
    x, out = np.linspace(-2, 2, 9), np.empty(9)
    horner((0.5, -1.0, 3.0, 0.25), x, out)
    np.testing.assert_allclose(out, np.polyval([0.5, -1.0, 3.0, 0.25], x), rtol=1e-15)
