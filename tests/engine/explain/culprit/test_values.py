"""What is to blame for a value that is not finite: by IEEE 754 worked out by hand for each case."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from culprits import Said, said
from graphs import at, written

from gradstep.engine.explain.culprit import of_value
from gradstep.engine.explain.culprit.values import first_input
from gradstep.engine.files import loads
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording, record


def node_of(recording: Recording, name: str) -> Node:
    return recording.graph.nodes[recording.graph.by_name[name].node]


def blamed(recording: Recording, name: str, flat: int = 0) -> tuple[Cause, set[Said]]:
    value = recording.trace.number(at(recording, name, flat))
    assert not np.isfinite(value)
    return said(recording, of_value(recording, node_of(recording, name), flat, value))


@pytest.mark.parametrize(
    ("leaves", "lines", "name", "cause", "parts"),
    [
        # Of a sum the term that is NaN is blamed before one that is infinite.
        ("W = [[1.0, 2.0, 0.0]]; x = [inf, 1.0, inf]", "z = W @ x; L = sum(z)", "z",
         Cause.ZERO_TIMES_INFINITE, {("v", "x[2]", inf), ("v", "W[0,2]", 0.0)}),
        ("W = [[1.0, 2.0, 3.0]]; x = [1.0, nan, inf]", "z = W @ x; L = sum(z)", "z",
         Cause.CARRIED, {("v", "x[1]", "nan")}),
        ("W = [[1.0, 2.0, 3.0]]; x = [1.0, 1.0, inf]", "z = W @ x; L = sum(z)", "z",
         Cause.CARRIED, {("v", "x[2]", inf)}),
        ("W = [[1.0, inf, 3.0]]; x = [1.0, 1.0, 1.0]", "z = W @ x; L = sum(z)", "z",
         Cause.CARRIED, {("v", "W[0,1]", inf)}),
        # Infinities of both signs: the first of either.
        ("W = [[1.0, 2.0, -1.0]]; x = [inf, 1.0, inf]", "z = W @ x; L = sum(z)", "z",
         Cause.INFINITE_MINUS_INFINITE, {("v", "x[0]", inf), ("v", "x[2]", inf)}),
        ("a = [inf, 2.0]; b = [inf, 1.0]", "d = a - b; L = sum(d)", "d",
         Cause.INFINITE_MINUS_INFINITE, {("v", "a[0]", inf), ("v", "b[0]", inf)}),
        # Every term is finite, and their sum is not.
        ("W = [[1.0, 1.0]]; x = [1e308, 1e308]", "z = W @ x; L = sum(z)", "z", Cause.OVERFLOW, set()),
        ("x = [1e200]", "y = x * x; L = sum(y)", "y", Cause.OVERFLOW, set()),
        # Functions of one number name the number, of two both sides.
        ("p = [0.0]", "y = log(p); L = sum(y)", "y", Cause.LOG_OF_ZERO, {("v", "p[0]", 0.0)}),
        ("p = [-2.0]", "y = sqrt(p); L = sum(y)", "y", Cause.ROOT_OF_NEGATIVE, {("v", "p[0]", -2.0)}),
        ("p = [900.0]", "y = exp(p); L = sum(y)", "y", Cause.EXP_OVERFLOW, {("v", "p[0]", 900.0)}),
        ("a = 3.0; b = 0.0", "L = a / b", "L", Cause.DIVISION_BY_ZERO, {("v", "b", 0.0)}),
        ("a = 0.0; b = 0.0", "L = a / b", "L", Cause.ZERO_BY_ZERO, {("v", "a", 0.0), ("v", "b", 0.0)}),
        ("a = inf; b = -inf", "L = a / b", "L", Cause.INFINITE_BY_INFINITE, {("v", "a", inf), ("v", "b", -inf)}),
        ("a = 0.0; b = -inf", "L = a * b", "L", Cause.ZERO_TIMES_INFINITE, {("v", "a", 0.0), ("v", "b", -inf)}),
        ("a = 0.0; b = -2.0", "L = a ** b", "L", Cause.DIVISION_BY_ZERO, {("v", "a", 0.0)}),
        ("a = inf", "y = sin(a); L = y + 1", "y", Cause.UNDEFINED, {("v", "a", inf)}),
        # Groups: a row of −∞ only, +∞ in a row, no spread.
        ("s = [[-inf, -inf], [0.0, -inf]]", "p = softmax(s); L = sum(p)", "p",
         Cause.MASKED_ROW, {("v", "s[0,0]", -inf)}),
        ("s = [[-inf, -inf], [0.0, -inf]]", "p = log_softmax(s); L = sum(p)", "p",
         Cause.MASKED_ROW, {("v", "s[0,0]", -inf)}),
        ("s = [-inf, inf, 1.0]", "p = softmax(s); L = sum(p)", "p",
         Cause.INFINITE_MINUS_INFINITE, {("v", "s[1]", inf)}),
        ("s = [4.0, 4.0]", "n = standardize(s, eps=0); L = sum(n)", "n", Cause.ZERO_BY_ZERO, {("v", "s[0]", 4.0)}),
        ("s = [4.0, inf]", "n = standardize(s); L = sum(n)", "n", Cause.INFINITE_MINUS_INFINITE, {("v", "s[1]", inf)}),
        # Losses: the numbers of the term that is no number.
        ("y = [1.0, inf]; t = [1.0, inf]", "L = mse(y, t)", "L",
         Cause.INFINITE_MINUS_INFINITE, {("v", "y[1]", inf), ("v", "t[1]", inf)}),
        ("y = [1.0, -inf]; t = [1.0, 3.0]", "L = mse(y, t)", "L", Cause.CARRIED, {("v", "y[1]", -inf)}),
        ("y = [1.0, 2.0]; t = [1.0, inf]", "L = mae(y, t)", "L", Cause.CARRIED, {("v", "t[1]", inf)}),
        ("y = [1.0, inf]; t = [1.0, 0.0]", "L = hinge(y, t)", "L",
         Cause.ZERO_TIMES_INFINITE, {("v", "y[1]", inf), ("v", "t[1]", 0.0)}),
        # What a choice lets through is to blame, not what it drops.
        ("c = [1.0]; a = [nan]; b = [inf]", "w = where(c > 2, a, b); L = sum(w)", "w",
         Cause.CARRIED, {("v", "b[0]", inf)}),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_why_a_value_is_not_finite(leaves: str, lines: str, name: str, cause: Cause, parts: set[Said]) -> None:
    assert blamed(written(leaves, lines), name) == (cause, parts)


def test_what_is_blamed_is_found_beyond_the_first_piece_of_a_long_sum() -> None:
    rec = written("x = { shape = [200000], init = 'ones' }", "h = x * 1; L = sum(h)")
    data = list(rec.trace.data)
    h = rec.graph.by_name["h"].id
    data[h] = np.where(np.arange(200_000) == 150_001, np.inf, 1.0)
    data[rec.graph.loss.id] = np.asarray(np.inf)
    object.__setattr__(rec.trace, "data", tuple(data))
    try:
        assert blamed(rec, "L") == (Cause.CARRIED, {("v", "h[150001]", inf)})
        assert first_input(rec, node_of(rec, "L"), 0, np.isinf) == Element(h, 150_001)
        assert first_input(rec, node_of(rec, "L"), 0, np.isnan) is None
    finally:
        written.cache_clear()


@pytest.mark.parametrize("call", ["mean(w, axis=1)", "var(w, axis=1)", "logsumexp(w, axis=1)"])
def test_what_is_made_of_nothing_is_not_defined(call: str) -> None:
    """In NumPy and PyTorch the mean and the variance of no numbers are NaN, and the logarithm of their sum is −∞."""
    recording = record(
        loads(
            f'format = 1\n[parameters]\nw = {{ shape = [2, 0], init = "zeros" }}\n[graph]\nh = "{call}"\nL = "sum(h)"\n'
        )
    )
    assert blamed(recording, "h") == (Cause.UNDEFINED, set())
