"""How numbers are written."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.notation import (
    MINUS,
    Digits,
    aligned,
    bar,
    brief,
    number,
    padded,
    percent,
    progress,
    rounded,
    said,
)

FINITE = st.floats(allow_nan=False, allow_infinity=False)
FIXED = st.sampled_from([int(Digits.NETWORK), int(Digits.MATH), int(Digits.FINE)])


def plain(text: str) -> float:
    """The number that a text on the screen says."""
    return float(text.replace(MINUS, "-").replace("∞", "inf"))


def test_minus_is_the_mathematical_one() -> None:
    assert MINUS == "\u2212"
    assert number(-0.5, 4) == "\u22120.5000"
    assert "-" not in number(-3e-5, 4).split("e")[0]


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 4, "0"), (0.0, 3, "0"), (-0.0, 4, "0"), (0.0, 17, "0"),
        (0.00003, 4, "3e-5"), (-0.00003, 4, "−3e-5"), (0.0003, 3, "3e-4"),
        (0.5, 3, "0.500"), (0.5, 4, "0.5000"), (0.5, 6, "0.500000"),
        (-0.125, 3, "−0.125"), (1.0, 4, "1.0000"), (12.5, 4, "12.500"),
        (math.nan, 4, "NaN"), (-math.nan, 4, "NaN"), (math.inf, 4, "+∞"), (-math.inf, 4, "−∞"),
        (math.nan, 17, "NaN"), (math.inf, 17, "+∞"), (-math.inf, 17, "−∞"),
        (0.1, 17, "0.1"), (-0.1, 17, "−0.1"), (np.float32(0.1), 17, "0.1"), (np.float64(1e20), 17, "1e20"),
    ],
)  # fmt: skip
def test_numbers_as_written(value: Any, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (0.0, 3, "0"), (0.5, 3, "0.500"), (1.5, 4, "1.500"), (0.00284, 4, "0.0028"), (-12.3456, 4, "−12.35"),
        (83477.3, 3, "8.3e4"), (-25104.0, 4, "−2.5e4"), (251042.0, 3, "2.5e5"), (2.04e-7, 3, "2e-7"),
        (9999.7, 3, "1.0e4"), (1e300, 3, "1.0e300"), (math.nan, 3, "NaN"), (math.inf, 4, "+∞"),
        (409.6, 3, "409.6"), (9999.4, 4, "9999"),
    ],
)  # fmt: skip
def test_a_number_in_a_sentence_has_four_digits_that_count_at_most(value: float, digits: int, text: str) -> None:
    assert said(value, digits=digits) == text


@given(FINITE, FIXED, st.booleans())
@settings(max_examples=1000, deadline=None, derandomize=True)
def test_whatever_is_said_is_near_what_it_is(value: float, digits: int, signed: bool) -> None:
    text = said(value, signed, digits)
    assert len(re.sub(r"\D", "", text.partition("e")[0]).lstrip("0")) <= 4
    assert plain(text) == pytest.approx(value, rel=1, abs=0) or abs(value) > 1e308
    assert text.startswith("+") == (signed and value > 0)
    if 1e-2 <= abs(value) < 1e308:
        assert plain(text) == pytest.approx(value, rel=0.06, abs=0)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.4, "0.4"), (-0.3, "−0.3"), (0.0, "0"), (-0.0, "0"), (12345.678, "1.235e4"), (1e-7, "1e-7"),
        (1 / 3, "0.3333"), (200.0, "200"), (math.inf, "+∞"), (-math.inf, "−∞"), (math.nan, "NaN"),
        (-1.5e300, "−1.5e300"),
    ],
)  # fmt: skip
def test_a_number_as_one_would_type_it_has_no_zeros_behind(value: float, text: str) -> None:
    assert brief(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.5, "+0.5000"), (-0.5, "−0.5000"), (0.0, "0"), (3e-5, "+3e-5")])
def test_signed_numbers_carry_a_plus(value: float, text: str) -> None:
    assert number(value, 4, signed=True) == text


@given(FINITE.filter(lambda v: v == 0 or abs(v) >= 1e-98), FIXED, st.booleans())
@settings(max_examples=1000, deadline=None, derandomize=True)
def test_no_number_is_wider_than_its_column(value: float, digits: int, signed: bool) -> None:
    assert len(number(value, digits, signed)) <= digits + 3


@given(st.floats(-1e-98, 1e-98), FIXED, st.booleans())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_only_an_exponent_of_three_digits_takes_one_more_and_only_at_three(
    value: float, digits: int, signed: bool
) -> None:
    room = digits + 3 + (digits == 3 and 0 < abs(value) < 9.5e-100)
    assert len(number(value, digits, signed)) <= room


@pytest.mark.parametrize("digits", [3, 4, 6])
@pytest.mark.parametrize(
    "value",
    [
        -9.9999999, -99.999999, -999.99999, -9999.9999, -99999.999, -9999999.9, -9.9e99, -9.96e99, -1.234567e200,
        -1e100, -1.7976931348623157e308, -0.00005, -4.99999e-5, -9.6e-5, -1234567.8, -12345678.9,
    ],
)  # fmt: skip
def test_the_awkward_numbers_fit_too(value: float, digits: int) -> None:
    assert len(number(value, digits)) <= digits + 3


@given(FINITE.filter(bool), st.sampled_from([3, 4, 6, 17]))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_only_zero_is_written_as_zero(value: float, digits: int) -> None:
    shown = plain(number(value, digits))
    assert shown != 0
    assert (shown > 0) == (value > 0)


@pytest.mark.parametrize("digits", [3, 4, 6])
def test_half_a_unit_of_the_last_place_is_not_written_as_zero(digits: int) -> None:
    for value in (0.5 * 10**-digits, float(f"5e-{digits + 1}")):
        for near in (math.nextafter(value, 0), value, math.nextafter(value, 1)):
            assert plain(number(near, digits)) != 0


@given(st.floats(1e-3, 1e4), FIXED)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_numbers_of_ordinary_size_are_right_to_their_last_digit(value: float, digits: int) -> None:
    text = number(value, digits)
    if "e" not in text:
        decimals = len(text.partition(".")[2])
        assert abs(plain(text) - value) <= 0.5000001 * 10**-decimals
    assert abs(plain(text) - value) <= 0.5 * max(10**-3, value * 10.0 ** -(digits - 3))


@given(FINITE)
@settings(max_examples=500, deadline=None, derandomize=True)
def test_full_digits_read_back_exactly(value: float) -> None:
    text = number(value, Digits.FULL)
    assert plain(text) == value
    assert re.fullmatch(r"−?\d+(\.\d+)?(e-?\d+)?", text)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@settings(max_examples=500, deadline=None, derandomize=True)
def test_full_digits_of_a_float32_read_back_exactly(value: float) -> None:
    single = np.float32(value)
    text = number(single, Digits.FULL)
    assert np.float32(plain(text)) == single
    assert len(text.lstrip(MINUS).partition("e")[0].replace(".", "").strip("0")) <= 9


# Nearer the largest float, rounding up gives infinity.
@given(st.floats(-1e307, 1e307), FIXED)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_rounded_is_the_number_that_is_shown(value: float, digits: int) -> None:
    assert rounded(value, digits) == plain(number(value, digits))
    assert number(rounded(value, digits), digits) == number(value, digits)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_rounding_leaves_infinity_alone(value: float) -> None:
    assert rounded(value, 4) == value


def test_rounding_leaves_nan_alone() -> None:
    assert math.isnan(rounded(math.nan, 4))


def test_a_share_as_a_bar_of_one_character_and_of_many() -> None:
    """Eighths, as Unicode's block elements go from one (U+2581) to eight (U+2588)."""
    assert [ord(bar(k / 8)) - 0x2580 for k in range(9)] == [1, 2, 3, 4, 5, 6, 7, 8, 8]
    assert (bar(-1), bar(2)) == (bar(0), bar(1))
    assert progress(0.25, 8) == "██░░░░░░"
    assert (progress(0, 3), progress(1, 3), progress(1.5, 3)) == ("░░░", "███", "███")


def test_texts_in_columns_take_as_many_cells_whatever_is_written_in_them() -> None:
    """Of 变 and 한 each takes two cells, of a combining acute accent none (Unicode: width W, category Mn)."""
    assert aligned(["h", "变数", "e\u0301x"]) == ["h   ", "变数", "e\u0301x  "]
    assert padded("한글", 6) == "한글  "
    assert padded("wide enough", 3) == "wide enough"
    assert aligned([]) == []


def test_ratios_are_percentages_and_never_a_false_0_or_100() -> None:
    assert [percent(r) for r in (0.238, 0.01, 0.00512, 1e-7, 0.9949, 0.996, 0.99999, 1)] == [
        "24 %", "1 %", "0.51 %", "less than 0.01 %", "99 %", "99.6 %", "more than 99.99 %", "100 %",
    ]  # fmt: skip
