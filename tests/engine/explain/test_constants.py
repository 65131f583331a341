"""Where a function does not depend on a number: known by algebra, against what only happens to cancel."""

from __future__ import annotations

import pytest
from graphs import at, written
from recordings import recording

from gradstep.engine.explain.constants import constant
from gradstep.engine.graph.element import Element


@pytest.mark.parametrize(
    ("leaves", "lines", "of", "text"),
    [
        ("x = [2.0, 3.0]", "d = x - x; L = sum(d * 5)", "x", "x - x"),
        ("x = [2.0, 3.0]", "q = x / x; L = sum(q * 5)", "x", "x / x"),
        ("x = [2.0]", "d = x - mean(x); L = sum(d * d)", "x", "x - mean(x)"),
        ("x = [[2.0]]", "d = softmax(x * 3); L = sum(d)", "x", "softmax(x * 3)"),
        ("x = [2.0]", "L = sum(log(exp(x)) - x)", "x", "log(exp(x)) - x"),
        ("x = [2.0]", "e = x ** 0; L = sum(e)", "x", "x ** 0"),
        # A shift of all scores changes no share; the gradient is 0 but for rounding.
        ("s = [1.0, 2.0]; b = [0.5]", "p = softmax(s + b); L = p[0]", "b", "softmax(s + b)"),
        ("x = [2.0]; y = [3.0]", "L = sum(x * y) - 3 * sum(x)", "x", None),
        ("x = [2.0, 5.0]", "d = x - mean(x); L = sum(d)", "x", "sum(d)"),
        ("x = [2.0, 5.0]", "d = x - mean(x); L = sum(d * d)", "x", None),
        ("x = [0.0]", "L = sum(x * x)", "x", None),
        ("x = [inf]", "L = sum(tanh(x))", "x", None),
    ],
)
def test_the_node_at_which_every_effect_ends(leaves: str, lines: str, of: str, text: str | None) -> None:
    rec = written(leaves, lines)
    found = constant(rec, at(rec, of))
    assert (None if found is None else found.text) == text


def test_whole_numbers_stay_what_they_are() -> None:
    """Class numbers are no numbers to be changed a little."""
    for name in ("softmax-cross-entropy", "walkthrough", "xor"):
        rec = recording(name)
        for parameter in rec.graph.parameters:
            assert constant(rec, Element(parameter.id, 0)) is None


def test_a_large_network_is_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rec = written("x = [7.0, 3.0]", "d = x - x; L = sum(d * 5)")
    monkeypatch.setattr("gradstep.engine.explain.constants._LARGEST", 4)
    rec.memory.clear()
    assert constant(rec, at(rec, "x")) is None
    rec.memory.clear()
