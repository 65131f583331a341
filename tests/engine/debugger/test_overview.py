"""What is said of a whole array, held against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.debugger import overview
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.run.timeline import Phase


def test_norms_and_largest_elements_are_numpys() -> None:
    session = Session(find("digits"))
    recording = session.recording
    for sweep in recording.timeline.sweeps:
        array = overview.array_of(recording, sweep)
        gradient = sweep.phase in (Phase.BACKWARD, Phase.UPDATE)
        assert overview.norm(recording, sweep.value, gradient) == pytest.approx(np.linalg.norm(array), rel=1e-12)
        assert overview.largest(recording, sweep) == abs(array).argmax()
        value = recording.graph.values[sweep.value]
        axis = recording.samples.axis(sweep.value)
        if axis is not None:
            at = np.unravel_index(overview.largest(recording, sweep, 3), value.shape)
            assert at[axis] == 3
            assert abs(array[at]) == abs(np.take(array, 3, axis)).max()


def test_norms_neither_overflow_nor_vanish_in_float32() -> None:
    text = 'format = 1\ndtype = "float32"\n[parameters]\nw = [{0}, {0}]\n[graph]\nL = "sum(w)"\n'
    for size in ("3e30", "3e-30"):
        recording = Session(loads(text.format(size))).recording
        expected = float(np.linalg.norm(np.array([float(size)] * 2)))
        assert overview.norm(recording, recording.graph.by_name["w"].id, False) == pytest.approx(expected, rel=1e-6)


def test_what_is_said_of_a_whole_array_is_true() -> None:
    """Counts of shut gates and the largest gradients, by NumPy."""
    session = Session(find("digits"))
    recording, trace = session.recording, session.recording.trace
    graph = recording.graph.by_name
    told = {
        (s.phase, recording.graph.values[s.value].name): overview.narration(recording, s)
        for s in recording.timeline.sweeps
    }
    shut = int((trace.data[graph["z1"].id] <= 0).sum())
    assert f"{shut} of 1,024 gates are shut" in told[Phase.FORWARD, "h"].caption
    assert f"{shut} of 1,024 gates are shut" in told[Phase.BACKWARD, "z1"].caption
    grad = trace.grad[graph["h"].id]
    assert grad is not None
    row, column = np.unravel_index(abs(grad).argmax(), grad.shape)
    assert f"∂L/∂h[{row},{column}] = " in told[Phase.BACKWARD, "h"].caption
    assert "adds up 10 terms" in told[Phase.BACKWARD, "h"].caption


def test_an_array_that_stops_being_finite_says_where_and_why() -> None:
    session = Session(find("digits"))
    session.edit("W1[4,20] = nan")
    recording = session.recording
    sweep = recording.timeline.sweep_of(Phase.FORWARD, recording.graph.by_name["z1"].id)
    assert sweep is not None
    bad = np.argwhere(np.isnan(recording.trace.data[sweep.value]))[0]
    caption = overview.narration(recording, sweep).caption
    assert caption.startswith(f"First at z₁[{bad[0]},{bad[1]}]: ")
    assert "W₁[4,20]" in caption


def test_the_norm_of_what_comes_through_one_of_several_uses() -> None:
    recording = Session(find("residual")).recording
    trace = recording.trace
    assert trace.flow
    for (node, slot), flow in trace.flow.items():
        assert overview.norm_through(recording, node, slot) == pytest.approx(np.linalg.norm(flow), rel=1e-12)
    single = next(n for n in recording.graph.nodes if (n.id, 0) not in trace.flow)
    assert overview.norm_through(recording, single.id, 0) is None
