"""What is to blame for a gradient that is not finite: by the chain rule and IEEE 754, worked out by hand."""

from __future__ import annotations

from math import inf, isfinite

import pytest
from culprits import Said, said
from graphs import at, written

from gradstep.engine.explain.culprit import of_gradient
from gradstep.engine.ops.causes import Cause


@pytest.mark.parametrize(
    ("leaves", "lines", "of", "cause", "parts"),
    [
        # A slope that is infinite by itself; where the value is not finite either, that is the cause.
        ("x = [0.0, 4.0]", "r = sqrt(x); L = sum(r)", "x", Cause.STEEP, {("s", "x[0]", inf)}),
        ("x = [0.0]", "r = x ** 0.25; L = sum(r)", "x", Cause.STEEP, {("s", "x[0]", inf)}),
        ("x = [0.0]", "r = log(x); L = sum(r)", "x", Cause.LOG_OF_ZERO, {("s", "x[0]", inf), ("v", "x[0]", 0.0)}),
        ("a = 2.0; b = 0.0", "L = a / b", "a", Cause.DIVISION_BY_ZERO, {("s", "a", inf), ("v", "b", 0.0)}),
        ("a = 0.0; b = 0.0", "L = a / b", "a", Cause.DIVISION_BY_ZERO, {("s", "a", inf), ("v", "b", 0.0)}),
        # A slope of −1/x² that is too large for a float although 1/x is not, and x is not 0.
        ("x = [1e-200]", "r = 1 / x; L = sum(r)", "x", Cause.OVERFLOW, {("s", "x[0]", -inf)}),
        ("x = [1e110]", "r = x ** 4; L = sum(r)", "x", Cause.OVERFLOW, {("s", "x[0]", inf)}),
        # 0 arrives at an infinite slope; ∞ arrives at a slope of 0.
        ("x = [0.0]", "d = sqrt(x); L = sum(relu(d - 1))", "x",
         Cause.ZERO_TIMES_INFINITE, {("g", "d[0]", 0.0), ("s", "x[0]", inf)}),
        ("x = [0.0]", "h = x ** 2; L = sum(log(h))", "x",
         Cause.ZERO_TIMES_INFINITE, {("g", "h[0]", inf), ("s", "x[0]", 0.0)}),
        # The other factor of a product is a number of its own, and no slope.
        ("x = [2.0]; y = [inf]", "p = x * y; L = sum(relu(-p))", "x",
         Cause.ZERO_TIMES_INFINITE, {("g", "p[0]", 0.0), ("v", "y[0]", inf)}),
        ("x = 2.0; y = inf", "L = x * y", "x", Cause.CARRIED, {("v", "y", inf)}),
        # ∞ − ∞ of two ways.
        ("x = [0.0]", "L = sum(sqrt(x)) - sum(2 * sqrt(x))", "x",
         Cause.INFINITE_MINUS_INFINITE, {("s", "x[0]", inf)}),
        # What arrives is carried on, before any slope.
        ("x = [1.0]", "a = x * 2; b = log(a - 2); L = sum(b)", "x", Cause.CARRIED, {("g", "a[0]", inf)}),
        # The slopes of a softmax are made of its outputs.
        ("s = [-inf, -inf]", "p = softmax(s); L = sum(p)", "s", Cause.CARRIED, {("v", "p[0]", "nan")}),
        ("s = [3.0, 3.0]", "n = standardize(s, eps=0); L = n[0] * 2", "s", Cause.CARRIED, {("v", "n[0]", "nan")}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_why_a_gradient_is_not_finite(leaves: str, lines: str, of: str, cause: Cause, parts: set[Said]) -> None:
    rec = written(leaves, lines)
    assert not isfinite(rec.trace.derivative(at(rec, of)))
    assert said(rec, of_gradient(rec, at(rec, of))) == (cause, parts)


def test_in_single_precision_a_slope_overflows_that_in_double_precision_does_not() -> None:
    narrow, wide = (written("x = [1e-30]", "r = 1 / x; L = sum(r)", dtype) for dtype in ("float32", "float64"))
    assert said(narrow, of_gradient(narrow, at(narrow, "x"))) == (Cause.OVERFLOW, {("s", "x[0]", -inf)})
    assert wide.trace.derivative(at(wide, "x")) == pytest.approx(-1e60, rel=1e-12)
