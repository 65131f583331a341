"""What is to blame for a number that is not finite. Values and gradients are in test_nonfinite, case by case; here the
terms of sums, and updates."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import at, written

from gradstep.engine.explain.culprit import Culprit, deliberate, of_gradient, of_update, of_value
from gradstep.engine.files import loads
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.ops.causes import Cause
from gradstep.engine.run.recording import Recording, record


def node_of(recording: Recording, name: str) -> Node:
    return recording.graph.nodes[recording.graph.by_name[name].node]


def blamed(recording: Recording, name: str, flat: int = 0) -> Culprit:
    return of_value(recording, node_of(recording, name), flat, recording.trace.number(at(recording, name, flat)))


def test_of_a_sum_the_term_that_is_nan_is_blamed_before_one_that_is_infinite() -> None:
    rec = written("W = [[1.0, 2.0, 0.0]]; x = [inf, 1.0, inf]", "z = W @ x; L = sum(z)")
    assert blamed(rec, "z") == Culprit(Cause.ZERO_TIMES_INFINITE)
    rec = written("W = [[1.0, 2.0, 3.0]]; x = [1.0, nan, inf]", "z = W @ x; L = sum(z)")
    assert blamed(rec, "z") == Culprit(Cause.CARRIED, at(rec, "x", 1))
    rec = written("W = [[1.0, 2.0, 3.0]]; x = [1.0, 1.0, inf]", "z = W @ x; L = sum(z)")
    assert blamed(rec, "z") == Culprit(Cause.CARRIED, at(rec, "x", 2))
    rec = written("W = [[1.0, inf, 3.0]]; x = [1.0, 1.0, 1.0]", "z = W @ x; L = sum(z)")
    assert blamed(rec, "z") == Culprit(Cause.CARRIED, at(rec, "W", 1))
    rec = written("W = [[1.0, -1.0]]; x = [inf, inf]", "z = W @ x; L = sum(z)")
    assert blamed(rec, "z") == Culprit(Cause.INFINITE_MINUS_INFINITE)
    # Every term is finite, and their sum is not.
    rec = written("W = [[1.0, 1.0]]; x = [1e308, 1e308]", "z = W @ x; L = sum(z)")
    assert blamed(rec, "z") == Culprit(Cause.OVERFLOW)


def test_what_is_blamed_is_found_beyond_the_first_piece_of_a_long_sum() -> None:
    rec = written("x = { shape = [200000], init = 'ones' }", "h = x * 1; L = sum(h)")
    data = list(rec.trace.data)
    h = rec.graph.by_name["h"].id
    data[h] = np.where(np.arange(200_000) == 150_001, np.inf, 1.0)
    data[rec.graph.loss.id] = np.asarray(np.inf)
    object.__setattr__(rec.trace, "data", tuple(data))
    try:
        assert blamed(rec, "L") == Culprit(Cause.CARRIED, Element(h, 150_001))
    finally:
        written.cache_clear()


def test_a_mask_is_there_on_purpose() -> None:
    rec = written("x = [1.0, -2.0]; low = -inf", "m = where(x > 0, x, low); s = softmax(m); L = sum(s * x)")
    masked = deliberate(rec, node_of(rec, "m"))
    assert masked is not None
    assert masked.tolist() == [False, True]
    assert deliberate(rec, node_of(rec, "s")) is None
    assert blamed(rec, "m", 1) == Culprit(Cause.GIVEN)


def test_a_gradient_carries_on_what_arrives_or_a_slope_that_is_none() -> None:
    rec = written("x = [0.0, 4.0]", "r = sqrt(x); L = sum(r)")
    assert of_gradient(rec, at(rec, "x")) == Culprit(Cause.DIVISION_BY_ZERO)
    rec = written("x = [1.0]", "a = x * 2; b = log(a - 2); L = sum(b)")
    assert of_gradient(rec, at(rec, "x")) == Culprit(Cause.CARRIED, at(rec, "a"), gradient=True)
    rec = written("x = 2.0; y = inf", "L = x * y")
    assert of_gradient(rec, at(rec, "x")) == Culprit(Cause.CARRIED, at(rec, "y"))


@pytest.mark.parametrize(
    ("w", "formula", "lr", "culprit"),
    [
        ("1e300", "w * w", 1e300, "overflow"),
        ("inf", "w * 1", 0.1, "its value"),
        ("0.0", "sqrt(w)", 0.1, "its gradient"),
    ],
)
def test_an_update_that_is_not_finite(w: str, formula: str, lr: float, culprit: str) -> None:
    rec = record(loads(f'format = 1\n[parameters]\nw = {w}\n[graph]\nL = "{formula}"\n[training]\nlr = {lr}\n'))
    element = at(rec, "w")
    assert not np.isfinite(rec.updated(*element))
    expected = {
        "overflow": Culprit(Cause.OVERFLOW),
        "its value": Culprit(Cause.CARRIED, element),
        "its gradient": Culprit(Cause.CARRIED, element, gradient=True),
    }
    assert of_update(rec, element) == expected[culprit]
