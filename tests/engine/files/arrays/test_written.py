"""Arrays that are written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from leaves import F4, made, refused


@pytest.mark.parametrize("spec", [3, 2.5, [1, 2.5], [[1, 2], [3, 4]], [], [[]], [math.inf, -math.inf], 2**60, [[[1]]]])
def test_numbers_are_what_is_written(spec: Any) -> None:
    np.testing.assert_array_equal(made(spec), np.array(spec, dtype=float))


def test_nan_is_a_number_to_debug() -> None:
    assert np.isnan(made([math.nan])).all()


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("3", "found the text"),
        ([1, "2"], "found the text"),
        ([1, True], "found true"),
        ([[1, 2], [3]], "row 1 has shape (1,)"),
        ([[1], 2], "row 1"),
        ([[True], [1]], "numbers, or true and false, and not both"),
        ([[True, False], [True]], "row 1 has shape (1,)"),
        ([1, [2]], "found an array"),
        (10**400, "too large"),
    ],
)
def test_what_is_no_number_is_refused(spec: object, says: str) -> None:
    assert says in refused(spec)


def test_single_precision_overflow_is_said() -> None:
    assert "too large for float32" in refused([1e39], F4)
    assert np.isinf(made([math.inf], F4)).all()


def nested(depth: int, width: int = 1) -> Any:
    spec: Any = 1.0
    for _ in range(depth):
        spec = [spec] * width
    return spec


def test_each_list_is_looked_at_once() -> None:
    """Twice at each level would be 2⁶⁴ looks."""
    assert made(nested(64)).shape == (1,) * 64
    assert made(nested(12, 2)).shape == (2,) * 12
    assert "nested too deeply" in refused(nested(65))
    assert "nested too deeply" in refused(nested(900))
    assert "not rectangular" in refused([nested(20), nested(21)])
    assert "found the text" in refused([nested(30), [[["x"]]]]) or "not rectangular" in refused([nested(30), [[["x"]]]])
