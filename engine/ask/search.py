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

from gradstep.engine.ask.conditions import Condition, Held
from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.timeline import Phase, Position, Sweep

#: The first slice of a search; each one after it is twice as long.
_FIRST = 1 << 10


class Stopping(Protocol):
    """What a search can look for, at the steps of a recording: see `Condition`."""

    def of(self, recording: Recording) -> Stopping: ...

    def sweeps(self) -> Sequence[Sweep]: ...

    def held(self, sweep: Sweep, start: int, stop: int) -> Held: ...

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

    At first and between two slices `go_on` is called with the share of the way that is searched; if it returns
    False, Interrupted is raised.
    """
    _ask(go_on, 0.0)
    time, here = recording.timeline, key(start)
    first = time.sweep_at(max(start.step, 1)).number
    there = {sweep for one in wanted for sweep in one.sweeps() if (sweep.number - first) * (1 if forward else -1) >= 0}
    length = _FIRST
    for sweep in sorted(there, reverse=not forward):
        at = (
            min(max(start.step - sweep.start - 1, 0), sweep.size)
            if forward
            else min(start.step - sweep.start, sweep.size)
        )
        most = min(w.slice_of(sweep) for w in wanted)
        while at < sweep.size if forward else at > 0:
            _ask(go_on, abs(sweep.start + at - start.step) / max(time.total, 1))
            step = min(length, most)
            low, high = (at, min(at + step, sweep.size)) if forward else (max(at - step, 0), at)
            for found in _in_slice(recording, wanted, sweep, low, high, forward):
                if key(found.position) > here if forward else key(found.position) < here:
                    yield found
            at, length = (high if forward else low), length * 2


def _in_slice(
    recording: Recording, wanted: Sequence[Stopping], sweep: Sweep, low: int, high: int, forward: bool
) -> Iterator[Found]:
    """All places in a slice, in the order of the search."""
    held = [w.held(sweep, low, high) for w in wanted]
    masks = [one.mask for one in held]
    hits = np.flatnonzero(masks[0] if len(masks) == 1 else np.logical_or.reduce(masks))
    if not len(hits):
        return
    terms = [one.terms() if one.terms is not None and one.mask.any() else None for one in held]
    for hit in (hits if forward else hits[::-1]).tolist():
        places: dict[Position, list[int]] = {}
        for number, (mask, term) in enumerate(zip(masks, terms, strict=True)):
            if mask[hit]:
                under_way = None if term is None else int(term[hit]) or None
                position = Position(sweep.start + low + hit + 1, under_way, recording.iteration)
                places.setdefault(position, []).append(number)
        for position in sorted(places, key=key, reverse=not forward):
            yield Found(position, tuple(places[position]))


def _ask(go_on: GoOn | None, share: float) -> None:
    if go_on is not None and not go_on(share):
        raise Interrupted


def somewhere(recording: Recording, wanted: Sequence[Stopping], go_on: GoOn | None = None) -> bool:
    """Whether one of them stops anywhere in an iteration, whose conditions they are. `go_on` is as in `search`."""
    _ask(go_on, 0.0)
    for one in wanted:
        for sweep in one.sweeps():
            step = one.slice_of(sweep)
            for low in range(0, sweep.size, step):
                _ask(go_on, (sweep.start + low) / max(recording.timeline.total, 1))
                if one.held(sweep, low, min(low + step, sweep.size)).mask.any():
                    return True
    return False


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
    for sweep in wanted.sweeps():
        if sweep.phase not in phases:
            continue
        step = wanted.slice_of(sweep)
        pieces = [wanted.mask(sweep, k, min(k + step, sweep.size)) for k in range(0, sweep.size, step)]
        found = np.flatnonzero(np.concatenate(pieces)) if pieces else np.empty(0, np.intp)
        if len(found):
            yield sweep, found
