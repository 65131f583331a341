"""What holds of an update whatever the numbers are."""

from __future__ import annotations

import numpy as np
import pytest
from trainings import small

from gradstep.engine.run.packing import PACKED, packing
from gradstep.engine.run.rules import Rules, State


def rules(training: str, state: State, iteration: int) -> Rules:
    scenario = small(training)
    return Rules(
        scenario.training, packing(scenario.graph, scenario.training.groups), scenario.graph.dtype, state, iteration
    )


@pytest.mark.parametrize(
    ("training", "plain"),
    [
        ("lr = 0.1", True),
        ("lr = 0.1\nschedule = 'cosine'\nsteps = 9", True),
        ("momentum = 0.9", False),
        ("weight_decay = 0.1", False),
        ("clip_norm = 1.0", False),
        ("zero_grad = false", False),
        ("accumulate = 2", False),
        ("maximize = true", False),
        ("groups = [{ parameters = ['W2'], lr = 0.1 }]", False),
        ("optimizer = 'lion'", False),
    ],
)
def test_it_is_plain_where_it_goes_by_one_rate_times_the_gradient(training: str, plain: bool) -> None:
    assert rules(training, State(), 1).plain == plain


def test_gradients_are_gathered_until_the_optimiser_goes_on() -> None:
    gathering = rules("accumulate = 3\noptimizer = 'adam'\nclip_norm = 1.0", State(), 2)
    assert (gathering.steps, gathering.clips, len(gathering.of(0))) == (False, False, 2)
    kept = {("m", PACKED): np.ones(3), ("left", PACKED): np.ones(3)}
    waiting = rules("accumulate = 3\noptimizer = 'adam'", State(1, kept), 5)
    assert waiting.left() == kept
    assert waiting.following(waiting.left(), 0.0).done == 1
    going = rules("accumulate = 3\noptimizer = 'adam'", State(1, kept), 6)
    assert going.left() == {}
    assert going.following({}, 0.0).done == 2


def test_what_is_kept_of_a_row_is_found_by_its_key() -> None:
    kept = {("v", PACKED): np.ones(3), ("v", PACKED - 1): np.zeros(2), ("left", PACKED): np.ones(3)}
    found = rules("momentum = 0.9", State(4, kept), 5)
    assert found.symbols == ("v", "left")
    assert {symbol: array.tolist() for symbol, array in found.kept_of(PACKED)} == {"v": [1, 1, 1], "left": [1, 1, 1]}
    assert [symbol for symbol, _ in found.kept_of(PACKED - 1)] == ["v"]
