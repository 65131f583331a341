"""What is noted of an iteration is what its arrays say, whether they are measured together or one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.ask.search import elements
from gradstep.engine.ask.whatif import read_edit
from gradstep.engine.files import loads
from gradstep.engine.history.columns import LARGE
from gradstep.engine.history.history import History
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

#: W1, its gradient, the batch's sums and what the units give have more than LARGE elements; W2 has exactly so many.
WIDE = """format = 1
dtype = "{dtype}"
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [160, 140], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [160, 128], seed = 2 }}
[parameters]
W1 = {{ init = "he_normal", shape = [128, 140], seed = 3 }}
b1 = {{ init = "normal(-1, 1)", shape = [128], seed = 5 }}
W2 = {{ init = "he_normal", shape = [128, 128], seed = 4 }}
[graph]
z = "x @ W1.T + b1"
h = "relu(z)"
L = "mse(h @ W2.T, t)"
[training]
{training}
"""
TRAININGS = ["lr = 0.1", 'optimizer = "adam"\nlr = 0.02', "lr = 0.1\nzero_grad = false"]


def arrays(recording: Recording) -> dict[tuple[Phase, int], Array]:
    """What an iteration writes, by phase and value."""
    read = {Phase.BACKWARD: recording.trace.gradient, Phase.UPDATE: recording.updated}
    return {
        (s.phase, s.value): read.get(s.phase, recording.trace.data.__getitem__)(s.value)
        for s in recording.timeline.sweeps
        if s.size
    }


def norm(array: Array) -> float:
    """In double precision, and safe from overflow."""
    wide = array.astype(float).reshape(-1)
    with np.errstate(all="ignore"):
        peak = abs(wide).max()
        return float(peak * np.sqrt(((wide / peak) ** 2).sum())) if peak and np.isfinite(peak) else float(peak)


def check(history: History, iterations: list[int]) -> None:
    """Every column of some iterations against the arrays themselves."""
    s, rel = history.summaries, 1e-12 if history.start.graph.dtype == np.float64 else 1e-4
    for k in iterations:
        recording, row = history.recording(k), k - 1
        assert s.loss.low[row] == recording.trace.loss
        assert s.rate.low[row] == recording.update.lr
        for (phase, value), array in arrays(recording).items():
            assert np.array_equal(s.least(phase, value).low[row], array.min(), equal_nan=True)
            assert np.array_equal(s.largest(phase, value).low[row], array.max(), equal_nan=True)
            assert s.nonfinite(phase, value).low[row] == (~np.isfinite(array)).sum()
            assert s.norm(phase, value).low[row] == pytest.approx(norm(array), rel=rel, nan_ok=True)
        for parameter in recording.graph.parameters:
            moved = norm(recording.updated(parameter.id) - recording.trace.data[parameter.id])
            assert s.moved(parameter.id).low[row] == pytest.approx(moved, rel=max(rel, 1e-9), nan_ok=True)
        for value in s.counted:
            axis = recording.samples.axis(value)
            above = ~(recording.trace.data[value] <= 0)
            expected = above.reshape(-1) if axis is None else above.sum(axis=axis).reshape(-1)
            assert s.above_zero(value).low[row].tolist() == expected.tolist()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("training", TRAININGS)
def test_small_arrays(training: str, dtype: str) -> None:
    history = History(small(training + "\nbatch_size = 8", dtype=dtype))
    history.make(70)
    columns = history.summaries.columns
    assert columns.small == len(columns.sweeps)
    check(history, [1, 2, 33, 34, 70])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("training", TRAININGS)
def test_arrays_that_are_too_large_to_be_measured_together(training: str, dtype: str) -> None:
    history = History(loads(WIDE.format(training=training, dtype=dtype)))
    history.make(4)
    columns = history.summaries.columns
    graph = columns.recording.graph
    large = {(s.phase, graph.values[s.value].name) for s in columns.sweeps[columns.small :]}
    assert {(Phase.UPDATE, "W1"), (Phase.BACKWARD, "W1"), (Phase.FORWARD, "z"), (Phase.BACKWARD, "z")} <= large
    assert "W2" not in {name for _, name in large}
    assert graph.by_name["W2"].size == LARGE
    z = graph.by_name["z"].id
    assert columns.counted[z].start == -1
    above = history.summaries.above_zero(z).low
    assert 0 <= above.min() < above.max() <= 160
    check(history, [1, 2, 4])


def test_an_iteration_of_a_fork_is_noted_like_any_other() -> None:
    history = History(small())
    history.make(40)
    fork = history.with_edits({30: [read_edit(history.recording(30), "W1[0,0] = 2.5")]})
    fork.make(45)
    check(fork, [29, 30, 31, 45])


# What is not finite, or out of the ordinary in size ----------------------------------------------


def test_numbers_that_are_not_finite_are_counted_and_extreme_ones_measured() -> None:
    text = (
        'format = 1\n[parameters]\nw = [1e200, 1e-200, 3.0]\n[graph]\ns = "w * w"\nq = "log(w - 3)"\n'
        'L = "sum(s) + sum(q)"\n'
    )
    history = History(loads(text))
    graph, s = history.start.graph, history.summaries
    assert s.norm(Phase.UPDATE, graph.by_name["w"].id).low[0] > 1e199
    assert s.nonfinite(Phase.FORWARD, graph.by_name["q"].id).low[0] == 2  # ln of what is below 0, and of 0
    assert s.nonfinite(Phase.FORWARD, graph.by_name["s"].id).low[0] == 1
    tiny = History(loads('format = 1\n[parameters]\nw = [3e-200, 4e-200]\n[graph]\nL = "sum(w) * 1e-200"\n'))
    gradient = tiny.summaries.norm(Phase.BACKWARD, tiny.start.graph.by_name["w"].id)
    assert gradient.low[0] == pytest.approx(2**0.5 * 1e-200)


@settings(deadline=None, max_examples=40)
@given(
    numbers=st.lists(
        st.sampled_from([0.0, 1.0, -2.5, 1e30, -1e30, 1e-30, 3e38, 1e300, -1e300, 1e-300, np.inf, -np.inf, np.nan]),
        min_size=1,
        max_size=5,
    ),
    large=st.booleans(),
    dtype=st.sampled_from(["float32", "float64"]),
)
def test_any_numbers_are_measured_as_they_are(numbers: list[float], large: bool, dtype: str) -> None:
    """Far too large and far too small ones among them, in arrays that are measured together and one by one."""
    with np.errstate(over="ignore"):
        given = np.array(numbers, dtype)
    repeated = np.resize(given, LARGE + 3 if large else len(given))
    listed = ", ".join(str(x) for x in repeated.tolist())
    text = f'format = 1\ndtype = "{dtype}"\n[parameters]\nw = [{listed}]\n[graph]\ny = "-w"\nL = "mean(0 * y)"\n'
    history = History(loads(text))
    graph, s = history.start.graph, history.summaries
    y = graph.by_name["y"].id
    assert (history.summaries.columns.place[Phase.FORWARD, y] >= history.summaries.columns.small) == large
    found = history.start.trace.data[y]
    assert np.array_equal(found, -repeated, equal_nan=True)
    bad = ~np.isfinite(repeated)
    assert s.nonfinite(Phase.FORWARD, y).low[0] == bad.sum()
    assert np.array_equal(s.least(Phase.FORWARD, y).low[0], (-repeated).min(), equal_nan=True)
    assert np.array_equal(s.largest(Phase.FORWARD, y).low[0], (-repeated).max(), equal_nan=True)
    if not bad.any():
        assert s.norm(Phase.FORWARD, y).low[0] == pytest.approx(norm(repeated), rel=1e-5)


def test_infinities_that_are_meant_are_not_counted() -> None:
    history = History(
        loads(
            "format = 1\n[inputs]\nm = [1.0, 0.0, 0.0, 1.0]\nlow = -inf\n[parameters]\nw = [1.0, 2.0, 3.0, 4.0]\n"
            '[graph]\ns = "where(m > 0, w, low)"\np = "softmax(s)"\nL = "sum(p * w)"\n'
        )
    )
    masked = history.start.graph.by_name["s"].id
    assert (history.start.trace.data[masked] == -np.inf).sum() == 2
    assert history.summaries.nonfinite(Phase.FORWARD, masked).low[0] == 0


# Together or one by one ---------------------------------------------------------------------------


@pytest.mark.parametrize("pieces", [[40], [2, 3, 40], [*range(2, 41)]])
def test_how_many_are_summed_up_together_makes_no_difference(pieces: list[int]) -> None:
    history = History(small())
    for to in pieces:
        history.make(to)
    whole = History(small())
    whole.make(40)
    for phase, value in whole.summaries.columns.place:
        for read in ("norm", "least", "largest", "nonfinite"):
            mine, other = (getattr(h.summaries, read)(phase, value).low for h in (history, whole))
            assert np.array_equal(mine, other)


def test_a_unit_whose_sum_is_nan_is_not_dead() -> None:
    text = """
format = 1
[parameters]
w = [nan, -1.0, 1.0]
[graph]
z = "w * 1"
h = "relu(z)"
L = "sum(h)"
"""
    history = History(loads(text))
    history.make(3)
    z = history.start.graph.by_name["z"].id
    assert history.summaries.above_zero(z).low.tolist() == [[1, 0, 1]] * 3
    assert [flats.tolist() for _, flats in elements(history.start, "dead", (Phase.FORWARD,))] == [[1]]
