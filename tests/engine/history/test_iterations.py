"""One iteration from its start, and the start of the next."""

from __future__ import annotations

import numpy as np
import pytest
from trainings import small

from gradstep.engine.ask import whatif
from gradstep.engine.files import loads
from gradstep.engine.history.history import History


def test_dropout_drops_others_in_every_iteration_and_the_same_ones_again() -> None:
    scenario = small(h="dropout(h, 0.5, 3)")
    history = History(scenario)
    history.make(20)
    name = next(v for v in history.start.graph.values if v.part)
    masks = [history.recording(k).trace.data[name.id] == 0 for k in (1, 2, 3)]
    assert not np.array_equal(masks[0], masks[1])
    history.release()
    again = [history.recording(k).trace.data[name.id] == 0 for k in (3, 2, 1)]
    assert all(np.array_equal(a, b) for a, b in zip(masks, reversed(again), strict=True))


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


def test_a_number_set_by_hand_in_the_middle_is_so_in_that_iteration_only() -> None:
    history = History(small())
    edit = whatif.read_edit(history.recording(5), "h[0,0] = 9.0")
    other = history.with_edits({5: [edit]})
    h, z = (other.start.graph.by_name[name].id for name in ("h", "z1"))
    assert other.recording(5).trace.data[h][0, 0] == 9
    later = other.recording(6).trace
    assert np.array_equal(later.data[h], np.maximum(later.data[z], 0))
    assert not np.array_equal(later.data[z], history.recording(6).trace.data[z])


def test_the_start_of_an_iteration_has_its_batch_and_the_new_parameters() -> None:
    history = History(small("lr = 0.05\nbatch_size = 8"))
    history.make(5)
    graph, pool = history.start.graph, history.scenario.pool
    x, w = graph.by_name["x"].id, graph.by_name["W1"].id
    for k in (2, 3, 4):
        here, before = history.snapshot(k), history.recording(k - 1)
        assert np.array_equal(here.leaves[x], pool[x][8 * ((k - 1) % 3) : 8 * ((k - 1) % 3) + 8])
        assert np.array_equal(here.leaves[w], before.trace.data[w] - 0.05 * before.trace.gradient(w))
        assert here.state.done == k - 1


def test_notes_belong_to_their_iteration() -> None:
    text = small("lr = 0.05\nsteps = 5").text
    noted = loads(text + '\n[[notes]]\nat = "@3 L"\ntext = "here"\n')
    history = History(noted)
    assert [[*history.recording(k).notes.values()] for k in (1, 2, 3, 4)] == [[], [], ["here"], []]


def test_only_a_few_whole_iterations_are_kept() -> None:
    history = History(small())
    history.make(20)
    for k in range(1, 15):
        history.recording(k)
    again = history.recording(14)
    assert history.recording(14) is again
    assert sum(history._iterations.kept(k) is not None for k in range(1, 21)) == 4
    history.release()
    assert history.recording(14) is not again
