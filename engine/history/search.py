"""Searching through the iterations of a training, onward and back in time.

Summaries say in which iterations a condition may hold; only those are computed again and looked at. What is
found is exactly what looking at every step of every iteration would find.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.hits import Hit, Hits
from gradstep.engine.ask.search import Found, Stopping, search, somewhere
from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.history.deciding import Truth, possible
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Position


class Paused(Interrupted):
    """A training was stopped between two iterations; those that were made by then stay."""


def truth(history: History, wanted: Sequence[Stopping], low: int = 0, high: int | None = None) -> Truth:
    """For each row of summaries from low to high (left out) whether one of `wanted` may hold in it, and whether
    one must. A watch is written in every iteration."""
    differ = any(edit.op is not None for edits in history.edited.values() for edit in edits)
    summaries = history.summaries.between(low, history.summaries.rows if high is None else high)
    may, must = np.zeros(summaries.rows, bool), np.zeros(summaries.rows, bool)
    for one in wanted:
        found = possible(one, summaries, differ) if isinstance(one, Condition) else None
        may |= True if found is None else found.may
        must |= True if found is None else found.must
    return Truth(may, must)


def onward(
    history: History, wanted: Sequence[Stopping], start: Position, to: int, go_on: GoOn | None = None
) -> Iterator[tuple[Recording, Found]]:
    """All places after `start` at which one of `wanted` stops, up to the end of iteration `to`; iterations that
    are not made yet are made; where nobody asks for further ones, up to the one of the last place. Raises
    Interrupted where `go_on` says so, and Paused if that was while
    iterations were made."""
    here, span = start.iteration, max(to - start.iteration + 1, 1)

    def asked(iteration: int) -> GoOn | None:
        return None if go_on is None else lambda share: go_on((iteration - here + share) / span)

    recording = history.recording(here, asked(here))
    yield from _within(recording, wanted, start, asked(here))
    known = min(history.made, to)
    for iteration in _candidates(history, wanted, here + 1, known):
        recording = history.recording(iteration, asked(iteration))
        yield from _within(recording, wanted, Position(0, None, iteration), asked(iteration))
    made, left = history.made, max(to - history.made, 1)
    made_share = None if go_on is None else lambda share: go_on((made - here + share * left) / span)
    try:
        for block in history.onward(to, made_share, keep=bool(wanted)):
            for iteration in _candidates(history, wanted, block.first, block.last):
                try:
                    yield from _within(block.recording(iteration), wanted, Position(0, None, iteration), None)
                except GeneratorExit:  # it stops here: what of the block comes after this is not made yet
                    history.cut(iteration)
                    raise
    except Interrupted:
        raise Paused from None


def find(history: History, condition: Condition, most: int, go_on: GoOn | None = None) -> Hits:
    """The first steps of all iterations that are made at which a condition holds. Raises Interrupted."""
    found: list[Hit] = []
    for recording, place in onward(history, [condition], Position(0), history.made, go_on):
        found.append(Hit.at(recording, place.position.step))
        if len(found) == most:
            break
    return Hits(tuple(found), history.made > 1, len(found) == most)


def back(
    history: History, wanted: Sequence[Stopping], start: Position, go_on: GoOn | None = None
) -> Iterator[tuple[Recording, Found]]:
    """All places before `start` at which one of `wanted` stops, nearest first. Raises Interrupted."""
    here = start.iteration

    def asked(iteration: int) -> GoOn | None:
        return None if go_on is None else lambda share: go_on((here - iteration + share) / here)

    yield from _within(history.recording(here, asked(here)), wanted, start, asked(here), forward=False)
    there = _Looked(history, wanted, _candidates(history, wanted, 1, here - 1))
    for iteration in reversed(there.candidates):
        if there.holds(iteration, asked(iteration)):
            recording = history.recording(iteration, asked(iteration))
            end = Position(recording.timeline.total + 1, 1, iteration)
            yield from _within(recording, wanted, end, asked(iteration), forward=False)


class _Looked:
    """Which of some iterations, asked for from the last one back, something stops in.

    They are computed and looked at in blocks, each onward from a checkpoint: one by one, each would have to be
    computed from the checkpoint on. The first is looked at alone, for often it is there; then twice as many each time.
    """

    def __init__(self, history: History, wanted: Sequence[Stopping], candidates: Sequence[int]) -> None:
        self.history, self.wanted, self.candidates = history, wanted, candidates
        self._checkpoints, self._block = history.checkpoints.iterations, 1
        self._held: dict[int, bool] = {}

    def holds(self, iteration: int, go_on: GoOn | None) -> bool:
        """Whether it stops somewhere in an iteration. Raises Interrupted."""
        if iteration not in self._held:
            checkpoint = self._checkpoints[bisect_right(self._checkpoints, iteration) - 1]
            high = bisect_right(self.candidates, iteration)
            low = max(bisect_left(self.candidates, checkpoint), high - self._block)
            self._held = {k: self._look(k, go_on) for k in self.candidates[low:high]}
            self._block *= 2
        return self._held[iteration]

    def _look(self, iteration: int, go_on: GoOn | None) -> bool:
        recording = self.history.recording(iteration, go_on)
        return somewhere(recording, [one.of(recording) for one in self.wanted], go_on)


def first_in(recording: Recording, wanted: Sequence[Stopping]) -> Found | None:
    """The first place of an iteration at which one of `wanted` stops."""
    return next((found for _, found in _within(recording, wanted, Position(0, None, recording.iteration), None)), None)


def began(history: History, condition: Condition, iteration: int, go_on: GoOn | None = None) -> int:
    """From an iteration in which a condition holds somewhere, back through those before it in which it does as
    well: the first of them in a row. Raises Interrupted."""
    if iteration == 1:
        return 1
    found, begun = truth(history, [condition]), iteration
    there = _Looked(history, [condition], _candidates(history, [condition], 1, iteration - 1))

    def asked(iteration: int) -> GoOn | None:
        return None if go_on is None else lambda _: go_on((begun - iteration) / begun)

    while iteration > 1:
        row = history.summaries.row_of(iteration - 1)
        if not found.must[row] and not (found.may[row] and there.holds(iteration - 1, asked(iteration))):
            break
        iteration -= 1
    return iteration


def _candidates(history: History, wanted: Sequence[Stopping], first: int, last: int) -> Sequence[int]:
    """The iterations from first to last in which one of `wanted` may hold."""
    if not wanted or first > last:
        return []
    starts = history.summaries.starts
    low, high = history.summaries.row_of(first), history.summaries.row_of(last)
    # Rows at the front as well: what was before them, a condition may compare with.
    before = max(low - max((one.reach for one in wanted if isinstance(one, Condition)), default=1), 0)
    rows = np.flatnonzero(truth(history, wanted, before, high + 1).may[low - before :]) + low
    return [k for row in rows for k in range(max(int(starts[row]), first), min(int(starts[row + 1]) - 1, last) + 1)]


def _within(
    recording: Recording, wanted: Sequence[Stopping], start: Position, go_on: GoOn | None, forward: bool = True
) -> Iterator[tuple[Recording, Found]]:
    if not wanted:
        return
    mine = [one.of(recording) for one in wanted]
    for found in search(recording, mine, start, forward, go_on):
        yield recording, found
