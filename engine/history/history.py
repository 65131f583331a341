"""All iterations of one training: the past as checkpoints with recomputation between them, the future made
when it is asked for.

An iteration follows from the one before and nothing else, so whatever is computed again comes out bit for
bit the same, and of the past only a few snapshots have to be kept, the older the fewer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple, TypeVar

import numpy as np

from gradstep.engine.ask.whatif import Edit
from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.history.checkpoints import Checkpoints, Passed, Snapshot
from gradstep.engine.history.forks import Edits, Forks
from gradstep.engine.history.front import Front
from gradstep.engine.history.iterations import Iterations
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.scenario import Scenario

T = TypeVar("T")
#: Bytes for the past of a training, where nothing else is said.
BUDGET = 256 << 20
#: While it goes on, a snapshot is kept of every so many-th iteration: each holds on to memory that would
#: be used again at once, and computing a few iterations again is quick.
_STRIDE = 16
#: A block has so many iterations; only one where it is kept whole, as it may be if its arrays have more bytes.
_BLOCK, _TOGETHER = 32, 1 << 20
#: Half of the budget is for checkpoints, and a tenth each for snapshots that were passed and for iterations
#: that were looked at. The summaries have a tenth as well; while rows are joined they take three times that.
_SHARE = 10


class Block(NamedTuple):
    """Some iterations that were just made."""

    first: int
    last: int
    recording: Callable[[int], Recording]


class _Beyond(NamedTuple):
    """What there is beyond a first iteration: summaries, and what goes on from the last that is made."""

    summaries: Summaries
    front: Front


class History:
    """The iterations of a scenario's training, from 1 on. `made` is the last that has been made; any up to
    there is computed again where it has to be, and further ones are made by `onward`.

    `edited` are what-if edits by the iteration in which they are made. `budget` bounds what is kept of the
    past, in bytes, beside the first iteration and the one that is looked at.
    """

    def __init__(self, scenario: Scenario, budget: int = BUDGET, go_on: GoOn | None = None) -> None:
        """Runs the first iteration. Raises Interrupted where `go_on` says so."""
        self.scenario, self.budget = scenario, budget
        self.start = record(scenario, go_on)
        self._recalled: dict[str, tuple[Any, Any]] = {}
        self._begin({})
        self._forks = Forks(self, budget)

    def _begin(self, edited: Edits, go_on: GoOn | None = None) -> None:
        """The first iteration, which is there from the start."""
        self._iterations = Iterations(self.scenario, self.start, edited, self.budget // _SHARE, self.recording)
        first = Snapshot(1, self.start, self.scenario.leaves, self.start.state)
        self.checkpoints = Checkpoints(first, self.budget // 2)
        #: Snapshots that were passed on the way to some iteration.
        self._passed = Passed(self.budget // _SHARE)
        self._stride = 1 << max(min(first.bytes >> 15, 64).bit_length() - 1, _STRIDE.bit_length() - 1)
        self._iterations.keep(self._iterations.complete(first, None, go_on))
        self.made = 1
        #: Of a network that is only looked at, nothing of what follows its first iteration is computed: of a
        #: large one the new parameters alone would be felt.
        self._beyond: _Beyond | None = None

    @property
    def edited(self) -> Edits:
        return self._iterations.edited

    def _begun(self) -> _Beyond:
        """What there is once there is more than the first iteration: made when it is first asked for."""
        if self._beyond is None:
            summaries = Summaries.within(self.start, self.budget // _SHARE)
            first = self.checkpoints.nearest(1)
            following, made = self._iterations.after(first, self._iterations.complete(first).trace)
            self._beyond = self._from(summaries, following)
            with np.errstate(all="ignore"):
                self._beyond.front.measurer.note(made)
            self._beyond.front.measurer.flush()
        return self._beyond

    def _from(self, summaries: Summaries, start: Snapshot) -> _Beyond:
        return _Beyond(summaries, Front(self._iterations, summaries.measurer(), start, self._again))

    @property
    def summaries(self) -> Summaries:
        """What is kept of every iteration that is made."""
        return self._begun().summaries

    def with_edits(self, edited: Mapping[int, Sequence[Edit]], go_on: GoOn | None = None) -> History:
        """The same training with edits, by the iteration in which each is made; the very one that was left, where
        it is still kept (see `Forks`). Raises CommandError where one cannot be made after all, and Interrupted."""
        wanted = {k: tuple(v) for k, v in edited.items() if v}
        return self._forks.enter(wanted, lambda near, first: near._fork(wanted, first, go_on))

    def _fork(self, edited: Edits, first: int, go_on: GoOn | None) -> History:
        """Another future from iteration `first` on; what comes before it is shared."""
        other = copy(self)
        other._recalled = {}
        if first == 1:
            other._begin(edited, go_on)
            return other
        summaries, start = self._until(min(first - 1, self.made), go_on)
        other.made = summaries.last
        other.checkpoints = self.checkpoints.until(other.made + 1)
        other._passed = self._passed.until(other.made + 1)
        other._iterations = self._iterations.until(other.made, edited, other.recording)
        other._beyond = other._from(summaries, start)
        return other

    @property
    def passes(self) -> int:
        """How many iterations one pass over the samples has."""
        return self._iterations.passes

    @property
    def cost(self) -> int:
        """The bytes that an iteration writes: a measure for what it takes to compute it again."""
        return self._iterations.size

    # Onward --------------------------------------------------------------------------------------

    def onward(self, to: int, go_on: GoOn | None = None, keep: bool = True) -> Iterator[Block]:
        """Makes the iterations after the last one up to `to`, and gives them in blocks; with `keep`, one that is
        large, or the only one, is kept whole, since somebody may look at it. Where `go_on`, which is told the share
        that is done, says so, Interrupted is raised; what is made by then stays."""
        begun, span = self.made, max(to - self.made, 1)
        whole = keep and (self.cost > _TOGETHER or span == 1)
        while self.made < to:
            front, first, stopped = self._begun().front, self.made + 1, False
            last = min(to, self.made + (1 if whole else _BLOCK))
            try:
                with np.errstate(all="ignore"):
                    while self.made < last and not stopped:
                        if self.made % self._stride == 0:
                            self.checkpoints.add(front.start)
                        front.make(whole)
                        self.made += 1
                        stopped = go_on is not None and not go_on((self.made - begun) / span)
            finally:
                front.measurer.flush()
                if (stopped or self.made == to) and self.cost > self.budget // _SHARE:
                    front.rest()
            yield Block(first, self.made, self.recording)
            if stopped:
                raise Interrupted

    def make(self, to: int, go_on: GoOn | None = None) -> None:
        """The same without giving them. Raises Interrupted."""
        for _ in self.onward(to, go_on, keep=False):
            pass

    # Back ----------------------------------------------------------------------------------------

    def snapshot(self, iteration: int, go_on: GoOn | None = None) -> Snapshot:
        """The start of an iteration that has been made, or of the one after the last. Raises Interrupted."""
        return self._begun().front.start if iteration == self.made + 1 else self._again(iteration, go_on)

    def _again(self, iteration: int, go_on: GoOn | None = None) -> Snapshot:
        """The start of an iteration, from the nearest one before it that is kept."""
        found, passed = self.checkpoints.nearest(iteration), self._passed.nearest(iteration)
        if passed is not None and passed.iteration > found.iteration:
            found = passed
        begun, gap = found.iteration, iteration - found.iteration
        every = max(1, -(-gap * found.bytes * _SHARE // self.budget))
        while found.iteration < iteration:
            if go_on is not None and not go_on((found.iteration - begun) / gap):
                raise Interrupted
            found, _ = self._iterations.after(found, self._iterations.trace(found), summarise=False)
            left = iteration - found.iteration
            if left % every == 0 or left == 1:  # what looks at an iteration may look at the one before
                self._passed.add(found)
        return found

    def recording(self, iteration: int, go_on: GoOn | None = None) -> Recording:
        """An iteration whole. One that is not made yet is made, with all before it. Raises Interrupted."""
        found = self._iterations.kept(iteration)
        if found is not None:
            return found
        if iteration > self.made:
            self.make(iteration - 1, go_on)
            (block,) = self.onward(iteration)
            return block.recording(iteration)
        found = self._iterations.complete(self.snapshot(iteration, go_on), None, go_on)
        self._iterations.keep(found)
        return found

    def _until(self, iteration: int, go_on: GoOn | None = None) -> tuple[Summaries, Snapshot]:
        """The summaries up to an iteration, and the start of the one after it; where a row of summaries stands for
        several, which are not divided, up to the one before them."""
        summaries = self.summaries.until(iteration)
        return summaries, self.snapshot(summaries.last + 1, go_on)

    def cut(self, iteration: int) -> None:
        """Forgets that iterations after one were made: where something stopped, time has come no further."""
        if iteration >= self.made:
            return
        summaries, start = self._until(iteration)
        self.made = summaries.last
        self._beyond = self._from(summaries, start)
        self._iterations.forget(after=self.made)

    @property
    def bytes(self) -> int:
        """What is kept of the past, beside whole iterations."""
        beyond = self._beyond
        return self.checkpoints.bytes + (0 if beyond is None else beyond.summaries.bytes + beyond.front.bytes)

    def recall(self, what: str, key: object, find: Callable[[], T]) -> T:
        """A fact about all iterations, which takes a look at each of them: what `find` finds for a state of them
        (`key`), found again only when that has changed. Events and series are asked for at every key, and iterations
        are many."""
        before = self._recalled.get(what)
        if before is None or before[0] != key:
            before = self._recalled[what] = key, find()
        found: T = before[1]
        return found

    def release(self) -> None:
        """Lets go of what is only kept because one may soon come back to it."""
        self._passed.clear()
        self._iterations.forget()
