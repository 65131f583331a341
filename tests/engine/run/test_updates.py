"""Parameters that are updated where they stand become what an update makes of them otherwise, to the bit."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from bits import same

from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.run.packing import packing
from gradstep.engine.run.passes import run
from gradstep.engine.run.rules import State
from gradstep.engine.run.update import Update
from gradstep.engine.run.updates import Standing, Updates

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
        'optimizer = "adam"\nlr = 0.1\naccumulate = 3\nclip_norm = 2.0\nnorm_type = inf',
        'optimizer = "rprop"\nschedule = "plateau"\npatience = 0',
        'lr = 0.1\n[[training.groups]]\nparameters = ["b", "W"]\noptimizer = "momentum"\nmaximize = true',
        'optimizer = "adagrad"\nlr = 0.1\nlr_decay = 0.1\nschedule = "cosine"\nsteps = 6\nwarmup = 2',
    ],
)
@pytest.mark.parametrize("asked", [False, True])
def test_of_all_at_once(training: str, asked: bool) -> None:
    history = History(loads(TEXT.format(training=training)))
    graph, state = history.start.graph, history.snapshot(1).state
    together = packing(graph, history.scenario.training.groups)
    rows = []
    for row in together.rows:
        shape = row.size if row.packed else graph.values[row.key].shape
        rows.append(Standing(row, np.empty(shape), np.empty(shape), np.empty(shape) if asked else None))
    updates = Updates(history.scenario.training, together, graph.dtype, rows)
    for k in range(1, 8):
        update = history.recording(k).update
        expected = update.all()
        for row, numbers, gradients, _ in rows:
            numbers[...] = expected.before[row.key]
            gradients[...] = row.gathered(update.trace.grad)
        rules, state = updates.step(state, k, update.trace.loss)
        for row, numbers, gradients, before in rows:
            assert same(numbers, expected.after[row.key])
            assert before is None or same(before, expected.before[row.key])
            gradients[...] = np.nan  # what is kept is no part of what the next iteration writes to
        assert rules.rates == update.rates
        assert (state.done, state.plateau) == (expected.state.done, expected.state.plateau)
        assert state.kept.keys() == expected.state.kept.keys()
        assert all(same(state.kept[what], expected.state.kept[what]) for what in state.kept)


def test_a_state_from_elsewhere_is_gone_on_from() -> None:
    """As where another program's optimiser stood: what is left over is not among what it has kept."""
    scenario = loads(TEXT.format(training='optimizer = "momentum"\nlr = 0.1\nzero_grad = false'))
    graph = scenario.graph
    together = packing(graph, scenario.training.groups)
    trace = run(graph, scenario.leaves)
    rows = [Standing(r, r.gathered(trace.data).copy(), r.gathered(trace.grad), None) for r in together.rows]
    updates = Updates(scenario.training, together, graph.dtype, rows)
    state = State(7, {("v", r.key): np.ones_like(r.gathered(trace.grad)) for r in together.rows})
    for k in range(1, 6):
        update = Update(scenario.training, trace, state, k).all()
        _, state = updates.step(state, k, trace.loss)
        assert all(same(state.kept[what], update.state.kept[what]) for what in update.state.kept)
        data = list(trace.data)
        for value, array in update.parameters.items():
            data[value] = array
        trace = dataclasses.replace(trace, data=tuple(data))
        assert all(same(standing.numbers, update.after[standing.row.key]) for standing in rows)
