"""A training that goes on: one iteration after the other in the same arrays, compiled.

What an iteration of a small network takes is mostly the making of arrays and the looking up of what to do with them.
Here both passes are a list of calls (see `Plan`), parameters are updated where they stand (see `Updates`), and what is
small is computed where it is summarised (see `Measurer`). The numbers are those of `Iterations`, bit for bit.
"""

from __future__ import annotations

from gradstep.engine.history.checkpoints import Snapshot
from gradstep.engine.history.iterations import Iterations
from gradstep.engine.history.measuring import Made, Measurer
from gradstep.engine.index import read_only
from gradstep.engine.run.packing import Row, packing
from gradstep.engine.run.plan import Plan
from gradstep.engine.run.rules import State
from gradstep.engine.run.timeline import Phase
from gradstep.engine.run.update import Updated
from gradstep.engine.run.updates import Standing, Updates
from gradstep.engine.training.batches import batch, draw_into


class Compiled:
    """The iterations from `start` on, of those that have no edits. `measurer` summarises them."""

    def __init__(self, iterations: Iterations, measurer: Measurer, start: Snapshot) -> None:
        self._iterations, self._measurer, self._like = iterations, measurer, start.like
        graph, scenario = start.like.graph, iterations.scenario
        self._pool = scenario.pool if scenario.training.batch_size is not None else {}
        trained = {parameter.id for parameter in graph.parameters}
        self._given = given = {
            v: array
            for v, array in start.leaves.items()
            if v not in trained and v not in self._pool and v not in graph.keeps
        }
        self._plan = plan = Plan(graph, given, measurer.there, self._pool)
        self._packing = packing(graph, scenario.training.groups)
        self._rows = [self._standing(row) for row in self._packing.rows]
        self._updates = Updates(scenario.training, self._packing, graph.dtype, self._rows)
        after = {row.key: numbers for row, numbers, _, _ in self._rows}
        before = {row.key: array for row, _, _, array in self._rows if array is not None}
        self._updated = Updated({v: plan.data[v] for v in trained}, State(), before, after)
        self._arrays = {value: plan.data[value] for value in self._pool}
        self._state = start.state
        self._keeps = [(leaf, plan.data[leaf], plan.data[value]) for leaf, value in graph.keeps.items()]
        self._buffers = {leaf: following for leaf, _, following in self._keeps}
        for value in (*trained, *graph.keeps):
            plan.data[value][...] = start.leaves[value]

    def _standing(self, row: Row) -> Standing:
        if row.packed:
            numbers, gradients = (self._measurer.part(phase, row) for phase in (Phase.UPDATE, Phase.BACKWARD))
        else:
            numbers, gradients = self._plan.data[row.key], self._plan.trace.gradient(row.key)
        return Standing(row, numbers, gradients, None if self._measurer.plain else numbers.copy())

    def make(self, iteration: int) -> None:
        """Makes the next iteration. NumPy's warnings are for the caller to silence."""
        plan, iterations = self._plan, self._iterations
        if self._pool:
            draw_into(self._arrays, self._pool, iterations.scenario.training, iteration)
        trace = plan.run(iteration)
        held = iterations.validation(iteration, plan.data, self._state)
        rules, self._state = self._updates.step(self._state, iteration, trace.loss, self._buffers)
        self._measurer.measure(Made(iteration, trace, self._updated, rules.lr, *held))
        for _, now, following in self._keeps:
            now[...] = following

    def start(self, iteration: int) -> Snapshot:
        """The start of the iteration that is made next."""
        leaves = {**self._given, **batch(self._pool, self._iterations.scenario.training, iteration)}
        leaves.update((leaf, read_only(now.copy())) for leaf, now, _ in self._keeps)
        for row, numbers, _, _ in self._rows:
            copy = read_only(numbers.copy())
            for value, part, shape in row.members:
                leaves[value] = copy[part].reshape(shape) if row.packed else copy
        return Snapshot(iteration, self._like, leaves, self._state)
