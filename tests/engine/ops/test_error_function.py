"""erf and erfc of arrays, against those of the C library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradstep.engine.ops.error_function import erf, erfc

LINE = np.concatenate([np.linspace(-7, 28, 4001), [0.0, -0.0, 0.46875, -0.46875, 4.0, -4.0, 1e-10, -1e-300]])


def test_to_the_last_digits_of_a_double() -> None:
    np.testing.assert_allclose(erfc(LINE), [math.erfc(x) for x in LINE], rtol=3e-15, atol=1e-300)
    np.testing.assert_allclose(erf(LINE), [math.erf(x) for x in LINE], rtol=3e-15)


@pytest.mark.parametrize("x", [np.inf, -np.inf, np.nan])
def test_of_what_is_not_finite(x: float) -> None:
    np.testing.assert_array_equal(erfc(np.asarray(x)), math.erfc(x))
    np.testing.assert_array_equal(erf(np.asarray(x)), math.erf(x))


def test_of_more_than_a_piece_and_in_any_shape() -> None:
    x = np.random.default_rng(0).normal(size=(3, 7001)).astype(np.float32)
    assert erf(x).dtype == np.float32
    np.testing.assert_allclose(erf(x).reshape(-1), [math.erf(v) for v in x.reshape(-1).tolist()], rtol=2e-7)
