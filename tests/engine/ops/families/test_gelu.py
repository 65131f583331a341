"""GELU against the normal distribution function of the C library, in both precisions and at its edges."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradstep.engine.ops.families.gelu import Gelu

LINE = np.concatenate([np.linspace(-6, 6, 2001), [0.0, -0.0, 1e-30, -1e-30, 1e-310, -5e-324, 30.0, 700.0]])


def phi(x: float) -> float:
    return 0.5 * math.erfc(-x / math.sqrt(2))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-14), (np.float32, 3e-6)])
def test_it_is_x_times_phi_and_its_slope(dtype: type, rtol: float) -> None:
    x = LINE.astype(dtype)
    y = Gelu().forward([x])
    assert y.dtype == dtype
    np.testing.assert_allclose(y, [v * phi(v) for v in x.tolist()], rtol=rtol, atol=np.finfo(dtype).tiny)
    slopes = [phi(v) + v * math.exp(-v * v / 2) / math.sqrt(2 * math.pi) for v in x.tolist()]
    with np.errstate(all="ignore"):
        found = Gelu().local(0, y, [x])
    np.testing.assert_allclose(found, slopes, rtol=rtol, atol=2 * np.finfo(dtype).eps)


def test_beyond_all_numbers_it_is_as_pytorch_has_it() -> None:
    x = np.array([np.inf, -np.inf, np.nan, 0.0])
    with np.errstate(all="ignore"):
        y = Gelu().forward([x])
        np.testing.assert_array_equal(y, [np.inf, np.nan, np.nan, 0.0])
        np.testing.assert_array_equal(Gelu().local(0, y, [x]), [np.nan, np.nan, np.nan, 0.5])


def test_of_more_than_a_piece() -> None:
    """A NaN in one piece changes nothing in another."""
    x = np.random.default_rng(0).normal(size=(5, 10_001))
    x[0, 0] = np.nan
    for gelu in (Gelu(), Gelu("tanh")):
        y = gelu.forward([x])
        assert np.array_equal(y, np.stack([gelu.forward([row]) for row in x]), equal_nan=True)
        assert np.isnan(y).sum() == np.isnan(gelu.local(0, y, [x])).sum() == 1
