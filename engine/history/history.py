"""All iterations of one training: the past as checkpoints with recomputation between them, the future made
when it is asked for.

An iteration follows from the one before and nothing else, so whatever is computed again comes out bit for
bit the same, and of the past only a few snapshots have to be kept, the older the fewer.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from math import nan, sqrt
from typing import Any, NamedTuple, TypeVar

from gradstep.engine.ask import whatif
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.history.summaries import Made, Summaries
from gradstep.engine.index import Array
from gradstep.engine.run.passes import loss, run
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.trace import Trace
from gradstep.engine.run.update import State, Update
from gradstep.engine.training.options import batch, passes

T = TypeVar("T")
#: Bytes for the past of a training, where nothing else is said.
BUDGET = 256 << 20
#: While it goes on, a snapshot is kept of every so many-th iteration: each holds on to memory that would
#: be used again at once, and computing a few iterations again is quick.
_STRIDE = 8
#: A block has so many iterations; only one if its arrays have more bytes than these.
_BLOCK, _TOGETHER = 32, 1 << 20
#: Half of the budget is for checkpoints, and a tenth each for snapshots that were passed and for iterations
#: that were looked at. The summaries have a tenth as well; while rows are joined they take three times that.
_SHARE = 10
#: So many whole iterations are kept for when one comes back to them.
_KEPT = 4


class Snapshot(NamedTuple):
    """The start of an iteration: all leaves by value id, and what updates have left. `like` is an iteration
    of the same network."""

    iteration: int
    like: Recording
    leaves: Mapping[int, Array]
    state: State


class Checkpoints:
    """Snapshots in at most `budget` bytes; the first and the newest are always kept. Their distance grows
    with the square root of their age: near the present hardly anything has to be computed again, and the
    longest way of all is not much longer than if they stood evenly."""

    def __init__(self, first: Snapshot, budget: int) -> None:
        self._budget = budget
        self._kept: dict[int, Snapshot] = {first.iteration: first}
        self._first = first.iteration
        #: How far apart snapshots of age 1 would stand.
        self._spread = 0.01
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def iterations(self) -> list[int]:
        return sorted(self._kept)

    def add(self, snapshot: Snapshot) -> None:
        if snapshot.iteration in self._kept:
            return
        self._kept[snapshot.iteration] = snapshot
        self.bytes += _bytes(snapshot)
        if self.bytes > self._budget:
            self._thin()

    def nearest(self, iteration: int) -> Snapshot:
        """The last one at or before an iteration."""
        found = self._kept.get(iteration)
        return found or self._kept[max(k for k in self._kept if k <= iteration)]

    def until(self, iteration: int) -> Checkpoints:
        """A copy without those after an iteration."""
        other = copy(self)
        other._kept = {k: s for k, s in self._kept.items() if k <= iteration}
        other.bytes = sum(_bytes(s) for k, s in other._kept.items() if k != self._first)
        return other

    def _thin(self) -> None:
        """Down to three quarters, so that it is seldom done. A snapshot is kept as long as its number is a
        multiple of the distance that belongs to its age, rounded up to a power of two: so what is kept
        later on is never thrown away before."""
        newest = max(self._kept)
        room = max(self._budget * 3 // 4, _bytes(self._kept[newest]))
        while True:
            kept = {k: s for k, s in self._kept.items() if k in (self._first, newest) or self._stays(k, newest - k)}
            total = sum(_bytes(s) for k, s in kept.items() if k != self._first)
            if total <= room or len(kept) <= 2:
                break
            self._spread *= 1.2
        self._kept, self.bytes = kept, total

    def _stays(self, iteration: int, age: int) -> bool:
        apart = self._spread * sqrt(age)
        return (iteration - 1) % (1 << max(int(apart - 1e-9).bit_length(), 0)) == 0


def _bytes(snapshot: Snapshot) -> int:
    parameters = snapshot.like.graph.parameters
    return sum(snapshot.leaves[p.id].nbytes for p in parameters) + snapshot.state.bytes


class Block(NamedTuple):
    """Some iterations that were just made, with all their numbers still at hand."""

    history: History
    first: int
    last: int
    snapshots: Sequence[Snapshot]
    traces: Sequence[Trace]

    def recording(self, iteration: int) -> Recording:
        """One of them whole."""
        at = iteration - self.first
        return self.history.complete(self.snapshots[at], self.traces[at])


class History:
    """The iterations of a scenario's training, from 1 on. `made` is the last that has been made; any up to
    there is computed again where it has to be, and further ones are made by `onward`.

    `edited` are what-if edits by the iteration in which they are made. `budget` bounds what is kept of the
    past, in bytes, beside the first iteration and the one that is looked at.
    """

    def __init__(self, scenario: Scenario, budget: int = BUDGET, go_on: GoOn | None = None) -> None:
        """Runs the first iteration. Raises Interrupted where `go_on` says so."""
        self.scenario, self.budget = scenario, budget
        self.edited: dict[int, tuple[Edit, ...]] = {}
        self.start = record(scenario, go_on)
        self._training = scenario.training
        first = Snapshot(1, self.start, scenario.leaves, State())
        self._bytes = max(_bytes(first), 1)
        self._size = sum(s.size for s in self.start.timeline.sweeps) * self.start.graph.dtype.itemsize
        self._stride = 1 << max(min(self._bytes >> 15, 64).bit_length() - 1, _STRIDE.bit_length() - 1)
        self._validating = self._training.validate or self.passes
        self._recalled: dict[str, tuple[Any, Any]] = {}
        self._notes: dict[int, dict[int, str]] = {}
        for note in scenario.notes:
            mine = self._notes.setdefault(note.iteration, {})
            mine[note.step] = "\n".join(filter(None, (mine.get(note.step), note.text)))
        self._begin(first)

    def _begin(self, first: Snapshot, go_on: GoOn | None = None) -> None:
        """The first iteration, which is there from the start."""
        self.checkpoints = Checkpoints(first, self.budget // 2)
        #: Snapshots that were passed on the way to some iteration, and iterations that were looked at: one
        #: often goes on from there.
        self._passed: OrderedDict[int, Snapshot] = OrderedDict()
        self._whole: OrderedDict[int, Recording] = OrderedDict()
        self._whole[1] = self.complete(first, None, go_on)
        self.made = 1
        #: Of a network that is only looked at, nothing of what follows its first iteration is computed: of a
        #: large one the new parameters alone would be felt.
        self._summaries: Summaries | None = None
        self._following: Snapshot | None = None

    def _go_beyond(self) -> tuple[Summaries, Snapshot]:
        """The summaries, with that of the first iteration, and the start of the second."""
        summaries = Summaries(self.start)
        summaries = Summaries(self.start, self.budget // _SHARE // summaries.bytes_per_row)
        first = self.checkpoints.nearest(1)
        following, made = self._after(first, self.complete(first).trace)
        summaries.note(made)
        summaries.flush()
        self._summaries, self._following = summaries, following
        return summaries, following

    @property
    def summaries(self) -> Summaries:
        """What is kept of every iteration that is made."""
        return self._summaries if self._summaries is not None else self._go_beyond()[0]

    @property
    def _next(self) -> Snapshot:
        """The start of the iteration after the last that is made."""
        return self._following if self._following is not None else self._go_beyond()[1]

    def with_edits(self, edited: Mapping[int, Sequence[Edit]], go_on: GoOn | None = None) -> History:
        """The same training with edits, by the iteration in which each is made. What comes before the first
        that is new or gone is shared. Raises CommandError where one cannot be made after all, and Interrupted."""
        wanted = {k: tuple(v) for k, v in edited.items() if v}
        changed = [k for k in {*wanted, *self.edited} if wanted.get(k) != self.edited.get(k)]
        if not changed:
            return self
        first = min(changed)
        other = copy(self)
        other.edited, other._recalled = wanted, {}
        if first == 1:
            other._begin(Snapshot(1, self.start, self.scenario.leaves, State()), go_on)
            return other
        # As far as the summaries are exact: rows that stand for several iterations are not divided.
        other._summaries = self.summaries.until(min(first - 1, self.made))
        other.made = other.summaries.last
        other._following = self.snapshot(other.made + 1)
        other.checkpoints = self.checkpoints.until(other.made + 1)
        other._passed = OrderedDict((k, s) for k, s in self._passed.items() if k <= other.made + 1)
        other._whole = OrderedDict((k, r) for k, r in self._whole.items() if k <= other.made)
        return other

    @property
    def _samples(self) -> int:
        return len(next(iter(self.scenario.pool.values()))) if self.scenario.pool else self.scenario.samples

    @property
    def passes(self) -> int:
        """How many iterations one pass over the samples has."""
        return passes(self._samples, self._training)

    @property
    def cost(self) -> int:
        """The bytes that an iteration writes: a measure for what it takes to compute it again."""
        return self._size

    # From one iteration to the next --------------------------------------------------------------

    def _trace(self, snapshot: Snapshot) -> Trace:
        k = snapshot.iteration
        whole = self._whole.get(k)
        if whole is None and k in self.edited:
            whole = self.complete(snapshot)
        return run(snapshot.like.graph.at(k), snapshot.leaves) if whole is None else whole.trace

    def complete(self, snapshot: Snapshot, trace: Trace | None = None, go_on: GoOn | None = None) -> Recording:
        """An iteration whole, from its start and, where that is at hand, its trace. Raises Interrupted."""
        k, like, changes = snapshot.iteration, snapshot.like, self.edited.get(snapshot.iteration)
        found = self._whole.get(k)
        if found is not None:
            return found
        if trace is None or changes:
            trace = self.start.trace if k == 1 else run(like.graph.at(k), snapshot.leaves, go_on=go_on)
        scenario = dataclasses.replace(like.scenario, leaves=snapshot.leaves)
        recording = Recording(
            scenario,
            trace,
            like.timeline,
            like.board,
            self._notes.get(k, {}),
            k,
            snapshot.state,
            like=like,
            earlier=None if k == 1 else lambda: self.recording(k - 1),
        )
        return whatif.apply_edits(recording, changes, go_on) if changes else recording

    def _after(self, snapshot: Snapshot, trace: Trace, summarise: bool = True) -> tuple[Snapshot, Made]:
        """The start of the iteration after one, and what of it is to be summarised."""
        k, like, leaves = snapshot.iteration, snapshot.like, snapshot.leaves
        if k in self.edited:
            edited = self.complete(snapshot)
            like = edited if edited.graph is not like.graph else like
            leaves = edited.scenario.leaves
        update = Update(self._training, trace, snapshot.state, k)
        updated = update.all()
        drawn = batch(self.scenario.pool, self._training, k + 1)
        following = Snapshot(k + 1, like, {**leaves, **updated.parameters, **drawn}, updated.state)
        return following, Made(k, trace, updated, update.lr, self._validation(snapshot) if summarise else nan)

    def _validation(self, snapshot: Snapshot) -> float:
        """The loss over the samples held back, at the start of an iteration in which it is taken."""
        if self.scenario.held_back is None or (snapshot.iteration - 1) % self._validating:
            return nan
        inputs = self.scenario.held_back.inputs
        return loss(self.scenario.held_back.graph, lambda v: inputs[v] if v in inputs else snapshot.leaves[v])

    # Onward --------------------------------------------------------------------------------------

    def onward(self, to: int, go_on: GoOn | None = None, keep: bool = True) -> Iterator[Block]:
        """Makes the iterations after the last one up to `to`, and gives them in blocks; without `keep`, a
        block has its snapshots and traces no more. Where `go_on`, which is told the share that is done, says
        so, Interrupted is raised; what is made by then stays."""
        begun, span = self.made, max(to - self.made, 1)
        while self.made < to:
            snapshots: list[Snapshot] = []
            traces: list[Trace] = []
            first, stopped = self.made + 1, False
            last = min(to, self.made + (1 if self._size > _TOGETHER else _BLOCK))
            try:
                while self.made < last and not stopped:
                    snapshot = self._next
                    if snapshot.iteration % self._stride == 1 and snapshot.iteration > 1:
                        self.checkpoints.add(snapshot)
                    trace = self._trace(snapshot)
                    following, one = self._after(snapshot, trace)
                    self.summaries.note(one)
                    self._following, self.made = following, snapshot.iteration
                    if keep:
                        snapshots.append(snapshot)
                        traces.append(trace)
                    stopped = go_on is not None and not go_on((self.made - begun) / span)
            finally:
                self.summaries.flush()
            yield Block(self, first, self.made, snapshots, traces)
            if stopped:
                raise Interrupted

    def make(self, to: int, go_on: GoOn | None = None) -> None:
        """The same without giving them. Raises Interrupted."""
        for _ in self.onward(to, go_on, keep=False):
            pass

    # Back ----------------------------------------------------------------------------------------

    def snapshot(self, iteration: int, go_on: GoOn | None = None) -> Snapshot:
        """The start of an iteration that has been made, or of the one after the last. Raises Interrupted."""
        if iteration == self.made + 1:
            return self._next
        found = self.checkpoints.nearest(iteration)
        passed = max((k for k in self._passed if k <= iteration), default=0)
        if passed > found.iteration:
            found = self._passed[passed]
        begun, gap = found.iteration, iteration - found.iteration
        every = max(1, -(-gap * self._bytes * _SHARE // self.budget))
        while found.iteration < iteration:
            if go_on is not None and not go_on((found.iteration - begun) / gap):
                raise Interrupted
            found, _ = self._after(found, self._trace(found), summarise=False)
            if (iteration - found.iteration) % every == 0:
                self._remember(found)
        return found

    def _remember(self, snapshot: Snapshot) -> None:
        self._passed[snapshot.iteration] = snapshot
        self._passed.move_to_end(snapshot.iteration)
        while len(self._passed) > 1 and len(self._passed) * self._bytes > self.budget // _SHARE:
            self._passed.popitem(last=False)

    def recording(self, iteration: int, go_on: GoOn | None = None) -> Recording:
        """An iteration whole. One that is not made yet is made, with all before it. Raises Interrupted."""
        if iteration in self._whole:
            self._whole.move_to_end(iteration)
            return self._whole[iteration]
        if iteration > self.made:
            self.make(iteration - 1, go_on)
            (block,) = self.onward(iteration)
            found = block.recording(iteration)
        else:
            found = self.complete(self.snapshot(iteration, go_on), None, go_on)
        self._whole[iteration] = found
        while len(self._whole) > max(min(self.budget // _SHARE // (2 * self._size + 1), _KEPT), 1):
            self._whole.popitem(last=False)
        return found

    def cut(self, iteration: int) -> None:
        """Forgets that iterations after one were made: where something stopped, time has come no further."""
        if iteration >= self.made:
            return
        self._summaries = self.summaries.until(iteration)
        self._following = self.snapshot(self._summaries.last + 1)
        self.made = self._summaries.last
        for k in [k for k in self._whole if k > self.made]:
            del self._whole[k]

    def recall(self, what: str, key: object, find: Callable[[], T]) -> T:
        """What `find` finds for a state of the iterations (`key`), found again only when that has changed: every
        key asks, and iterations are many."""
        before = self._recalled.get(what)
        if before is None or before[0] != key:
            before = self._recalled[what] = key, find()
        found: T = before[1]
        return found

    def release(self) -> None:
        """Lets go of what is only kept because one may soon come back to it."""
        self._passed.clear()
        self._whole.clear()
