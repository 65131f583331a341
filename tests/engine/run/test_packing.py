"""Which parameters are updated together."""

from __future__ import annotations

import numpy as np

from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.run.packing import PACKED, packing

TEXT = """format = 1
[inputs]
x = [[1.0, 2.0]]
[parameters]
W1 = [[0.1, 0.2], [0.3, -0.4]]
b1 = [0.3, 0.0]
big = {{ shape = [100, 100], init = "ones" }}
W2 = [[0.5, -0.5]]
[graph]
h = "tanh(x @ W1.T + b1)"
L = "sum((h @ W2.T)**2) + sum(big)"
[training]
lr = 0.5
{}
"""


def test_small_parameters_of_a_group_are_a_row_and_large_ones_one_each() -> None:
    scenario = loads(TEXT.format("groups = [{ parameters = ['W*'], lr = 0.1 }]"))
    found, ids = packing(scenario.graph, scenario.training.groups), scenario.graph.by_name
    assert [(row.key, row.group) for row in found.rows] == [(ids["big"].id, 0), (PACKED, 0), (PACKED - 1, 1)]
    row, member = found.places[ids["W2"].id]
    assert (row.key, member.part, member.shape) == (PACKED - 1, slice(4, 6), (1, 2))
    gathered = row.gathered([np.full(v.shape, v.id) for v in scenario.graph.values])
    assert gathered.tolist() == [ids["W1"].id] * 4 + [ids["W2"].id] * 2
    assert [row.size for row in found.rows] == [scenario.graph.by_name["big"].size, 2, 6]


def test_each_group_goes_by_its_own_rule_and_what_is_summarised_of_it_is_right() -> None:
    history = History(loads(TEXT.format("groups = [{ parameters = ['W*'], optimizer = 'adam', lr = 0.1 }]\nsteps = 6")))
    history.make(6)
    for k in (1, 4):
        recording = history.recording(k)
        every = recording.update.all()
        for row in packing(recording.graph, history.scenario.training.groups).rows:
            found = {member.value: every.after[row.key].reshape(-1)[member.part] for member in row.members}
            before = {member.value: every.before[row.key].reshape(-1)[member.part] for member in row.members}
            for value in found:
                assert found[value].tolist() == every.parameters[value].reshape(-1).tolist()
                assert before[value].tolist() == recording.trace.data[value].reshape(-1).tolist()
    first = history.recording(1)
    ids, grad = first.graph.by_name, first.trace.gradient
    assert np.array_equal(first.updated(ids["big"].id), 1 - 0.5 * grad(ids["big"].id))
    assert np.array_equal(first.updated(ids["b1"].id), [0.3, 0.0] - 0.5 * grad(ids["b1"].id))
    # Adam's first update goes η against the sign.
    moved = first.updated(ids["W1"].id) - first.trace.data[ids["W1"].id]
    assert np.allclose(moved, -0.1 * np.sign(grad(ids["W1"].id)), rtol=1e-6)
    assert (first.update.rate(ids["b1"].id), first.update.rate(ids["W1"].id)) == (0.5, 0.1)
    assert first.update.optimizer(ids["W2"].id).name == "adam"
