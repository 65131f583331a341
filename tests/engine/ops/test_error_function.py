"""erf and erfc of arrays, against those of the C library."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.error_function import erf, erfc, times_upper_tail
from gradstep.engine.ops.pieces import in_pieces

LINE = np.concatenate([np.linspace(-7, 28, 4001), [0.0, -0.0, 0.46875, -0.46875, 4.0, -4.0, 1e-10, -1e-300]])


def test_to_the_last_digits_of_a_double() -> None:
    np.testing.assert_allclose(erfc(LINE), [math.erfc(x) for x in LINE], rtol=1e-15, atol=1e-300)
    np.testing.assert_allclose(erf(LINE), [math.erf(x) for x in LINE], rtol=1e-15)


@pytest.mark.parametrize("x", [np.inf, -np.inf, np.nan])
def test_of_what_is_not_finite(x: float) -> None:
    np.testing.assert_array_equal(erfc(np.asarray(x)), math.erfc(x))
    np.testing.assert_array_equal(erf(np.asarray(x)), math.erf(x))


def test_of_more_than_a_piece_and_in_any_shape() -> None:
    x = np.random.default_rng(0).normal(size=(3, 7001)).astype(np.float32)
    assert erf(x).dtype == erfc(x).dtype == np.float32
    np.testing.assert_allclose(erfc(x).reshape(-1), [math.erfc(v) for v in x.reshape(-1).tolist()], rtol=6e-7)
    np.testing.assert_allclose(erf(x).reshape(-1), [math.erf(v) for v in x.reshape(-1).tolist()], rtol=4e-7)


def test_half_precision_is_rounded_from_single() -> None:
    x = np.linspace(-4, 4, 101).astype(np.float16)
    assert np.array_equal(erf(x), erf(x.astype(np.float32)).astype(np.float16))


def test_longer_numbers_have_the_digits_of_a_double() -> None:
    x = np.linspace(-4, 4, 101).astype(np.longdouble)
    assert erfc(x).dtype == np.longdouble
    assert np.array_equal(erfc(x), erfc(x.astype(float)))


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 4e-15), (np.float32, 6e-7)])
def test_the_tail_of_the_normal_distribution(dtype: type, rtol: float) -> None:
    """1 − Φ(x) = ½ erfc(x/√2); from 4 on 1 − Φ(x) is asked for by its logarithm, which √2 does not blur."""
    x = np.linspace(0, 4, 2001).astype(dtype)
    expected = [0.5 * v * math.erfc(v / math.sqrt(2)) for v in x.tolist()]
    np.testing.assert_allclose(in_pieces(times_upper_tail, x, scratch=2), expected, rtol=rtol)
    # Abramowitz and Stegun, 26.2.12: φ(x)/x (1 − 1/x² + 3/x⁴ − 15/x⁶ …), which is off by less than its next term.
    far = np.array([8.0, 12.0, 20.0, 30.0]) if dtype is np.float64 else np.array([8.0, 10.0])
    terms = [(-1) ** k * math.prod(range(1, 2 * k, 2)) / far ** (2 * k) for k in range(10)]
    series = np.exp(-far * far / 2) / math.sqrt(2 * math.pi) * sum(terms[:-1])
    found = in_pieces(times_upper_tail, far.astype(dtype), scratch=2).astype(float)
    assert np.all(abs(found / series - 1) <= abs(terms[-1]) + (1e-13 if dtype is np.float64 else 1e-5))


def test_long_doubles_are_not_taken_for_halves() -> None:
    x = np.array([0.3, -1.7], np.longdouble)
    found = REGISTRY["gelu"](approximate="tanh").forward([x])
    expected = [0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))) for v in (0.3, -1.7)]
    assert found.dtype == np.longdouble
    np.testing.assert_allclose(found.astype(float), expected, rtol=1e-15)
