"""Training as time: what is computed again is bit for bit what it was, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.ask import whatif
from gradstep.engine.errors import Interrupted
from gradstep.engine.files import find
from gradstep.engine.graph.graph import Graph
from gradstep.engine.history.history import History
from gradstep.engine.index import Array
from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.samples import Samples


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


# Going back ---------------------------------------------------------------------------------------


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


def test_the_iteration_before_one_that_is_looked_at_is_at_most_one_run_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks at an iteration may look back from it, and nothing can interrupt that."""
    history = History(find("digits"), budget=1 << 20)
    history.make(3000)
    runs = [0]

    def counted(*args: Any, **kwargs: Any) -> Any:
        runs[0] += 1
        return run(*args, **kwargs)

    monkeypatch.setattr("gradstep.engine.history.iterations.run", counted)
    for k in (1500, 700, 2999):
        recording = history.recording(k)
        runs[0] = 0
        assert recording.earlier is not None
        assert recording.earlier(k - 1).iteration == k - 1
        assert runs[0] <= 1


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


def test_structure_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(small())
    assert history.recording(1).samples.count == 8
    monkeypatch.setattr(Samples, "_found", lambda *a: pytest.fail("it was known"))
    assert history.recording(40).samples.count == 8
    assert isinstance(history.recording(40).graph, Graph)
