"""Training as time: what is computed again is bit for bit what it was, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.ask import whatif
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import find, loads
from gradstep.engine.graph.graph import Graph
from gradstep.engine.history.checkpoints import Checkpoints, Snapshot
from gradstep.engine.history.history import History
from gradstep.engine.index import Array
from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.samples import Samples
from gradstep.engine.run.timeline import Phase
from gradstep.engine.run.update import State


def numbers(recording: Recording) -> list[Array]:
    """Everything that an iteration computes."""
    found = [*recording.trace.data, *(g for g in recording.trace.grad if g is not None)]
    return [*found, *(recording.updated(p.id) for p in recording.graph.parameters)]


def alike(a: Recording, b: Recording) -> bool:
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(numbers(a), numbers(b), strict=True))


TRAININGS = [
    'optimizer = "sgd"\nlr = 0.05\nbatch_size = 8',
    'optimizer = "momentum"\nlr = 0.05\nbatch_size = 8\nshuffle = 7',
    'optimizer = "adam"\nlr = 0.02\nbatch_size = 6\nshuffle = 0\nclip_norm = 0.5',
    'optimizer = "sgd"\nlr = 0.01\nzero_grad = false\nclip_value = 1.0',
    'optimizer = "rmsprop"\nlr = 0.01\nschedule = "cosine"\nsteps = 200\nwarmup = 20',
]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("training", TRAININGS)
def test_what_is_computed_again_is_bit_for_bit_the_same(training: str, dtype: str) -> None:
    """Against a history that keeps every iteration whole while it is made."""
    scenario = small(training, dtype=dtype)
    made = {}
    history = History(scenario)
    made[1] = history.recording(1)
    for block in history.onward(150):
        made |= {k: block.recording(k) for k in range(block.first, block.last + 1)}
    scarce = History(scenario, budget=4_000)
    scarce.make(150)
    assert len(scarce.checkpoints) < 13
    rng = np.random.default_rng(0)
    for k in rng.integers(1, 151, 60).tolist():
        assert alike(scarce.recording(k), made[k]), k
        if k % 5 == 0:
            scarce.release()


def test_dropout_drops_others_in_every_iteration_and_the_same_ones_again() -> None:
    scenario = small(h="dropout(h, 0.5, 3)")
    history = History(scenario)
    history.make(20)
    name = next(v for v in history.start.graph.values if v.node >= 0 and "#" in v.name)
    masks = [history.recording(k).trace.data[name.id] == 0 for k in (1, 2, 3)]
    assert not np.array_equal(masks[0], masks[1])
    history.release()
    again = [history.recording(k).trace.data[name.id] == 0 for k in (3, 2, 1)]
    assert all(np.array_equal(a, b) for a, b in zip(masks, reversed(again), strict=True))


def test_another_process_trains_to_the_same_bits() -> None:
    code = (
        "from gradstep.engine.files import find\nfrom gradstep.engine.history.history import History\n"
        "h = History(find('digits')); h.make(300); s = h.snapshot(301)\n"
        "print([s.leaves[p.id].tobytes().hex()[:4000] for p in h.start.graph.parameters])"
    )
    out = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "ab"
    }
    assert len(out) == 1


@settings(deadline=None)
@given(
    budget=st.integers(1_000, 60_000),
    moves=st.lists(st.one_of(st.integers(1, 90), st.just(0)), min_size=1, max_size=12),
)
def test_any_walk_through_a_training_finds_the_same_numbers(budget: int, moves: list[int]) -> None:
    history = History(WALKED, budget=budget)
    for k in moves:
        if k:
            assert alike(history.recording(k), REFERENCE.recording(k))
        else:
            history.release()


WALKED = small()
REFERENCE = History(WALKED)


# Checkpoints --------------------------------------------------------------------------------------


def snapshots(count: int) -> Sequence[Snapshot]:
    start = History(WALKED).start
    return [Snapshot(k, start, WALKED.leaves, State()) for k in range(1, count + 1)]


@pytest.mark.parametrize("room", [3, 10, 100])
def test_checkpoints_stay_within_their_budget_and_stand_wider_apart_with_age(room: int) -> None:
    first, *others = snapshots(5000)
    size = sum(first.leaves[p.id].nbytes for p in first.like.graph.parameters)
    checkpoints = Checkpoints(first, room * size)
    for snapshot in others:
        checkpoints.add(snapshot)
        assert checkpoints.bytes <= room * size
    kept = checkpoints.iterations
    assert (kept[0], kept[-1]) == (1, 5000)
    gaps = np.diff(kept)
    assert gaps.max() <= 8 * 5000 / room  # the longest way is a few even spacings
    if room == 100:
        assert np.mean(gaps[: len(gaps) // 3]) > 1.5 * np.mean(gaps[-(len(gaps) // 3) :])
    assert checkpoints.nearest(4999).iteration <= 4999


def test_rewinding_runs_no_more_iterations_than_one_spacing(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(find("digits"), budget=1 << 20)
    history.make(3000)
    runs = [0]

    def counted(*args: Any, **kwargs: Any) -> Any:
        runs[0] += 1
        return run(*args, **kwargs)

    monkeypatch.setattr("gradstep.engine.history.iterations.run", counted)
    widest = int(np.diff([*history.checkpoints.iterations, 3001]).max())
    for k in (2, 700, 1500, 2500, 2999):
        history.release()
        runs[0] = 0
        history.recording(k)
        assert runs[0] <= widest + 1 < 600


def test_memory_stays_within_the_budget() -> None:
    scenario = find("digits")
    budget = 3 << 20
    tracemalloc.start()
    try:
        history = History(scenario, budget)
        history.make(200)
        base, _ = tracemalloc.get_traced_memory()
        history.make(6000)
        for k in (2, 2000, 5999):
            history.recording(k)
        now, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert now - base < budget
    assert history.summaries.bytes < budget // 2
    assert history.checkpoints.bytes <= budget // 2


def test_an_interrupted_training_keeps_what_is_made_and_goes_on() -> None:
    history = History(small())
    with pytest.raises(Interrupted):
        history.make(500, lambda share: history.made < 123)
    assert 100 <= history.made <= 160
    assert history.summaries.last == history.made
    history.make(200)
    assert alike(history.recording(200), REFERENCE.recording(200))


# Summaries ----------------------------------------------------------------------------------------


def test_summaries_are_what_the_arrays_say() -> None:
    history = History(small('optimizer = "adam"\nlr = 0.02\nbatch_size = 8'))
    history.make(70)
    s = history.summaries
    for k in (1, 2, 33, 70):
        recording, row = history.recording(k), k - 1
        assert s.loss.low[row] == recording.trace.loss
        for sweep in recording.timeline.sweeps:
            array = {
                Phase.BACKWARD: lambda r, v: r.trace.grad[v],
                Phase.UPDATE: lambda r, v: r.updated(v),
            }.get(sweep.phase, lambda r, v: r.trace.data[v])(recording, sweep.value)
            assert s.least(sweep.phase, sweep.value).low[row] == array.min()
            assert s.largest(sweep.phase, sweep.value).low[row] == array.max()
            assert s.norm(sweep.phase, sweep.value).low[row] == pytest.approx(np.linalg.norm(array), rel=1e-12)
            assert s.nonfinite(sweep.phase, sweep.value).low[row] == 0
        for parameter in recording.graph.parameters:
            moved = np.linalg.norm(recording.updated(parameter.id) - recording.trace.data[parameter.id])
            assert s.moved(parameter.id).low[row] == pytest.approx(moved, rel=1e-12)
        z = recording.graph.by_name["z1"].id
        assert s.above_zero(z).low[row].tolist() == (recording.trace.data[z] > 0).sum(axis=0).tolist()


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


def test_joined_rows_bound_what_they_stand_for() -> None:
    scenario = small("lr = 0.05\nbatch_size = 8\nvalidation = 0.25")
    whole, scarce = History(scenario), History(scenario, budget=1)
    for history in (whole, scarce):
        history.make(900)
    s, exact = scarce.summaries, whole.summaries
    assert s.rows < 300
    assert int(s.starts[0]) == 1
    assert int(s.starts[-1]) == 901
    assert not s.exact[0]
    assert s.exact[-1]
    z = scenario.graph.by_name["z1"].id
    for row, (start, stop) in enumerate(zip(s.starts[:-1], s.starts[1:], strict=True)):
        inside = slice(int(start) - 1, int(stop) - 1)
        assert s.loss.low[row] == exact.loss.low[inside].min()
        assert s.loss.high[row] == exact.loss.low[inside].max()
        assert s.above_zero(z).low[row].tolist() == exact.above_zero(z).low[inside].min(axis=0).tolist()
        assert s.above_zero(z).high[row].tolist() == exact.above_zero(z).low[inside].max(axis=0).tolist()
        taken = exact.validation.low[inside]
        if not np.isnan(taken).all():
            assert s.validation.low[row] == np.nanmin(taken)
            assert s.validation.high[row] == np.nanmax(taken)


# Validation ---------------------------------------------------------------------------------------


def test_samples_held_back_are_evenly_spread_and_never_trained_on() -> None:
    scenario = small("lr = 0.05\nbatch_size = 6\nvalidation = 0.25")
    x = scenario.graph.by_name["x"].id
    held = scenario.held_back
    assert held is not None
    assert len(held.inputs[x]) == 6
    assert len(scenario.pool[x]) == 18
    rows = {row.tobytes() for row in scenario.pool[x]}
    assert not rows & {row.tobytes() for row in held.inputs[x]}
    history = History(scenario)
    history.make(7)
    assert history.passes == 3
    taken = history.summaries.validation.low
    assert [k + 1 for k in range(7) if not np.isnan(taken[k])] == [1, 4, 7]
    for k in (1, 4, 7):  # the same network written by hand
        leaves = history.snapshot(k).leaves
        w1, b1, w2 = (leaves[scenario.graph.by_name[name].id] for name in ("W1", "b1", "W2"))
        h = np.maximum(held.inputs[x] @ w1.T + b1, 0)
        t = held.inputs[scenario.graph.by_name["t"].id]
        assert taken[k - 1] == pytest.approx(np.mean((h @ w2.T - t) ** 2), rel=1e-12)


def test_nothing_is_dropped_out_where_a_network_is_only_used() -> None:
    scenario = small("lr = 0.05\nvalidation = 0.25", h="dropout(h, 0.5, 3)")
    plain = small("lr = 0.05\nvalidation = 0.25")
    assert History(scenario).summaries.validation.low[0] == History(plain).summaries.validation.low[0]


# Edits --------------------------------------------------------------------------------------------


def edited(history: History, iteration: int, *texts: str) -> History:
    found: list[whatif.Edit] = []
    for text in texts:
        found.append(whatif.read_edit(history.recording(iteration), text))
    return history.with_edits({**history.edited, iteration: found})


def test_an_edit_makes_another_future_and_leaves_the_past() -> None:
    history = History(small())
    history.make(60)
    other = edited(history, 30, "W1[0,0] = 2.5")
    assert alike(other.recording(29), history.recording(29))
    assert other.recording(30).trace.data[other.start.graph.by_name["W1"].id][0, 0] == 2.5
    assert not alike(other.recording(31), history.recording(31))
    # The same as a training that begins with the parameters of that moment.
    snapshot = other.snapshot(30)
    leaves = dict(snapshot.leaves)
    w = other.start.graph.by_name["W1"].id
    leaves[w] = np.array(leaves[w])
    leaves[w][0, 0] = 2.5
    assert np.array_equal(run(other.start.graph, leaves).grad[w], other.recording(30).trace.grad[w])  # type: ignore[arg-type]
    other.make(80)
    other.release()
    assert alike(other.recording(70), other.recording(70))
    assert alike(other.with_edits({}).recording(50), history.recording(50))


def test_another_operation_is_another_one_from_then_on() -> None:
    history = History(small())
    other = edited(history, 5, "op h = tanh")
    h, z = (other.start.graph.by_name[name].id for name in ("h", "z1"))
    for k, act in ((4, lambda z: np.maximum(z, 0)), (5, np.tanh), (9, np.tanh)):
        trace = other.recording(k).trace
        assert np.array_equal(trace.data[h], act(trace.data[z])), k


def test_a_number_set_by_hand_in_the_middle_is_so_in_that_iteration_only() -> None:
    history = History(small())
    other = edited(history, 5, "h[0,0] = 9.0")
    h, z = (other.start.graph.by_name[name].id for name in ("h", "z1"))
    assert other.recording(5).trace.data[h][0, 0] == 9
    later = other.recording(6).trace
    assert np.array_equal(later.data[h], np.maximum(later.data[z], 0))
    assert not np.array_equal(later.data[z], history.recording(6).trace.data[z])


def test_structure_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(small())
    assert history.recording(1).samples.count == 8
    monkeypatch.setattr(Samples, "_found", lambda *a: pytest.fail("it was known"))
    assert history.recording(40).samples.count == 8
    assert isinstance(history.recording(40).graph, Graph)
