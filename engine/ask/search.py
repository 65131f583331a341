"""The search for the next place at which something stops.

It looks at slices of sweeps, small ones first, so that what is near is found at once and a
long search can be interrupted between two slices. Forwards and backwards it finds the same places:
each step at which a condition holds has one, at the step's end or, where the condition looks at
terms, right after the first term for which it holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from math import inf
from typing import NamedTuple, Protocol

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.index import Array
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.terms import total
from gradstep.engine.run.timeline import Phase, Position, Sweep

#: The first slice of a search; each one after it is twice as long.
_FIRST = 1 << 10


class Stopping(Protocol):
    """What a search can look for: see `Condition`."""

    def of(self, recording: Recording) -> Stopping: ...

    def mask(self, sweep: Sweep, start: int, stop: int) -> Array: ...

    def term(self, sweep: Sweep, flat: int) -> int | None: ...

    def slice_of(self, sweep: Sweep) -> int: ...


class Found(NamedTuple):
    """A place at which something stops, and which of those that were looked for."""

    position: Position
    which: tuple[int, ...]


def key(position: Position) -> tuple[int, float]:
    """Positions in the order of time: a step's terms, then the step as a whole."""
    return position.step, inf if position.term is None else position.term


def search(
    recording: Recording,
    wanted: Sequence[Stopping],
    start: Position,
    forward: bool,
    go_on: GoOn | None = None,
) -> Iterator[Found]:
    """All places strictly after `start` (or before it) at which one of `wanted` stops, nearest first.

    Between two slices `go_on` is called with the share of the way that is searched; if it returns
    False, Interrupted is raised.
    """
    time, here = recording.timeline, key(start)
    first = time.sweep_at(max(start.step, 1)).number
    numbers = range(first, len(time.sweeps)) if forward else range(first, -1, -1)
    length = _FIRST
    for number in numbers:
        sweep = time.sweeps[number]
        at = (
            min(max(start.step - sweep.start - 1, 0), sweep.size)
            if forward
            else min(start.step - sweep.start, sweep.size)
        )
        most = min((w.slice_of(sweep) for w in wanted), default=1 << 20)
        while at < sweep.size if forward else at > 0:
            if go_on is not None and not go_on(abs(sweep.start + at - start.step) / max(time.total, 1)):
                raise Interrupted
            step = min(length, most)
            low, high = (at, min(at + step, sweep.size)) if forward else (max(at - step, 0), at)
            yield from _in_slice(recording, wanted, sweep, low, high, here, forward)
            at, length = (high if forward else low), length * 2


def _in_slice(
    recording: Recording,
    wanted: Sequence[Stopping],
    sweep: Sweep,
    low: int,
    high: int,
    here: tuple[int, float],
    forward: bool,
) -> Iterator[Found]:
    masks = [w.mask(sweep, low, high) for w in wanted]
    if not masks:
        return
    hits = np.flatnonzero(masks[0] if len(masks) == 1 else np.logical_or.reduce(masks))
    for hit in (hits if forward else hits[::-1]).tolist():
        places: dict[Position, list[int]] = {}
        for number, mask in enumerate(masks):
            if mask[hit]:
                places.setdefault(_place(recording, wanted[number], sweep, low + hit), []).append(number)
        for position in sorted(places, key=key, reverse=not forward):
            if key(position) > here if forward else key(position) < here:
                yield Found(position, tuple(places[position]))


def _place(recording: Recording, wanted: Stopping, sweep: Sweep, flat: int) -> Position:
    """Where in a step something stops at which it holds."""
    step, term = sweep.start + flat + 1, wanted.term(sweep, flat)
    if term is None or term + 1 >= total(segments_at(recording.trace, recording.timeline, step)):
        return Position(step, None, recording.iteration)
    return Position(step, term + 1, recording.iteration)


#: Of a run of more steps it is not worked out beforehand where breakpoints hit.
MARKED = 20_000


@remembered
def holding(recording: Recording, conditions: tuple[Condition, ...]) -> frozenset[int]:
    """All steps at which one of some conditions holds; of a very long run none."""
    if recording.timeline.total > MARKED:
        return frozenset()
    found = (one for condition in conditions for one in elements(recording, condition))
    return frozenset(step for sweep, flats in found for step in (flats + sweep.start + 1).tolist())


def elements(
    recording: Recording, condition: Condition | str, phases: Collection[Phase] = tuple(Phase)
) -> Iterator[tuple[Sweep, Array]]:
    """The sweeps of some phases in which a condition holds somewhere, each with the flat elements at whose steps
    it does."""
    wanted = Condition(condition, recording) if isinstance(condition, str) else condition
    for sweep in recording.timeline.sweeps:
        if sweep.phase not in phases:
            continue
        step = wanted.slice_of(sweep)
        pieces = [wanted.mask(sweep, k, min(k + step, sweep.size)) for k in range(0, sweep.size, step)]
        found = np.flatnonzero(np.concatenate(pieces)) if pieces else np.empty(0, np.intp)
        if len(found):
            yield sweep, found
