"""Why a gradient is exactly zero: where it became so, however many ways lead there."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import network, recorded, written

from gradstep.engine.explain import zeros
from gradstep.engine.explain.hops import Hop, hops
from gradstep.engine.explain.zeros import reason
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.run.recording import Recording

ZERO = [
    ("x = [-1.0, 2.0]", "h = relu(x); L = sum(h * 2)", "x[0]", ZeroReason.GATE_SHUT, "x[0]"),
    ("x = [-1.0, 2.0]", "h = relu(x); L = sum(h * h)", "x[0]", ZeroReason.INPUT_ZERO, "h[0]"),
    (
        "W = [[1.0, 2.0]]; x = [-1.0, 2.0]",
        "h = relu(W @ x * -1); L = sum(h)",
        "W[0,1]",
        ZeroReason.GATE_SHUT,
        "h:multiply[0]",
    ),
    ("x = [1.0, 2.0]", "h = max(x); L = h * 3", "x[0]", ZeroReason.GATE_SHUT, "x[0]"),
    ("x = [1.0, 2.0]", "h = where(x > 1, x, 0); L = sum(h)", "x[0]", ZeroReason.GATE_SHUT, "x[0]"),
    ("x = 3.0", "h = clip(x, -1, 1); L = h * 2", "x", ZeroReason.GATE_SHUT, "x"),
    ("W = [[1.0, 2.0]]; x = [0.0, 2.0]", "z = W @ x; L = sum(z)", "W[0,0]", ZeroReason.WEIGHT_ZERO, "W[0,0]"),
    ("W = [[0.0, 2.0]]; x = [3.0, 2.0]", "z = W @ x; L = sum(z)", "x[0]", ZeroReason.WEIGHT_ZERO, "x[0]"),
    ("W = [[1.0]]; x = [-2.0]", "h = relu(x); z = W @ h; L = sum(z)", "W[0,0]", ZeroReason.INPUT_ZERO, "W[0,0]"),
    ("x = [1.0]; y = [2.0]", "u = y * 2; L = sum(x)", "y[0]", ZeroReason.NO_PATH, "y[0]"),
    ("x = [1.0]", "L = sum(x - x)", "x[0]", ZeroReason.CANCELLED, "x[0]"),
    ("x = [1e-200]", "h = x * 1e-200; g = h * 1e-200; L = sum(g)", "x[0]", ZeroReason.UNDERFLOW, "x[0]"),
    ("x = [40.0]", "h = sigmoid(x); L = sum(h)", "x[0]", ZeroReason.UNDERFLOW, "x[0]"),
    ("x = [0.0, 900.0]", "s = softmax(x); L = sum(s * s)", "x[0]", ZeroReason.UNDERFLOW, "x[0]"),
    ("x = [0.0]", "L = sum(x ** 2)", "x[0]", ZeroReason.FLAT, "x[0]"),
    ("x = [0.0]", "L = sum(cos(x))", "x[0]", ZeroReason.FLAT, "x[0]"),
    ("x = [3.0]", "L = mse(x, 3)", "x[0]", ZeroReason.FLAT, "x[0]"),
    ("x = [0.0]", "L = sum(abs(x))", "x[0]", ZeroReason.FLAT, "x[0]"),
]


@pytest.mark.parametrize(("leaves", "lines", "of", "why", "at"), ZERO, ids=lambda v: v if isinstance(v, str) else "")
def test_why_a_gradient_is_exactly_zero(leaves: str, lines: str, of: str, why: ZeroReason, at: str) -> None:
    rec = written(leaves, lines)
    target = rec.board.resolve(of)
    assert target.flat is not None
    found = reason(rec, Element(target.value.id, target.flat))
    assert found is not None
    assert (found.reason, rec.board.typed(*found.element)) == (why, at)


def test_what_is_not_zero_has_no_reason() -> None:
    rec = written("x = [-1.0, 2.0]", "h = relu(x); L = sum(h * h)")
    assert reason(rec, Element(rec.graph.by_name["x"].id, 1)) is None


def test_the_reason_of_the_smallest_way_of_a_thousand() -> None:
    """A sum of a thousand ways, all shut but one that is cancelled by nothing."""
    rec = written("w = [0.0]; x = { shape = [1000], init = 'ones' }", "h = x * w; L = sum(h * 0 - h * 0)")
    found = reason(rec, Element(rec.graph.by_name["w"].id, 0))
    assert found is not None
    assert found.reason in (ZeroReason.CANCELLED, ZeroReason.INPUT_ZERO)


def test_thousands_of_layers_and_ways_without_number_are_followed_to_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = {f"h{k}": f"W @ h{k - 1}" for k in range(1, 1500)}
    net = network({"h0": np.ones(3)}, {"W": np.full((3, 3), 1 / 3)}, {**lines, "L": "sum(relu(h1499 - 10))"})
    recording = recorded(net)
    found = reason(recording, Element(recording.graph.by_name["h1"].id, 2))
    assert found is not None
    assert found.reason is ZeroReason.GATE_SHUT
    node = recording.graph.nodes[recording.graph.values[found.element.value].node]
    assert node.op.name == "subtract"  # what the ReLU looks at
    asked: list[Element] = []

    def counted(recording: Recording, element: Element, limit: int) -> tuple[int, list[Hop]]:
        asked.append(element)
        return hops(recording, element, limit)

    monkeypatch.setattr(zeros, "hops", counted)
    assert reason(recording, Element(recording.graph.by_name["h2"].id, 0)) == found
    assert len(asked) <= 3  # the rest of the way is known


def test_ways_that_lead_nowhere_are_passed_over_for_one_that_tells() -> None:
    net = network(
        {"x": [1.0, 2.0]}, {"w": [1.0, 1.0]}, {"a": "w * x", "b": "a[0] * 3", "c": "relu(-a)", "L": "sum(c) + 0 * b"}
    )
    recording = recorded(net)
    found = reason(recording, Element(recording.graph.by_name["a"].id, 1))
    assert found is not None
    assert found.reason is ZeroReason.GATE_SHUT


def test_without_any_way_there_is_no_path() -> None:
    net = network({"x": [1.0, 2.0]}, {"w": [1.0, 1.0]}, {"a": "w * x", "b": "a + a", "L": "b[0] * 2"})
    recording = recorded(net)
    a = recording.graph.by_name["a"].id
    found = reason(recording, Element(a, 1))
    assert found is not None
    assert (found.reason, found.element) == (ZeroReason.NO_PATH, Element(a, 1))
    assert reason(recording, Element(a, 0)) is None
