"""What an element is computed from: local derivatives against finite differences, and that what comes back through
all it feeds is its gradient."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import CONV

from gradstep.engine.debugger.session import Session
from gradstep.engine.explain.inputs import flows, sources, weights, window
from gradstep.engine.files import find, loads
from gradstep.engine.graph.element import Element
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase


def recordings() -> dict[str, Recording]:
    found = {name: Session(find(name)).recording for name in ("walkthrough", "xor", "residual", "attention-head")}
    return {**found, "conv": Session(loads(CONV)).recording}


RECORDINGS = recordings()
STEP = 1e-6


@pytest.mark.parametrize("name", RECORDINGS)
def test_local_derivatives_are_those_of_finite_differences(name: str) -> None:
    recording = RECORDINGS[name]
    trace = recording.trace
    for node in recording.graph.nodes:
        size = recording.graph.values[node.output].size
        for flat in {0, size // 2, size - 1}:
            for source in sources(recording, Element(node.output, flat)):
                xs = trace.inputs(node)
                for k in {0, len(source.flats) // 2, len(source.flats) - 1}:
                    ends = []
                    for step in (STEP, -STEP):
                        moved = xs[source.slot].copy()
                        moved.reshape(-1)[source.flats[k]] += step
                        inputs = [moved if slot == source.slot else x for slot, x in enumerate(xs)]
                        ends.append(float(np.asarray(node.op.forward(inputs)).reshape(-1)[flat]))
                    slope = (ends[0] - ends[1]) / (2 * STEP)
                    assert source.local[k] == pytest.approx(slope, abs=1e-7, rel=1e-6), (node.text, flat, k)


@pytest.mark.parametrize("name", RECORDINGS)
@pytest.mark.parametrize("together", [False, True])
def test_what_comes_through_all_elements_adds_up_to_the_gradient(name: str, together: bool) -> None:
    """Over all samples: each element of the first sample stands for its like in the others."""
    recording = RECORDINGS[name]
    graph, trace, samples = recording.graph, recording.trace, recording.samples
    shown = range(samples.count) if together else range(1)
    for value in graph.values:
        if trace.grad[value.id] is None or value is graph.loss or (together and samples.axis(value.id) is not None):
            continue
        total = np.zeros(value.size)
        for node in graph.nodes:
            if value.id not in node.inputs or trace.grad[node.output] is None:
                continue
            batched = samples.axis(node.output) is not None
            grid = samples.elements(node.output, 0)
            flats = grid.take(0, grid.size) if together and batched else range(graph.values[node.output].size)
            for flat in flats:
                element = Element(node.output, int(flat))
                for source in sources(recording, element):
                    if source.value == value.id:
                        found = flows(recording, element, source, shown)
                        assert found is not None
                        np.add.at(total, source.flats, found)
        assert total == pytest.approx(trace.gradient(value.id).reshape(-1), rel=1e-9, abs=1e-12), value.name


def test_nothing_flows_where_the_backward_pass_does_not_go() -> None:
    recording = RECORDINGS["walkthrough"]
    z = Element(recording.graph.by_name["z1"].id, 0)
    by_value = {recording.graph.values[s.value].name: s for s in sources(recording, z)}
    assert flows(recording, z, by_value["x"], range(1)) is None
    assert flows(recording, z, by_value["W1"], range(1)) is not None
    assert sources(recording, Element(recording.graph.by_name["x"].id, 0)) == ()


def test_the_weight_is_named_that_supplies_a_derivative() -> None:
    recording = RECORDINGS["walkthrough"]
    graph = recording.graph.by_name
    x = next(s for s in sources(recording, Element(graph["z1"].id, 1)) if s.value == graph["x"].id)
    assert x.factor is not None
    assert x.factor[0] == graph["W1"].id
    assert x.factor[1].tolist() == [2, 3]
    assert [tuple(e) for e in x.elements()] == [(graph["x"].id, 0), (graph["x"].id, 1)]
    assert x.local.tolist() == recording.trace.data[graph["W1"].id][1].tolist()


def test_a_limit_leaves_the_first() -> None:
    recording = RECORDINGS["conv"]
    element = Element(recording.graph.by_name["y"].id, 1)
    whole, some = sources(recording, element), sources(recording, element, 5)
    for a, b in zip(whole, some, strict=True):
        assert b.flats.tolist() == a.flats[:5].tolist()
        assert b.local.tolist() == a.local[:5].tolist()


def test_a_neuron_weighs_its_inputs_with_a_row_of_the_matrix() -> None:
    recording = RECORDINGS["xor"]
    graph, trace = recording.graph.by_name, recording.trace
    sums = recording.board.layer_of[graph["h"].id].pre
    found = weights(recording, Element(sums, 5))
    assert found is not None
    assert found.tolist() == trace.data[graph["W1"].id][5 % 4].tolist()
    assert weights(recording, Element(graph["h"].id, 5)) is None  # tanh adds up nothing
    assert weights(recording, Element(graph["x"].id, 0)) is None


def test_the_window_of_a_convolution_is_its_receptive_field() -> None:
    """c[1,3,2,1] of a 2×2 kernel reads rows 2 and 3, columns 1 and 2 of both channels: by the definition."""
    recording = RECORDINGS["conv"]
    graph = recording.graph.by_name
    flat = int(np.ravel_multi_index((1, 3, 2, 1), graph["c"].shape))
    seen = window(recording, Element(graph["c"].id, flat), graph["x"].id)
    assert seen is not None
    expected = {(1, c, row, column) for c in range(2) for row in (2, 3) for column in (1, 2)}
    assert {tuple(int(i) for i in np.unravel_index(p, graph["x"].shape)) for p in seen} == expected
    assert window(recording, Element(graph["c"].id, flat), graph["W"].id) is None
    assert window(recording, Element(graph["x"].id, 0), graph["k"].id) is None


def test_the_gradient_that_comes_through_a_hop_is_upstream_times_local() -> None:
    """The first of a sum's parts, as the backward pass has it."""
    session = Session(find("fan-out"))
    recording = session.recording
    h = recording.graph.by_name["h"].id
    step = recording.timeline.step_of(Phase.BACKWARD, h, 0)
    assert step is not None
    session.goto(str(step))
    rows, _ = session.frame().sum.rows(20)
    parts = []
    for node in recording.graph.nodes:
        if h in node.inputs:
            for flat in range(recording.graph.values[node.output].size):
                element = Element(node.output, flat)
                for source in sources(recording, element):
                    found = flows(recording, element, source, range(1))
                    if source.value == h and found is not None and 0 in source.flats:
                        parts.append(float(found[source.flats.tolist().index(0)]))
    assert sorted(parts) == pytest.approx(sorted(row.contribution for row in rows))
