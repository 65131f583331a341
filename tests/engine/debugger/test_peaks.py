"""The largest of many numbers, against a loop over every one of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradstep.engine.debugger import peaks
from gradstep.engine.debugger.peaks import extreme, extremes, gradient_peaks
from gradstep.engine.files import find, loads
from gradstep.engine.run.recording import record
from gradstep.engine.run.timeline import Phase


@pytest.mark.parametrize("name", ["walkthrough", "xor", "residual"])
def test_of_each_range_of_steps_the_largest_gradient(name: str) -> None:
    recording = record(find(name))
    start, stop = recording.timeline.span(Phase.BACKWARD)
    ranges = tuple(range(a, min(a + 1 + a % 5, stop + 1)) for a in range(start + 1, stop + 1))
    for one, found in zip(ranges, gradient_peaks(recording, ranges, len(ranges)), strict=True):
        every = []
        for step in one:
            sweep, flat = recording.timeline.locate(step)
            every.append(recording.trace.gradient(sweep.value).item(flat))
        assert found == max(every, key=abs)


def test_of_a_long_range_a_sample_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "_SAMPLE", 4)
    text = 'format = 1\n[parameters]\nw = {}\n[graph]\nL = "sum(w * w)"\n'
    recording = record(loads(text.format([float(k) for k in range(1, 17)])))
    sweep = recording.timeline.sweep_of(Phase.BACKWARD, recording.graph.by_name["w"].id)
    assert sweep is not None
    # ∂L/∂w is 2w; every fourth of 1 to 16 is 1, 5, 9, 13.
    assert gradient_peaks(recording, (range(sweep.start + 1, sweep.stop + 1),), 1) == (26.0,)
    assert gradient_peaks(recording, (), 0) == ()


def test_not_a_number_is_larger_than_infinity() -> None:
    numbers = np.array([1.0, -np.inf, np.nan, -3.0, 0.0, 2.0])
    found = extremes(numbers, 2)
    assert math.isnan(found[0])
    assert found[1] == -3.0
    assert extreme(numbers) == -np.inf
    assert math.isnan(extreme(np.array([np.nan])))
    assert extremes(np.array([1.0, -2.0]), 4) == (1.0, 1.0, -2.0, -2.0)


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=50), st.integers(1, 60))
def test_pieces_cover_all_numbers(numbers: list[float], count: int) -> None:
    found = extremes(np.array(numbers), count)
    assert len(found) == count
    assert max(map(abs, found)) == max(map(abs, numbers)) == abs(extreme(np.array(numbers)))


def test_of_a_range_with_numbers_that_are_not_finite_the_first_that_is_none() -> None:
    text = 'format = 1\n[parameters]\nw = [0.0, -1.0, 4.0, 0.0, 0.0]\n[graph]\nL = "sum(sqrt(w))"\n'
    recording = record(loads(text))
    sweep = recording.timeline.sweep_of(Phase.BACKWARD, recording.graph.by_name["w"].id)
    assert sweep is not None
    gradient = recording.trace.gradient(sweep.value)
    first = sweep.start + 1
    ranges = (range(first, first + 2), range(first + 2, first + 3), range(first + 3, first + 5))
    found = gradient_peaks(recording, ranges, 3)
    assert np.isnan(gradient[1])
    assert math.isnan(found[0])
    assert found[1] == gradient[2] == 0.25
    assert found[2] == gradient[3] == np.inf
