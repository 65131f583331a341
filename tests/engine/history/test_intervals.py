"""Intervals enclose what NumPy makes of any numbers in them; comparisons promise only what holds for all of them."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.history.intervals import (
    ANY,
    FUNCTIONS,
    Interval,
    Unknown,
    arithmetic,
    compared,
    negative,
    wider,
)  # fmt: skip

finite = st.floats(-1e6, 1e6)
#: Where the least and the largest may be.
ends = st.one_of(finite, st.sampled_from([0.0, -np.inf, np.inf]))

OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
}  # fmt: skip
RELATIONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip


@st.composite
def between(draw: st.DrawFn) -> tuple[Interval, float]:
    """An interval, and a number in it."""
    low, high = sorted((draw(ends) + 0.0, draw(ends) + 0.0))  # no −0, which hypothesis takes to be below 0
    inside = draw(st.floats(max(low, -1e7), min(high, 1e7))) if low <= 1e7 and high >= -1e7 else low
    inside = draw(st.sampled_from([low, high, inside]))
    return Interval(np.array([low]), np.array([high])), inside


def encloses(found: Interval, value: float) -> bool:
    """Where an end is NaN nothing is said."""
    low, high = (np.broadcast_to(np.asarray(end, float), (1,))[0] for end in (found.low, found.high))
    return bool(np.isnan(value) or np.isnan(low) or np.isnan(high) or low <= value <= high)


@settings(max_examples=400)
@given(between(), between(), st.sampled_from([*OPERATORS]))
def test_arithmetic_encloses(a: tuple[Interval, float], b: tuple[Interval, float], op: type[ast.operator]) -> None:
    with np.errstate(all="ignore"):
        exact = float(OPERATORS[op](np.float64(a[1]), np.float64(b[1])))
    assert encloses(arithmetic(op(), a[0], b[0]), exact)


@given(between())
def test_the_negative_and_the_wider_enclose(a: tuple[Interval, float]) -> None:
    assert encloses(negative(a[0]), -a[1])
    assert encloses(wider(a[0], 1e-9), a[1])
    with np.errstate(all="ignore"):
        assert encloses(wider(a[0], 1e-9), a[1] * (1 + 1e-10))


@settings(max_examples=300)
@given(between(), st.sampled_from(["abs", "exp", "sqrt", "log", "sign", "max", "min", "mean"]))
def test_functions_enclose(a: tuple[Interval, float], name: str) -> None:
    with np.errstate(all="ignore"):
        exact = float(getattr(np, name)(np.float64(a[1])))
        assert encloses(FUNCTIONS[name](a[0], 1e-9), exact)


@settings(max_examples=400)
@given(between(), between(), st.sampled_from([*RELATIONS]))
def test_comparisons_promise_what_holds_and_rule_out_what_does_not(
    a: tuple[Interval, float], b: tuple[Interval, float], op: type[ast.cmpop]
) -> None:
    may, must = compared(op(), a[0], b[0])
    holds = RELATIONS[op](a[1], b[1])
    assert may[0] or not holds
    assert holds or not must[0]


@pytest.mark.parametrize("op", [*RELATIONS])
def test_a_comparison_of_what_is_known_exactly_is_decided_and_one_with_nan_is_not(op: type[ast.cmpop]) -> None:
    x = np.array([1.0, 2.0, 2.0, 3.0])
    y = np.array([2.0, 2.0, 1.0, np.nan])
    may, must = compared(op(), Interval(x, x), Interval(y, y))
    assert may[:3].tolist() == must[:3].tolist() == RELATIONS[op](x, y)[:3].tolist()
    assert (bool(may[3]), bool(must[3])) == (True, False)


def test_relations_and_operators_that_are_none_are_unknown() -> None:
    one = Interval(1.0, 1.0)
    with pytest.raises(Unknown):
        compared(ast.In(), one, one)
    with pytest.raises(Unknown):
        arithmetic(ast.Pow(), one, one)


def test_division_through_0_may_be_anything() -> None:
    found = arithmetic(ast.Div(), Interval(1.0, 2.0), Interval(-1.0, 1.0))
    assert (float(found.low), float(found.high)) == (-np.inf, np.inf)
    assert arithmetic(ast.Div(), Interval(1.0, 2.0), Interval(2.0, 4.0))[:2] == (0.25, 1.0)


def test_of_an_array_the_ends_are_bounded_as_well() -> None:
    """The least element is between −3 and −2, the largest between 1 and 5."""
    array = Interval(-3.0, 5.0, (Interval(-3.0, -2.0), Interval(1.0, 5.0)))
    assert FUNCTIONS["max"](array, 0.0) == Interval(1.0, 5.0)
    assert FUNCTIONS["min"](array, 0.0) == Interval(-3.0, -2.0)
    turned = negative(array)
    assert FUNCTIONS["max"](turned, 0.0) == Interval(2.0, 3.0)
    largest = FUNCTIONS["max"](FUNCTIONS["abs"](array, 0.0), 0.0)
    assert (float(largest.low), float(largest.high)) == (2.0, 5.0)
    assert arithmetic(ast.Add(), array, Interval(1.0, 1.0)).ends == (ANY, ANY)
