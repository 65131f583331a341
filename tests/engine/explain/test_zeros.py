"""Why a gradient is exactly zero: where it became so, however many ways lead there."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Network, network

from gradstep.engine.explain import zeros
from gradstep.engine.explain.hops import Hop, hops
from gradstep.engine.explain.zeros import reason
from gradstep.engine.graph.element import Element
from gradstep.engine.ops.causes import ZeroReason
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.scenario import Scenario


def recorded(net: Network) -> Recording:
    return record(Scenario("", "", "", "", "", net.graph, net.leaves))


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
