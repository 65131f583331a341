"""Parameters that are updated where they stand become what an update makes of them otherwise, to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from bits import same

from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.run.updates import Parameters, Updates

#: One parameter that is updated by itself, and two small ones.
TEXT = """format = 1
[parameters]
a = [0.5, -1.0, 2.0]
W = {{ init = "normal(0, 1)", shape = [100, 90], seed = 1 }}
b = 3.0
[graph]
L = "sum(W * W) + sum(a * a * a) + b * b"
[training]
{training}
"""


@pytest.mark.parametrize(
    "training",
    [
        "lr = 0.1",
        'optimizer = "momentum"\nlr = 0.1\nnesterov = true\nweight_decay = 0.01',
        'optimizer = "momentum"\nlr = 0.1\nzero_grad = false\nclip_value = 0.7',
        'optimizer = "adamw"\nlr = 0.1\namsgrad = true\nclip_norm = 0.5',
        'optimizer = "adagrad"\nlr = 0.1\nlr_decay = 0.1\nschedule = "cosine"\nsteps = 6\nwarmup = 2',
    ],
)
@pytest.mark.parametrize("asked", [False, True])
def test_of_all_at_once(training: str, asked: bool) -> None:
    history = History(loads(TEXT.format(training=training)))
    graph, state = history.start.graph, history.snapshot(1).state
    arrays = {}
    for key in graph.updated:
        size = graph.packed[-1][1].stop if key == -1 else graph.values[key].shape
        arrays[key] = Parameters(np.empty(size), np.empty(size), np.empty(size) if asked else None)
    updates = Updates(history.scenario.training, arrays)
    for k in range(1, 6):
        update = history.recording(k).update
        expected = update.all()
        for key, (numbers, gradients, _) in arrays.items():
            numbers[...] = expected.before[key]
            gradients[...] = expected.gradients if key == -1 else update.trace.gradient(key)
        rule = updates.step(state, k)
        state = rule.state
        for key, (numbers, gradients, before) in arrays.items():
            assert same(numbers, expected.after[key])
            assert before is None or same(before, expected.before[key])
            gradients[...] = np.nan  # what is kept is no part of what the next iteration writes to
        assert rule.lr == update.lr
        assert state.done == k
        assert state.kept.keys() == expected.state.kept.keys()
        assert all(same(state.kept[what], expected.state.kept[what]) for what in state.kept)
