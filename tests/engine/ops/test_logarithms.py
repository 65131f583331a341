"""Logarithms of sums of powers, against NumPy's and those of the C library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradstep.engine.ops.logarithms import log_sum, softplus

EVERY = np.array([0.0, -0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 1e-40, 3.0e38])


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_of_powers_are_numpys(dtype: type) -> None:
    a, b = (part.reshape(-1).astype(dtype) for part in np.meshgrid(EVERY, [*EVERY, 700.0, -745.0, 1.0 + 1e-9]))
    with np.errstate(all="ignore"):
        for twos, expected in ((False, np.logaddexp(a, b)), (True, np.logaddexp2(a, b))):
            np.testing.assert_allclose(log_sum(a, b, twos), expected, rtol=4 * np.finfo(dtype).eps)
        assert log_sum(np.asarray(dtype(np.inf)), np.asarray(dtype(np.inf))) == np.inf


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_softplus_keeps_its_digits_on_both_sides(dtype: type) -> None:
    x = np.linspace(-80, 80, 4001).astype(dtype)
    expected = [max(v, 0) + math.log1p(math.exp(-abs(v))) for v in x.tolist()]
    np.testing.assert_allclose(softplus(x), expected, rtol=4 * np.finfo(dtype).eps)
    with np.errstate(all="ignore"):
        assert softplus(np.array([np.inf, -np.inf, np.nan], dtype)).tolist()[:2] == [np.inf, 0]
