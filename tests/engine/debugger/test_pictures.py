"""What a picture shows of an array: its numbers, sizes and distribution by NumPy, and that nothing is there before it
is computed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import CONV, looking

from gradstep.engine.debugger.pictures import Kind, Picture, distribution, picture, spread, written
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import find, loads
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.run.timeline import Position


def shown(*numbers: float, kind: Kind = Kind.DATA) -> Picture:
    return Picture(np.array(numbers), (len(numbers),), kind)


@given(st.floats(0, 1), st.sampled_from([0, 1, 2, None]))
@settings(max_examples=60, deadline=None)
def test_numbers_are_written_exactly_when_the_frame_knows_them(share: float, sample: int | None) -> None:
    """Held against the frame's own answer for every single element."""
    session = Session(loads(CONV))
    recording = session.recording
    session.go_to(Position(round(share * recording.timeline.total)))
    session.sample = sample
    frame = session.frame()
    for value in recording.graph.values:
        if value.role is Role.LITERAL:
            continue
        for kind in Kind:
            if kind is Kind.GRAD and recording.trace.grad[value.id] is None:
                continue
            there = written(frame, value.id, kind)
            read = frame.grad if kind is Kind.GRAD else frame.data
            last = sample if sample is not None else recording.samples.count - 1
            grid = recording.samples.elements(value.id, last)
            known = [read(value.id, flat) is not None for flat in grid.take(0, grid.size).tolist()]
            assert [there.at(position) for position in range(grid.size)] == known, (value.name, kind)
            assert (there.size, there.some, there.all) == (grid.size, any(known), all(known)), (value.name, kind)


def test_while_a_sum_is_added_up_its_number_is_not_written() -> None:
    for term, expected in ((3, False), (None, True)):
        session = looking(CONV, 1, term=term)
        c = session.recording.graph.by_name["c"].id
        assert written(session.frame(), c, Kind.DATA).at(0) == expected


def test_one_sample_is_a_slice_and_all_are_a_mean_or_a_sum() -> None:
    recording = Session(find("digits")).recording
    trace, h = recording.trace, recording.graph.by_name["h"].id
    for kind, whole in ((Kind.DATA, trace.data[h]), (Kind.GRAD, trace.gradient(h))):
        assert picture(recording, h, kind, 3).numbers.tolist() == whole[3].tolist()
        expected = whole.mean(0) if kind is Kind.DATA else whole.sum(0)
        assert picture(recording, h, kind, None).numbers == pytest.approx(expected, rel=1e-15)
        assert picture(recording, h, kind, None).shape == (32,)
    W = recording.graph.by_name["W1"].id
    assert picture(recording, W, Kind.DATA, 3).numbers.tolist() == trace.data[W].reshape(-1).tolist()


def test_an_edited_run_has_its_own_pictures() -> None:
    session = Session(find("digits"))
    value = session.recording.graph.by_name["h"].id
    before = picture(session.recording, value, Kind.DATA, None)
    session.edit("W1[0,20] = 9")
    after, mean = picture(session.recording, value, Kind.DATA, None), session.recording.trace.data[value].mean(0)
    assert after.norm == pytest.approx(np.linalg.norm(mean)) != before.norm
    assert after.peak == pytest.approx(abs(mean).max()) != before.peak


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40))
def test_sizes_are_numpys(numbers: list[float]) -> None:
    found, array = shown(*numbers), np.array(numbers)
    assert found.norm == pytest.approx(np.linalg.norm(array), rel=1e-12)
    assert found.peak == abs(array).max()
    assert found.outstanding == abs(array).argmax()
    assert found.shut == (array <= 0).sum()
    assert found.signed == bool((array < 0).any())
    assert found.size == len(numbers)


def test_what_is_not_finite_counts_for_nothing_and_stands_out() -> None:
    nan, inf = float("nan"), float("inf")
    assert shown(1.0, nan, -3.0, inf).peak == 3.0
    assert shown(nan, -inf).peak == 0.0
    assert shown(1.0, -3.0, nan).outstanding == 2
    assert np.isnan(shown(1.0, nan).norm)
    assert shown(1.0, -inf).norm == inf
    assert not shown(nan, 1.0).signed
    assert shown(1.0, kind=Kind.GRAD).signed
    assert (shown().peak, shown().norm, shown().outstanding) == (0.0, 0.0, 0)


def test_norms_neither_overflow_nor_vanish_in_float32() -> None:
    for size in (3e30, 3e-30):
        array = np.full(2, size, np.float32)
        assert Picture(array, (2,), Kind.DATA).norm == pytest.approx(np.linalg.norm(array.astype(float)), rel=1e-6)


def test_of_a_target_the_class_is_known() -> None:
    assert shown(0.0, 0.0, 1.0).chosen == 2
    assert shown(0.0, 1.0, 1.0).chosen is None
    assert shown(0.0, 2.0).chosen is None


@given(st.lists(st.sampled_from([0.0, 1e-5, -3e-4, 2.0, -7e3, float("nan"), float("inf")]), max_size=30))
def test_a_distribution_counts_every_number_once(numbers: list[float]) -> None:
    found, array = shown(*numbers).distribution(7), np.array(numbers)
    finite = array[np.isfinite(array)] if numbers else array
    assert found.zeros == (finite == 0).sum()
    assert found.nonfinite == len(array) - len(finite)
    assert sum(found.counts) + found.zeros + found.nonfinite == found.size == len(numbers)
    size = abs(finite[finite != 0]) if numbers else array
    if len(size):
        assert 10.0**found.low <= size.min()
        assert size.max() <= 10.0**found.high
        edges = np.linspace(found.low, found.high, 8)
        above = np.log10(size)
        assert found.counts[-1] == ((above >= edges[6]) & (above <= edges[7])).sum()


def test_the_spread_over_samples_is_a_standard_deviation() -> None:
    session = Session(find("xor"))
    session.look(None)
    h = session.recording.graph.by_name["h"].id
    session.goto("h[2,1]")
    assert spread(session.frame(), Element(h, 1)) is None
    session.goto("h[3,1]")
    assert spread(session.frame(), Element(h, 1)) == pytest.approx(session.recording.trace.data[h][:, 1].std())


def test_distributions_are_kept() -> None:
    recording = Session(find("digits")).recording
    h = recording.graph.by_name["h"].id
    found = distribution(recording, h, Kind.GRAD, 0, 20)
    assert found is distribution(recording, h, Kind.GRAD, 0, 20)
    assert found.zeros == (recording.trace.gradient(h)[0] == 0).sum()
