"""A compiled run comes to the numbers of a plain one, to the bit, and makes no arrays."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, Program, network, programs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plans import check

from gradstep.engine.errors import OpError
from gradstep.engine.run.plan import Plan
from gradstep.engine.run.timeline import Phase

SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(programs(), st.sampled_from([np.float64, np.float32]))
@SETTINGS
def test_of_random_networks(program: Program, dtype: type) -> None:
    check(program.network(dtype))


def test_what_varies_is_another_one_in_each_iteration() -> None:
    check(network({}, {"w": [1.0, 2.0, 3.0, 4.0]}, {"d": "dropout(w, 0.5, seed=3)", "L": "sum(d * d)"}))


def test_a_mistake_in_the_numbers_is_told_as_a_plain_run_tells_it() -> None:
    net = network({"t": [0.0, 1.0]}, {"w": [[1.0, 2.0], [3.0, 4.0]]}, {"L": "cross_entropy(w, t)"})
    plan = Plan(net.graph, {}, {}, {})
    for value, array in net.leaves.items():
        plan.data[value][...] = array
    plan.run(1)
    plan.data[net.value("t").id][...] = 0.5
    with pytest.raises(OpError, match=r"^'cross_entropy\(w, t\)': class numbers.*0.5"):
        plan.run(2)


def test_arrays_are_where_they_are_wanted() -> None:
    net = network({"x": [1.0, 2.0]}, {"w": [3.0, 4.0]}, {"h": "w * x", "L": "sum(h)"})
    w, h = net.value("w").id, net.value("h").id
    row = np.zeros(6)
    plan = Plan(
        net.graph,
        {net.value("x").id: net.leaves[net.value("x").id]},
        {(Phase.FORWARD, h): row[:2], (Phase.BACKWARD, w): row[2:4], (Phase.UPDATE, w): row[4:]},
        {},
    )
    row[4:] = 3.0, 4.0
    plan.run(1)
    assert row.tolist() == [3.0, 8.0, 1.0, 2.0, 3.0, 4.0]
