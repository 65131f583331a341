"""What is known at a moment: nothing before its step, and a sum under way as far as it has come."""

from __future__ import annotations

import numpy as np
import pytest
from debugging import fresh

from gradstep.engine.run.timeline import Phase, Position


def test_pending_is_never_a_number() -> None:
    session = fresh()
    graph = session.recording.graph
    for step in range(32):
        frame = session.frame_at(Position(step))
        for number in range(1, 32):
            line = frame.tape_line(number)
            assert (line.value is None) == (number > step)
        assert (frame.loss is None) == (step < 7)
        for value in graph.values:
            for k in range(value.size):
                assert frame.grad(value.id, k) is None or step >= 8


def test_an_element_under_way_shows_its_sum_so_far() -> None:
    session = fresh("fan-out", "goto h.grad[0]")
    session.restart()
    h = session.recording.graph.by_name["h"].id
    # First path of the design's picture: −0.0930 × 0.6 = −0.0558 (the whole is −0.0147).
    assert session.frame().grad(h, 0) == pytest.approx(-0.0558, abs=5e-5)
    session.finish()
    assert session.frame().grad(h, 0) == pytest.approx(-0.0147, abs=5e-5)


def test_new_numbers_come_with_the_update() -> None:
    """b2 after a step of plain descent with η = 0.1: 0.2 − 0.1 (y − t) y (1 − y)."""
    session = fresh("walkthrough", "goto end")
    b2 = session.recording.graph.by_name["b2"].id
    y = 1 / (1 + np.exp(-(0.6 * 0.54 - 0.4 * 0.2 + 0.2)))
    assert session.frame().new(b2, 0) == pytest.approx(0.2 - 0.1 * (y - 1) * y * (1 - y), rel=1e-12)
    assert session.frame_at(Position(session.position.step - 1)).new(b2, 0) is None


def test_over_all_samples_values_are_averaged_and_gradients_added() -> None:
    session = fresh("xor", "goto end", "sample all")
    frame, graph, trace = session.frame(), session.recording.graph, session.recording.trace
    hidden = next(v for v in graph.values if v.name == "h")
    whole, slopes = trace.data[hidden.id], trace.gradient(hidden.id)
    assert session.recording.samples.axis(hidden.id) == 0
    assert frame.seen(hidden.id, 1, Phase.FORWARD) == pytest.approx(whole[:, 1].mean())
    assert frame.seen(hidden.id, 1, Phase.BACKWARD) == pytest.approx(slopes[:, 1].sum())
    over = frame.over_samples(hidden.id, 1, Phase.FORWARD)
    assert over is not None
    assert np.array_equal(over, whole[:, 1])
    start = session.frame_at(Position(0))
    assert start.over_samples(hidden.id, 1, Phase.FORWARD) is None
    assert start.seen(hidden.id, 1, Phase.FORWARD) is None


def test_before_an_edit_there_was_another_number() -> None:
    session = fresh("walkthrough", "goto end", "set b1[1] = 0.4")
    h, x = session.recording.graph.by_name["h"].id, session.recording.graph.by_name["x"].id
    frame = session.frame()
    assert frame.data(h, 1) == pytest.approx(-0.2 * 0.5 + 0.5 * 0.8 + 0.4)
    assert frame.before(Phase.FORWARD, h, 1) == pytest.approx(-0.2 * 0.5 + 0.5 * 0.8 - 0.1)
    assert frame.before(Phase.FORWARD, h, 0) is None
    assert frame.before(Phase.FORWARD, x, 0) is None
    assert session.frame_at(Position(1)).before(Phase.FORWARD, h, 1) is None
    assert fresh("walkthrough", "goto end").frame().before(Phase.FORWARD, h, 1) is None
