"""Numbers over iterations, against the same computed from whole iterations with NumPy alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.ask.watches import Watch
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.history.series import (
    Series,
    Topic,
    column_of,
    curves,
    iteration_at,
    look_back,
    losses,
    measures,
    trained,
    watched,
)  # fmt: skip
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording

LENGTH = 40
TRAINING = 'optimizer = "adam"\nlr = 0.2\nbatch_size = 8\nshuffle = 1\nschedule = "cosine"\nsteps = 40'


def made(history: History, length: int = LENGTH) -> list[Recording]:
    """Whole iterations."""
    found = [history.recording(1)]
    for block in history.onward(length):
        found += [block.recording(k) for k in range(block.first, block.last + 1)]
    return found


def array(recording: Recording, name: str) -> Array:
    return recording.trace.data[recording.graph.by_name[name].id]


def gradient(recording: Recording, name: str) -> Array:
    return recording.trace.gradient(recording.graph.by_name[name].id)


def updated(recording: Recording, name: str) -> Array:
    return recording.updated(recording.graph.by_name[name].id)


def norm(found: Array) -> float:
    return float(np.sqrt((found**2).sum()))


def by_hand(recordings: list[Recording]) -> dict[str, list[float]]:
    """What each series is in each iteration."""
    names = {"W1": "W₁", "W2": "W₂"}
    found = {f"‖∂{name}‖": [norm(gradient(r, w)) for r in recordings] for w, name in names.items()}
    found["dead h"] = [float((array(r, "z1") <= 0).all(axis=0).sum()) for r in recordings]
    for w, name in names.items():
        found[f"Δ{name}/{name}"] = [norm(updated(r, w) - array(r, w)) / norm(updated(r, w)) for r in recordings]
    found["η"] = [0.1 * (1 + np.cos(np.pi * (r.iteration - 1) / 40)) for r in recordings]
    return found


def test_each_line_says_what_the_arrays_do() -> None:
    history = History(small(TRAINING))
    expected = by_hand(made(history))
    assert max(expected["dead h"]) > 0
    found = measures(history.summaries)
    assert [one.name for one in found] == list(expected)
    assert [one.topic for one in found] == [
        Topic.GRADIENT, Topic.GRADIENT, Topic.DEAD, Topic.MOVED, Topic.MOVED, Topic.RATE,
    ]  # fmt: skip
    for one in found:
        assert one.starts.tolist() == list(range(1, LENGTH + 2))
        assert one.low == pytest.approx(expected[one.name], rel=1e-12)
        assert one.high == pytest.approx(expected[one.name], rel=1e-12)


def test_where_rows_are_joined_a_series_bounds_what_it_stands_for() -> None:
    expected = by_hand(made(History(small(TRAINING)), 300))
    scarce = History(small(TRAINING), budget=1)
    scarce.make(300)
    assert not scarce.summaries.exact.all()
    for one in measures(scarce.summaries):
        values = np.array(expected[one.name])
        for row in range(scarce.summaries.rows):
            inside = values[one.starts[row] - 1 : one.starts[row + 1] - 1]
            assert one.low[row] <= inside.min() * (1 + 1e-12), one.name
            assert one.high[row] >= inside.max() * (1 - 1e-12), one.name


def test_a_rate_that_stays_is_no_line_and_without_layers_every_parameter_counts() -> None:
    assert "η" not in [one.name for one in measures(History(small()).summaries)]
    plain = History(loads('format = 1\n[parameters]\nu = [1.0]\nv = [2.0]\n[graph]\nL = "sum(u * v)"\n[training]\n'))
    assert [value.name for value in trained(plain.start)] == ["u", "v"]
    assert next(one.name for one in measures(plain.summaries)) == "‖∂u‖"


def test_curves_are_losses_and_what_was_not_taken_stands_for_what_was_taken_last() -> None:
    history, other = History(small("lr = 0.05\nbatch_size = 6\nvalidation = 0.25")), History(small())
    history.make(8)
    other.make(5)
    loss, held, beside = curves(history, history.summaries, other)
    assert (loss.topic, held.topic, beside.topic) == (Topic.LOSS, Topic.VALIDATION, Topic.BESIDE)
    assert [history.recording(k).trace.loss for k in range(1, 9)] == loss.low.tolist() == loss.high.tolist()
    assert beside.low.tolist() == losses(other.summaries).low.tolist()
    taken = history.summaries.validation.low  # three iterations are one pass over the 18 samples
    assert held.low.tolist() == [taken[0]] * 3 + [taken[3]] * 3 + [taken[6]] * 2
    assert len(curves(other, other.summaries)) == 1
    fork = history.with_edits({})
    assert curves(history, history.summaries, fork)[2].name == "without edits"


def test_the_latest_known_value_stands_for_those_after_it() -> None:
    nan = float("nan")
    one = Series("s", np.array([1, 3, 4, 6]), np.array([1.0, nan, 3.0]), np.array([2.0, nan, 4.0]))
    assert [one.latest(k) for k in (1, 2, 3, 4, 5, 9)] == [2, 2, 2, 4, 4, 4]
    assert np.isnan(one.latest(0))
    # However far back it is.
    high = np.full(5000, np.nan)
    high[[0, 1, 700, 4000]] = 1, 2, 3, 4
    one = Series("x", np.arange(1, 5002), high, high)
    for iteration in (1, 2, 700, 701, 764, 765, 4000, 4001, 4999, 5000, 9999):
        known = high[: min(iteration, 5000)]
        assert one.latest(iteration) == known[~np.isnan(known)][-1]


def test_sizes_are_those_of_what_lies_between() -> None:
    one = Series("s", np.arange(1, 6), np.array([-3.0, -3.0, 1.0, np.nan]), np.array([-1.0, 2.0, 2.0, np.nan])).sizes()
    assert one.low[:3].tolist() == [1, 0, 1]
    assert one.high[:3].tolist() == [3, 3, 2]
    assert np.isnan(one.high[3])


# Watches ------------------------------------------------------------------------------------------


def test_what_is_watched_is_told_by_the_summaries_where_they_know_it() -> None:
    history = History(small(TRAINING))
    recordings = made(history)
    for text, value in (
        ("loss", lambda r: r.trace.loss),
        ("norm(W1.grad)", lambda r: norm(gradient(r, "W1"))),
        ("2 * z1.max() - 1", lambda r: 2 * array(r, "z1").max() - 1),
    ):
        found = watched(history, history.summaries, Watch(text, history.start))
        assert found is not None
        assert found.topic is Topic.WATCH
        assert found.high == pytest.approx([value(r) for r in recordings], rel=1e-6), text


def test_what_they_do_not_know_is_drawn_from_iterations_that_were_looked_at() -> None:
    history = History(small(TRAINING))
    recordings = made(history)
    watch = Watch("W1[2,1] * h[0,0]", history.start)
    assert watched(history, history.summaries, watch) is None
    for k in (20, 3):
        watch.seen[k] = float(array(recordings[k - 1], "W1")[2, 1])
    watch.seen[LENGTH + 5] = 7.0  # of iterations that are no longer made
    found = watched(history, history.summaries, watch)
    assert found is not None
    assert found.starts.tolist() == [3, 20, LENGTH + 1]
    assert found.low.tolist() == found.high.tolist() == [watch.seen[3], watch.seen[20]]


def test_one_looks_back_at_some_iterations_where_the_summaries_do_not_tell() -> None:
    history = History(small(TRAINING))
    recordings = made(history, 100)
    told, untold, several = (Watch(text, history.start) for text in ("loss", "W1[2,1] * h[0,0]", "W1.grad"))
    look_back(history, [told, untold, several], 37)
    assert told.seen == several.seen == {}
    assert sorted(untold.seen) == sorted({*range(1, 101, 4), 37})
    for k, value in untold.seen.items():
        assert value == float(array(recordings[k - 1], "W1")[2, 1] * array(recordings[k - 1], "h")[0, 0])
    before = dict(untold.seen)
    history.make(150)
    look_back(history, [untold], 150)
    assert {*before} < {*untold.seen}
    assert {k for k in untold.seen if k not in before} == {*range(101, 151, 4), 150}


def test_of_a_large_network_only_what_one_visits_is_looked_at() -> None:
    wide = loads(
        'format = 1\n[inputs]\nx = { init = "normal(0, 1)", shape = [40000], seed = 1 }\n[parameters]\nw = [0.5]\n'
        '[graph]\nL = "mean((w * x - 1) ** 2)"\n[training]\nlr = 0.01\n'
    )
    history = History(wide)
    history.make(5)
    watch = Watch("w[0] * x[3]", history.start)
    look_back(history, [watch], 4)
    assert [*watch.seen] == [4]
    look_back(History(wide), [watch], 1)  # a single iteration is no time
    assert [*watch.seen] == [4]


def test_looking_back_can_be_interrupted_and_keeps_what_it_has_seen() -> None:
    history = History(small(TRAINING))
    history.make(300)
    history.release()
    watch = Watch("W1[2,1] * h[0,0]", history.start)
    asked = [0]

    def go_on(share: float) -> bool:
        asked[0] += 1
        return asked[0] < 20

    with pytest.raises(Interrupted):
        look_back(history, [watch], 300, go_on)
    assert 0 < len(watch.seen) < 10
    look_back(history, [watch], 300)
    assert len(watch.seen) == 39  # every eighth, and the last


# Columns ------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    spans=st.lists(st.integers(1, 9), min_size=1, max_size=60),
    width=st.integers(1, 80),
    filled=st.booleans(),
    data=st.data(),
)
def test_a_column_shows_all_between_the_least_and_the_largest_of_its_iterations(
    spans: list[int], width: int, filled: bool, data: st.DataObject
) -> None:
    starts = np.cumsum([1, *spans])
    last = int(starts[-1]) - 1
    low = np.array(data.draw(st.lists(st.floats(-5, 5), min_size=len(spans), max_size=len(spans))))
    series = Series("s", starts, low, low + 1)
    least, largest = series.columns(width, last, filled)
    for column in range(width):
        mine = [
            r for r in range(len(spans)) for k in range(starts[r], starts[r + 1]) if column_of(k, last, width) == column
        ]
        if mine:
            assert least[column] == low[mine].min()
            assert largest[column] == low[mine].max() + 1
    if filled:
        assert not np.isnan(largest).any()


@given(last=st.integers(1, 100_000), width=st.integers(1, 200), data=st.data())
def test_a_column_that_is_clicked_is_one_of_its_iterations(last: int, width: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, width - 1))
    found = iteration_at(place, last, width)
    assert 1 <= found <= last
    column = column_of(found, last, width)
    assert column == place if last >= width else column <= place < column_of(found, last, width) + width // last + 2
