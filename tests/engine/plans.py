"""A compiled run, held against a plain one."""

from __future__ import annotations

import numpy as np
from bits import same
from graphs import Network

from gradstep.engine.graph.graph import Role
from gradstep.engine.run.passes import run
from gradstep.engine.run.plan import Plan
from gradstep.engine.run.trace import Trace


def alike(a: Trace, b: Trace) -> bool:
    found = [*map(same, a.data, b.data), *map(same, a.grad, b.grad)]
    return all(found) and a.flow.keys() == b.flow.keys() and all(same(a.flow[use], b.flow[use]) for use in a.flow)


def check(net: Network) -> None:
    """With the parameters that it has, and with others in the same arrays."""
    given = {v: a for v, a in net.leaves.items() if net.graph.values[v].role is Role.INPUT}
    plan = Plan(net.graph, given, {}, {})
    rng = np.random.default_rng(0)
    for k in (1, 2, 3):
        leaves = {**net.leaves}
        for parameter in net.graph.parameters:
            leaves[parameter.id] = np.asarray(net.leaves[parameter.id] * rng.uniform(0.9, 1.1), net.graph.dtype)
            plan.data[parameter.id][...] = leaves[parameter.id]
        with np.errstate(all="ignore"):
            found = plan.run(k)
        assert alike(found, run(net.graph.at(k), leaves)), k
