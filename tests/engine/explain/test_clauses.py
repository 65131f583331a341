"""Parts of sentences: true of the numbers, and put together as sentences are."""

from __future__ import annotations

import pytest
from graphs import at, written

from gradstep.engine.explain import nonfinite, noughts, zeros
from gradstep.engine.explain.accounts import reason
from gradstep.engine.explain.clauses import moment, of_nought, of_reason, of_zeros, sentence, slope
from gradstep.engine.explain.culprit import value_of
from gradstep.engine.explain.hops import Hop, hops
from gradstep.engine.run.timeline import Phase


@pytest.mark.parametrize(
    ("leaves", "lines", "of", "says"),
    [
        ("x = [-2.0]", "h = relu(x); L = sum(h)", "x", "the gate at x is shut (x = −2.000)"),
        ("x = [5.0]", "h = where(x > 9, x, 0); L = sum(h)", "x", "where drops x"),
        ("x = [1.0]", "h = dropout(x, p=0.999); L = sum(h)", "x", "dropout drops x"),
        ("x = [5.0]; m = [0.0]", "L = sum(x * m)", "x", "m is exactly 0"),
        ("x = [5.0]", "L = sum(x * 0)", "x", "x is multiplied by 0"),
        (
            "x = [5.0]; u = [-1.0]",
            "h = relu(u); L = sum(x * h)",
            "x",
            "h is exactly 0 (its gate is shut, u being −1.000)",
        ),
        ("x = [5.0]", "L = mse(x, 5)", "x", "x meets its target exactly"),
        ("x = [5.0]", "p = softmax(x); L = sum(p * 3)", "x", "softmax of a single number is 1 whatever that is"),
        ("x = [5.0]", "L = sum(x - x)", "x", "x - x is the same whatever x is"),
        (
            "x = [inf]",
            "L = sum(exp(-x))",
            "L:negative",
            "the slope of exp at L:negative = −∞ is 0 (as x is given so)",
        ),
    ],
)
def test_why_a_gradient_is_zero(leaves: str, lines: str, of: str, says: str) -> None:
    rec = written(leaves, lines)
    found = zeros.settled(rec, at(rec, of))
    assert found is not None
    assert of_zeros(rec, found) == says


def test_several_reasons_are_counted() -> None:
    rec = written("w = 1.0; x = [2.0, 0.5]; t = [2.0, 9.0]", "z = w * x - 1; h = relu(z); L = mse(h, t - 1)")
    found = zeros.settled(rec, at(rec, "w"))
    assert found is not None
    assert of_zeros(rec, found) == (
        "of 2 terms, in 1 h₁ meets its target exactly, in 1 the gate at z₂ is shut (z₂ = −0.500)"
    )


@pytest.mark.parametrize(
    ("leaves", "lines", "of", "says"),
    [
        ("x = [-2.0]", "h = relu(x); L = sum(h)", "h", "h is 0 (its gate is shut, x being −2.000)"),
        ("x = [-2.0]", "h = relu(x); y = h * 3; L = sum(y)", "y", "y is 0 (the gate at h is shut)"),
        ("x = [0.0]", "L = sum(x)", "x", "x is given as 0"),
        ("x = [0.0]", "y = x * 3; L = sum(y)", "y", "y is 0 (as x is)"),
        ("x = [2.0]", "y = x - x; L = sum(y)", "y", "y is 0 (x - x cancels exactly)"),
        ("x = [0.0, 900.0]", "p = softmax(x); L = sum(p)", "p", "p₁ is 0 (softmax rounds to it)"),
        ("x = [1.0]", "y = log(x); L = sum(y)", "y", "y is 0"),
    ],
)
def test_why_a_value_is_zero(leaves: str, lines: str, of: str, says: str) -> None:
    rec = written(leaves, lines)
    element = at(rec, of)
    assert of_nought(rec, element, noughts.nought(rec, element)) == says


@pytest.mark.parametrize(
    ("leaves", "lines", "of", "says"),
    [
        ("x = [inf]", "L = sum(x)", "x", "x is given as +∞"),
        ("x = [900.0]", "y = exp(x); z = y * 2; L = sum(z)", "z", "z is +∞ (since step 1: overflow of exp)"),
        ("x = [inf]", "y = x * 2; L = sum(y)", "y", "y is +∞ (as x is given so)"),
        ("x = [0.0]", "y = x * 2; L = sum(y)", "y", "y is 0 (as x is)"),
    ],
)
def test_why_a_part_is_what_it_is(leaves: str, lines: str, of: str, says: str) -> None:
    rec = written(leaves, lines)
    assert of_reason(rec, reason(rec, value_of(rec, at(rec, of)))) == says


def test_a_slope_is_told_with_the_number_at_which_it_is() -> None:
    rec = written("x = [0.0]", "L = sum(sqrt(x)) + sum(x ** 0.5)")
    said: set[str] = set()
    for hop in hops(rec, at(rec, "x"))[1]:
        assert isinstance(hop, Hop)
        said.add(slope(rec, hop, hop.local))
    assert said == {"the slope of √ at x = 0 is infinite", "the slope of x ** 0.5 at x = 0 is infinite"}


def test_a_sentence_begins_with_a_capital_unless_it_begins_with_a_name() -> None:
    assert sentence("the slope is infinite", "", "h is 0") == "The slope is infinite, and h is 0"
    assert sentence("the_gate is 0") == "the_gate is 0"
    assert sentence() == ""


def test_a_moment_says_its_iteration_only_where_it_is_another() -> None:
    rec = written("x = [0.0]", "L = sum(log(x))")
    found = nonfinite.first(rec, Phase.FORWARD)
    assert found is not None
    assert moment(rec, found) == "step 1"
    assert moment(rec, found._replace(iteration=1200)) == "step 1 of iteration 1,200"
