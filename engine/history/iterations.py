"""Each iteration of a training from what it begins with: its numbers, and what the one after it begins with."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from math import nan

from gradstep.engine.ask import whatif
from gradstep.engine.errors import GoOn
from gradstep.engine.history.checkpoints import Snapshot
from gradstep.engine.history.forks import Edits
from gradstep.engine.history.measuring import Made
from gradstep.engine.index import Array
from gradstep.engine.run.packing import packing
from gradstep.engine.run.passes import loss, run
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.rules import State, averages_of
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.trace import Trace
from gradstep.engine.run.update import Update
from gradstep.engine.training.batches import batch, passes

#: So many whole iterations are kept for when one comes back to them.
_KEPT = 4


class Iterations:
    """The iterations of a scenario's training with what-if edits. `start` is the first without edits; whole ones are
    kept in about `budget` bytes, one at least. `recording` gives one that another looks back to."""

    def __init__(
        self, scenario: Scenario, start: Recording, edited: Edits, budget: int, recording: Callable[[int], Recording]
    ) -> None:
        self.scenario, self.start, self.edited = scenario, start, edited
        self._training, self._recording, self._budget = scenario.training, recording, budget
        #: The bytes that an iteration writes.
        self.size = sum(s.size for s in start.timeline.sweeps) * start.graph.dtype.itemsize
        self._most = max(min(budget // (2 * self.size + 1), _KEPT), 1)
        self._whole: OrderedDict[int, Recording] = OrderedDict()
        samples = len(next(iter(scenario.pool.values()))) if scenario.pool else scenario.samples
        #: How many iterations one pass over the samples has.
        self.passes = passes(samples, self._training)
        self._validating = self._training.validate or self.passes

    def until(self, iteration: int, edited: Edits, recording: Callable[[int], Recording]) -> Iterations:
        """Those with other edits, which are made after an iteration."""
        other = Iterations(self.scenario, self.start, edited, self._budget, recording)
        other._whole.update((k, one) for k, one in self._whole.items() if k <= iteration)
        return other

    # Whole ---------------------------------------------------------------------------------------

    def kept(self, iteration: int) -> Recording | None:
        """An iteration whole, if it is at hand."""
        found = self._whole.get(iteration)
        if found is not None:
            self._whole.move_to_end(iteration)
        return found

    def keep(self, recording: Recording) -> None:
        """Keeps one for when one comes back to it."""
        self._whole[recording.iteration] = recording
        while len(self._whole) > self._most:
            self._whole.popitem(last=False)

    def forget(self, after: int = 0) -> None:
        """Lets go of those after an iteration."""
        for k in [k for k in self._whole if k > after]:
            del self._whole[k]

    def complete(self, snapshot: Snapshot, trace: Trace | None = None, go_on: GoOn | None = None) -> Recording:
        """An iteration whole, from its start and, where that is at hand, its trace. Raises Interrupted."""
        k, like, changes = snapshot.iteration, snapshot.like, self.edited.get(snapshot.iteration)
        found = self._whole.get(k)
        if found is not None:
            return found
        if trace is None or changes:
            with self.scenario.telling():
                trace = self.start.trace if k == 1 else run(like.graph.at(k), snapshot.leaves, go_on=go_on)
        recording = Recording(
            dataclasses.replace(like.scenario, leaves=snapshot.leaves),
            trace,
            like.timeline,
            like.board,
            k,
            snapshot.state,
            like=like,
            earlier=None if k == 1 else self._recording,
        )
        return whatif.apply_edits(recording, changes, go_on) if changes else recording

    # From one to the next ------------------------------------------------------------------------

    def trace(self, snapshot: Snapshot) -> Trace:
        """An iteration's numbers, from its start."""
        k = snapshot.iteration
        whole = self._whole.get(k)
        if whole is None and k in self.edited:
            whole = self.complete(snapshot)
        return run(snapshot.like.graph.at(k), snapshot.leaves) if whole is None else whole.trace

    def after(self, snapshot: Snapshot, trace: Trace, summarise: bool = True) -> tuple[Snapshot, Made]:
        """The start of the iteration after one, and what of it is to be summarised."""
        k, like, leaves = snapshot.iteration, snapshot.like, snapshot.leaves
        if k in self.edited:
            edited = self.complete(snapshot)
            like = edited if edited.graph is not like.graph else like
            leaves = edited.scenario.leaves
        update = Update(self._training, trace, snapshot.state, k)
        updated = update.all()
        drawn = batch(self.scenario.pool, self._training, k + 1)
        kept = {leaf: trace.data[value] for leaf, value in like.graph.keeps.items()}
        following = Snapshot(k + 1, like, {**leaves, **updated.parameters, **kept, **drawn}, updated.state)
        held = self.validation(k, snapshot.leaves, snapshot.state) if summarise else (nan, nan)
        return following, Made(k, trace, updated, update.lr, *held)

    def validation(
        self, iteration: int, leaves: Mapping[int, Array] | Sequence[Array], state: State
    ) -> tuple[float, float]:
        """The loss over the samples held back, at the start of an iteration in which it is taken: with the weights, and
        with their average in the place of them."""
        held = self.scenario.held_back
        if held is None or (iteration - 1) % self._validating:
            return nan, nan
        inputs = held.inputs
        plain = loss(held.graph, lambda v: inputs[v] if v in inputs else leaves[v])
        averages = averages_of(packing(self.start.graph, self._training.groups), state)
        if not averages:
            return plain, nan
        given = {**averages, **inputs}
        return plain, loss(held.graph, lambda v: given[v] if v in given else leaves[v])
