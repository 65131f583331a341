"""Why a value is exactly 0: followed back to where it became so, by hand for each case."""

from __future__ import annotations

import pytest
from graphs import at, written

from gradstep.engine.explain.noughts import nought
from gradstep.engine.ops.causes import ZeroReason

ZERO = [
    ("x = [0.0]", "y = x * 1; L = sum(y)", "y", ZeroReason.GIVEN, "x[0]"),
    ("x = [-2.0]", "h = relu(x); y = h * 3; L = sum(y)", "y", ZeroReason.GATE_SHUT, "h[0]"),
    ("x = [-2.0]", "y = maximum(x, 0); L = sum(y)", "y", ZeroReason.GATE_SHUT, "y[0]"),
    ("x = [5.0]", "y = where(x > 9, x, 0); L = sum(y)", "y", ZeroReason.GATE_SHUT, "y[0]"),
    ("x = [5.0]; u = [0.0]", "y = where(x > 9, x, u); L = sum(y)", "y", ZeroReason.GIVEN, "u[0]"),
    ("x = [1.0, 1.0]", "y = dropout(x, p=0.999); L = sum(y)", "y", ZeroReason.GATE_SHUT, "y[0]"),
    ("x = [2.0]", "y = x - x; L = sum(y)", "y", ZeroReason.CANCELLED, "y[0]"),
    ("W = [[1.0, 1.0]]; x = [1.0, -1.0]", "z = W @ x; y = z * 2; L = sum(y)", "y", ZeroReason.CANCELLED, "z[0]"),
    ("W = [[0.0, 0.0]]; x = [1.0, -1.0]", "z = W @ x; L = sum(z)", "z", ZeroReason.GIVEN, "W[0,0]"),
    ("x = [1e-300]", "y = x * 1e-300; L = sum(y)", "y", ZeroReason.UNDERFLOW, "y[0]"),
    ("x = [-900.0]", "y = exp(x); L = sum(y)", "y", ZeroReason.UNDERFLOW, "y[0]"),
    ("x = [0.0, 900.0]", "y = softmax(x); L = sum(y)", "y", ZeroReason.UNDERFLOW, "y[0]"),
    ("x = [0.0]", "y = sqrt(tanh(sin(x))); L = sum(y)", "y", ZeroReason.GIVEN, "x[0]"),
    ("x = [1.0]", "y = log(x); L = sum(y)", "y", ZeroReason.FLAT, "y[0]"),
    ("x = [2.0]; u = [inf]", "y = x / u; L = sum(y)", "y", ZeroReason.BY_INFINITY, "y[0]"),
    ("x = [2.0]; u = [0.0]", "y = u / x; L = sum(y)", "y", ZeroReason.GIVEN, "u[0]"),
    ("x = [[3.0], [1.0]]", "y = layer_norm(x); L = sum(y)", "y", ZeroReason.CONSTANT, "y[0,0]"),
    ("x = [3.0, 3.0]", "y = layer_norm(x); L = sum(y)", "y", ZeroReason.CANCELLED, "y[0]"),
    ("x = [-3.0, 0.0]", "m = max(x); y = m * 2; L = y + 1", "y", ZeroReason.GIVEN, "x[1]"),
    ("x = [3.0, 0.0]", "y = x[1]; L = y + 1", "y", ZeroReason.GIVEN, "x[1]"),
    ("x = [[3.0, 0.0]]", "y = reshape(x.T, (2,)); L = y[1] + 1", "L:index", ZeroReason.GIVEN, "x[0,1]"),
    ("x = [3.0]", "y = mse(x, 3); L = y * 2", "y", ZeroReason.FITS, "y"),
]


@pytest.mark.parametrize(("leaves", "lines", "of", "why", "where"), ZERO, ids=lambda v: v if isinstance(v, str) else "")
def test_why_a_value_is_exactly_zero(leaves: str, lines: str, of: str, why: ZeroReason, where: str) -> None:
    rec = written(leaves, lines)
    element = at(rec, of)
    assert rec.trace.number(element) == 0
    found = nought(rec, element)
    assert found is not None
    assert (found.reason, rec.board.typed(*found.element)) == (why, where)
    assert found.carried == (found.element != element)


def test_what_a_mask_leaves_out_is_no_underflow() -> None:
    rec = written("x = [0.0, 1.0]; low = -inf", "s = where(x > 0, x, low); y = softmax(s); L = sum(y)")
    found = nought(rec, at(rec, "y"))
    assert found is not None
    assert found.reason is ZeroReason.MASKED
    assert found.by == at(rec, "s")


def test_what_is_not_zero_has_no_reason() -> None:
    rec = written("x = [0.0]", "y = x + 1; L = sum(y)")
    assert nought(rec, at(rec, "y")) is None
