"""Functions of single-precision numbers, against NumPy's of doubles, which are those of the C library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradstep.engine.ops import single

EDGES = [0.0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 0.5, -0.5, 1e-38, -1e-38, 1e-42, 3e38, -3e38, 1e-8, -1e-8]
EDGES += [88.7, 88.8, 89.4, 89.5, -17, -104, 10, 1000, 1e10]
_RNG = np.random.default_rng(0)
_ANY = np.array([*EDGES, *(_RNG.standard_normal(40000) * np.exp(_RNG.uniform(-20, 5, 40000)))], np.float32)
_WITHIN = np.array([*EDGES, *_RNG.uniform(-1, 1, 20000), *(1 - np.exp(_RNG.uniform(-15, 0, 9000)))], np.float32)
_ABOVE = np.concatenate([np.abs(_ANY), -np.abs(_WITHIN)])
#: The numbers that each is tried with, and within how many units in the last place it is.
CASES: list[tuple[Callable[..., Any], np.ufunc, np.ndarray, float]] = [
    (single.expm1, np.expm1, _ANY, 3),
    (single.sinh, np.sinh, _ANY, 6),
    (single.cosh, np.cosh, _ANY, 5),
    (single.log1p, np.log1p, _ABOVE, 5),
    (single.log10, np.log10, np.abs(_ANY), 4),
    (single.arctanh, np.arctanh, _WITHIN, 6),
    (single.tan, np.tan, _ANY, 5),
    (single.arctan, np.arctan, _ANY, 4),
    (single.arcsin, np.arcsin, _WITHIN, 4),
    (single.arccos, np.arccos, _WITHIN, 4),
]


def ulps(found: np.ndarray, expected: np.ndarray) -> float:
    """How far numbers are from others, in units in the last place; those that are 0 or not finite are the same."""
    rounded = expected.astype(np.float32)
    plain = np.isfinite(rounded) & (np.abs(rounded) > 1e-37)
    np.testing.assert_array_equal(found[~np.isfinite(rounded)], rounded[~np.isfinite(rounded)])
    np.testing.assert_allclose(found[~plain & np.isfinite(rounded)], rounded[~plain & np.isfinite(rounded)], atol=1e-44)
    unit = np.spacing(np.abs(rounded[plain])).astype(float)
    return float((np.abs(found[plain].astype(float) - expected[plain]) / unit).max())


@pytest.mark.parametrize(("of", "numpys", "x", "most"), CASES, ids=lambda part: getattr(part, "__name__", ""))
def test_a_few_units_in_the_last_place(of: Callable[..., Any], numpys: np.ufunc, x: np.ndarray, most: float) -> None:
    with np.errstate(all="ignore"):
        found, expected = of(x), numpys(x.astype(float))
        assert found.dtype == np.float32
        assert ulps(found, expected) <= most
        assert np.array_equal(of(x.astype(float)), expected, equal_nan=True), "other precisions are NumPy's"


@pytest.mark.parametrize(("of", "numpys"), [case[:2] for case in CASES if case[0] not in (single.arccos, single.log10)])
def test_minus_nought_stays_so(of: Callable[..., Any], numpys: np.ufunc) -> None:
    x = np.array([-0.0, 0.0], np.float32)
    with np.errstate(divide="ignore"):  # of the arc tangent of the inverse
        assert np.array_equal(np.signbit(of(x)), np.signbit(numpys(x)))
        assert of(x[0].reshape(())).shape == ()


def test_angles_in_all_quadrants() -> None:
    a, b = (part.reshape(-1) for part in np.meshgrid(*(np.array([*EDGES, *_RNG.normal(size=60)], np.float32),) * 2))
    with np.errstate(all="ignore"):
        assert ulps(single.arctan2(a, b), np.arctan2(a.astype(float), b.astype(float))) <= 4
        column = single.arctan2(a[:3, None], b[:5])
    assert column.shape == (3, 5)


def test_powers_of_ten_have_whole_logarithms() -> None:
    assert single.log10(np.array([1, 10, 100, 1000, 1e10, 0.1, 0.001], np.float32)).tolist() == [0, 1, 2, 3, 10, -1, -3]
