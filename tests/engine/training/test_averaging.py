"""Averages of the weights; test_optimizer holds whole trainings against PyTorch's AveragedModel."""

from __future__ import annotations

import numpy as np
import pytest
from trainings import small

from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.ask.whatif import read_edit
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import averaged as averages
from gradstep.engine.training.averaging import averaging

TRAINING = 'optimizer = "adam"\nlr = 0.05\nbatch_size = 8\nshuffle = 7\navg_fn = "ema"\ndecay = 0.7\n'


def by_hand(history: History, name: str, to: int, decay: float, start: int = 0) -> np.ndarray:
    """The average after iteration `to`, from the weights after each."""
    value = history.start.graph.by_name[name].id
    average = np.zeros(())
    for k in range(start + 1, to + 1):
        weights = history.snapshot(k + 1).leaves[value]
        average = weights if k == start + 1 else decay * average + (1 - decay) * weights
    return average


def test_a_share_of_one_gives_the_weights_themselves() -> None:
    numbers = {"averaged": np.array([1e16, 3.0]), "w": np.array([1.0, 2.0]), "decay": 0.0, "averages": 4}
    assert averaging("ema", 4).compute(numbers).tolist() == [1.0, 2.0]
    assert averaging("ema", 4).compute({**numbers, "decay": 1.0}).tolist() == [1e16, 3.0]
    assert averaging("swa", 1).compute({**numbers, "averages": 1}).tolist() == [5e15 + 1, 2.5]


def test_the_average_is_the_same_however_time_was_gone_through() -> None:
    history = History(small(TRAINING))
    history.make(40)
    value = history.start.graph.by_name["W1"].id
    for k in (40, 3, 17, 1):
        found = history.recording(k).update.averaged(value)
        assert found == pytest.approx(by_hand(history, "W1", k, 0.7), rel=1e-12)
        for flat in (0, 7):
            assert history.recording(k).update.averaged(value, flat)[0] == found.reshape(-1)[flat]


def test_what_if_another_weight_had_been_there() -> None:
    """An edit in iteration 5 changes the averages after it as it changes the weights, and none before it; without it
    they are the old ones again."""
    history = History(small(TRAINING))
    history.make(12)
    value = history.start.graph.by_name["W1"].id
    before = history.recording(12).update.averaged(value)
    fork = history.with_edits({5: (read_edit(history.recording(5), "W1[0,0] = 3"),)})
    fork.make(12)
    assert fork.recording(12).update.averaged(value) == pytest.approx(by_hand(fork, "W1", 12, 0.7), rel=1e-12)
    assert np.array_equal(fork.recording(4).update.averaged(value), history.recording(4).update.averaged(value))
    assert not np.array_equal(fork.recording(5).update.averaged(value), history.recording(5).update.averaged(value))
    assert np.array_equal(fork.with_edits({}).recording(12).update.averaged(value), before)


def test_what_is_held_back_is_also_judged_with_the_average() -> None:
    history = History(small(f"{TRAINING}swa_start = 3\nvalidation = 0.25\nvalidate = 2\n"))
    history.make(9)
    summaries, held = history.summaries, history.scenario.held_back
    assert held is not None
    x, t = (held.inputs[history.start.graph.by_name[name].id] for name in ("x", "t"))

    def loss(weights: dict[str, np.ndarray]) -> float:
        hidden = np.maximum(x @ weights["W1"].T + weights["b1"], 0)
        return float(np.mean((hidden @ weights["W2"].T - t) ** 2))

    for k in range(1, 10):
        plain, averaged = summaries.validation.high[k - 1], averages(summaries).high[k - 1]
        if k % 2 == 0:
            assert np.isnan([plain, averaged]).all()
            continue
        leaves = history.snapshot(k).leaves
        assert plain == pytest.approx(
            loss({name: leaves[history.start.graph.by_name[name].id] for name in ("W1", "b1", "W2")})
        )
        if k < 5:  # nothing is averaged before the fourth update
            assert np.isnan(averaged)
        else:
            weights = {name: by_hand(history, name, k - 1, 0.7, start=3) for name in ("W1", "b1", "W2")}
            assert averaged == pytest.approx(loss(weights), rel=1e-12)


def test_it_is_a_line_behind_the_update_and_has_a_name() -> None:
    history = History(small(TRAINING))
    recording = history.recording(3)
    value = recording.graph.by_name["W2"].id
    *_, weights, average = recording.update.stages(value, 4)
    assert (weights.line.symbol, average.line.symbol) == ("w", "averaged")
    assert average.made == recording.update.averaged(value).reshape(-1)[4]
    assert Query("W2.averaged[0,4]")(Moment.end(recording)).value == average.made
