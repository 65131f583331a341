"""Why a gradient is exactly zero: where it became so, however many ways lead there."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import network, recorded, written

from gradstep.engine.explain import zeros
from gradstep.engine.explain.hops import Hop, hops
from gradstep.engine.explain.zeros import reason, reasons, settled
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
    ("x = [1.0, 2.0]", "h = dropout(x, p=0.9); L = sum(h)", "x[0]", ZeroReason.GATE_SHUT, "x[0]"),
    (
        "x = [[1.0, 2.0], [3.0, 4.0]]",
        "h = causal_mask(x); L = h[0,0] + h[1,1] + relu(h[0,1])",
        "x[0,1]",
        ZeroReason.GATE_SHUT,
        "L:index3",
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
    ("x = [3.0]", "L = mse(x, 3)", "x[0]", ZeroReason.FITS, "x[0]"),
    ("x = [-3.0]", "L = huber(x, -3)", "x[0]", ZeroReason.FITS, "x[0]"),
    ("x = [3.0]", "s = softmax(x); L = s[0] * 2", "x[0]", ZeroReason.CONSTANT, "x[0]"),
    ("x = [3.0]", "s = log_softmax(x); L = s[0] * 2", "x[0]", ZeroReason.CONSTANT, "x[0]"),
    ("x = [[3.0], [1.0]]", "s = layer_norm(x); L = s[0,0] * 2", "x[0,0]", ZeroReason.CONSTANT, "x[0,0]"),
    ("x = [[3.0, 1.0]]", "s = batch_norm(x); L = s[0,1] * 2", "x[0,1]", ZeroReason.CONSTANT, "x[0,1]"),
    ("x = [900.0]", "e = exp(x); L = sum(1 / (1 + e))", "e[0]", ZeroReason.BY_INFINITY, "L:add[0]"),
    ("x = [0.0]", "L = sum(abs(x))", "x[0]", ZeroReason.FLAT, "x[0]"),
]


@pytest.mark.parametrize(("leaves", "lines", "of", "why", "at"), ZERO, ids=lambda v: v if isinstance(v, str) else "")
def test_why_a_gradient_is_exactly_zero(leaves: str, lines: str, of: str, why: ZeroReason, at: str) -> None:
    rec = written(leaves, lines)
    target = rec.board.resolve(of)
    assert target.flat is not None
    element = Element(target.value.id, target.flat)
    assert rec.trace.derivative(element) == 0
    found = reason(rec, element)
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


# All of the reasons, and not only the first -------------------------------------------------------


def test_of_samples_with_different_reasons_each_is_told_and_counted() -> None:
    """relu(w x + b) against t: the first sample meets its target, of two the gate is shut; the last has no input."""
    net = network(
        {"x": [2.0, 0.5, -1.0, 0.0], "t": [1.0, 3.0, 1.0, 9.0]},
        {"w": 1.0, "b": -1.0},
        {"z": "w * x + b", "h": "relu(z)", "L": "mse(h, t)"},
    )
    recording = recorded(net)
    w, b = (Element(recording.graph.by_name[name].id, 0) for name in ("w", "b"))
    found = reasons(recording, w)
    assert found is not None
    assert {zero.reason: n for zero, n in found.found.items()} == {ZeroReason.FITS: 1, ZeroReason.GATE_SHUT: 3}
    assert found.of == 4
    assert found.kinds == {ZeroReason.FITS, ZeroReason.GATE_SHUT}
    where = {zero.reason: recording.typed(zero.element) for zero in found.found}
    assert where == {ZeroReason.FITS: "h[0]", ZeroReason.GATE_SHUT: "z[1]"}
    assert reasons(recording, b) is not None


def test_a_weight_of_inputs_that_are_0_and_of_gates_that_are_shut_has_both_reasons() -> None:
    net = network(
        {"x": [0.0, -1.0]}, {"w": 2.0}, {"z": "w * x", "h": "relu(z)", "L": "sum(h) + z[0]"}
    )  # fmt: skip
    recording = recorded(net)
    found = reasons(recording, Element(recording.graph.by_name["w"].id, 0))
    assert found is not None
    assert {zero.reason: n for zero, n in found.found.items()} == {ZeroReason.INPUT_ZERO: 1, ZeroReason.GATE_SHUT: 1}


def test_ways_of_ways_are_counted_where_they_meet() -> None:
    """A way that has two reasons further on counts for both."""
    net = network({"x": 1.0}, {"w": 1.0}, {"a": "w * x", "b": "relu(-a)", "c": "a * 0", "L": "b + c"})
    recording = recorded(net)
    found = reasons(recording, Element(recording.graph.by_name["w"].id, 0))
    assert found is not None
    assert set(found.kinds) == {ZeroReason.GATE_SHUT, ZeroReason.INPUT_ZERO}
    assert found.of == 2


@pytest.mark.parametrize(
    ("leaves", "lines", "of", "constant"),
    [
        ("x = [2.0, 3.0]", "L = sum(x - x)", "x[0]", "x - x"),
        ("x = [2.0, 3.0]", "L = sum(x / x)", "x[1]", "x / x"),
        ("x = [2.0]", "d = x - mean(x); L = sum(d ** 2)", "x[0]", "x - mean(x)"),
        ("x = [2.0]", "d = x - mean(x); L = sum(d * 3)", "x[0]", "x - mean(x)"),
        ("x = [2.0]", "L = sum(3 * x) - 3 * sum(x)", "x[0]", "sum(3 * x) - 3 * sum(x)"),
        ("x = [[2.0]]; t = [[0.0]]", "L = mse(layer_norm(x), t)", "x[0,0]", "layer_norm(x)"),
        # These are 0 only with these numbers.
        ("x = [2.0]; y = [3.0]", "L = sum(x * y) - 3 * sum(x)", "x[0]", None),
        ("x = [0.0]", "L = sum(x ** 2)", "x[0]", None),
        ("x = [2.0]", "L = sum(x ** 2) - 4 * sum(x)", "x[0]", None),
        ("x = [0.5]", "L = mse(x, 0.5)", "x[0]", None),
        ("x = [0.0]", "L = sum(cos(x))", "x[0]", None),
    ],
)
def test_what_is_0_whatever_the_numbers_are_is_told_from_what_happens_to_be(
    leaves: str, lines: str, of: str, constant: str | None
) -> None:
    rec = written(leaves, lines)
    target = rec.board.resolve(of)
    assert target.flat is not None
    found = settled(rec, Element(target.value.id, target.flat))
    assert found is not None
    (zero,) = found.found
    assert (zero.reason is ZeroReason.CONSTANT) == (constant is not None)
    if constant is not None and zero.hop is None:
        assert rec.graph.nodes[zero.node].text == constant


def test_what_is_not_zero_is_settled_at_once() -> None:
    rec = written("x = [2.0]", "L = sum(x * x)")
    assert settled(rec, Element(rec.graph.by_name["x"].id, 0)) is None
