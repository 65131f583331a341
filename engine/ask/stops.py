"""Breakpoints, watches, and the search for the next place at which one of them stops.

A search looks at slices of sweeps, small ones first, so that what is near is found at once and a
long search can be interrupted between two slices. Forwards and backwards it finds the same places:
each step at which a condition holds has one, at the step's end or, where the condition looks at
terms, right after the first term for which it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from math import inf
from typing import Any, NamedTuple, Protocol

import numpy as np

from gradstep.engine.ask.changes import Change
from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment, Part
from gradstep.engine.errors import CommandError, GoOn, GradstepError, Interrupted
from gradstep.engine.index import Array
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording, remembered
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.terms import total
from gradstep.engine.run.timeline import Position, Sweep

#: The first slice of a search; each one after it is twice as long.
_FIRST = 1 << 10


class Stopping(Protocol):
    """What a search can look for: see `Condition`."""

    def of(self, recording: Recording) -> Stopping: ...

    def mask(self, sweep: Sweep, start: int, stop: int) -> Array: ...

    def term(self, sweep: Sweep, flat: int) -> int | None: ...

    def slice_of(self, sweep: Sweep) -> int: ...


class Noted(NamedTuple):
    """A line of the log: the step at which it was written, what happened, and in which iteration."""

    step: int
    text: str
    iteration: int = 1


class Stop(NamedTuple):
    """Why a run came to rest: at a `breakpoint` (its number), a `watch`, the `end`, the `start`, or
    because it was `interrupted`."""

    reason: str
    breakpoint: int | None
    text: str


class Breakpoint:
    """Stops where its condition holds. `once` deletes it at its first hit; the next `ignore` hits are
    passed over; with a `log` expression it never stops, and its value is noted instead."""

    def __init__(self, number: int, condition: Condition, once: bool = False, log: Query | None = None) -> None:
        self.number, self.condition, self.once, self.log = number, condition, once, log
        self.enabled, self.hits, self.ignore = True, 0, 0

    @property
    def text(self) -> str:
        """As it was written, and as a scenario file keeps it."""
        return self.condition.text + (f" do print {self.log.text}" if self.log else "")

    @property
    def state(self) -> str:
        """`armed` or `off`, with what there is to say about it."""
        words = ["armed" if self.enabled else "off"]
        words += ["once"] if self.once else []
        words += [f"ignores {self.ignore:,}"] if self.ignore else []
        words += [f"hit {self.hits:,}×"] if self.hits else []
        return ", ".join(words)


class Watch:
    """An expression that is shown at every stop, and stops the run where it changes: where what it is
    made of is written. Raises CommandError if it cannot be read."""

    def __init__(self, text: str, recording: Recording) -> None:
        self.query, self.recording = Query(text), recording
        #: What a single number was at the end of iterations that were looked at.
        self.seen: dict[int, float] = {}
        self._change = Change(self.query, recording)

    @property
    def text(self) -> str:
        return self.query.text

    def of(self, recording: Recording) -> Watch:
        """The same about another iteration of the same network."""
        if recording is self.recording:
            return self
        other = copy(self)
        other.recording = recording
        return other

    def at(self, position: Position) -> Part:
        """Its value at a moment; one that is not known yet has `known` False."""
        return self.query(Moment.at(self.recording, position))

    def at_the_end(self) -> float | None:
        """Its value at the end of the iteration, where that is a single number."""
        value = np.asarray(self.query(Moment.end(self.recording)).value)
        return float(value.item()) if value.size == 1 and value.dtype.kind in "fiub" else None

    def changed(self, position: Position) -> bool:
        """Whether the step that was just done wrote something of it."""
        if not position.step or position.term is not None:
            return False
        sweep, flat = self.recording.timeline.locate(position.step)
        return bool(self.mask(sweep, flat, flat + 1)[0])

    def mask(self, sweep: Sweep, start: int, stop: int) -> Array:
        return self._change.mask(sweep, start, stop)

    def term(self, sweep: Sweep, flat: int) -> int | None:
        return None

    def slice_of(self, sweep: Sweep) -> int:
        return 1 << 20


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
def hits(recording: Recording, conditions: tuple[Condition, ...]) -> frozenset[int]:
    """All steps at which one of some conditions holds; of a very long run none."""
    if recording.timeline.total > MARKED:
        return frozenset()
    found: set[int] = set()
    for sweep in recording.timeline.sweeps:
        for condition in conditions:
            found.update((np.flatnonzero(condition.mask(sweep, 0, sweep.size)) + sweep.start + 1).tolist())
    return frozenset(found)


class Mistake(NamedTuple):
    """A breakpoint or watch of a scenario that cannot be read: its list, its number there, what is wrong."""

    key: str
    number: int
    text: str


class Unreadable(GradstepError):
    """Breakpoints or watches of a scenario cannot be read. Where they stand in its file is known elsewhere."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        super().__init__("\n".join(m.text for m in mistakes))
        self.mistakes = tuple(mistakes)


class Stops:
    """The breakpoints and watches of a session."""

    def __init__(self) -> None:
        self.breakpoints: list[Breakpoint] = []
        self.watches: list[Watch] = []
        self._last = 0

    @classmethod
    def of(cls, scenario: Scenario, recording: Recording) -> Stops:
        """Those of a scenario. Raises Unreadable with all that cannot be read."""
        found, mistakes = cls(), []
        for key, texts in (("breakpoints", scenario.breakpoints), ("watch", scenario.watch)):
            for number, text in enumerate(texts):
                try:
                    if key == "watch":
                        found.watches.append(Watch(text, recording))
                    else:
                        found.add(text, recording)
                except CommandError as error:
                    mistakes.append(Mistake(key, number, str(error)))
        if mistakes:
            raise Unreadable(mistakes)
        return found

    def add(self, text: str, recording: Recording, once: bool = False) -> Breakpoint:
        """Sets a breakpoint: `COND [on PATTERN] [do print EXPR]`. Raises CommandError."""
        body, _, action = text.partition(" do ")
        log = None
        if action:
            word, _, rest = action.strip().partition(" ")
            if word != "print" or not rest.strip():
                raise CommandError(f"after 'do' comes print EXPR, not '{action.strip()}'")
            log = Query(rest)
            log(Moment(recording, 0))
        if not body.strip():
            raise CommandError("a condition is needed, as in break grad == 0 and op == relu, or break h.grad")
        self._last += 1
        found = Breakpoint(self._last, Condition(body, recording), once=once, log=log)
        self.breakpoints.append(found)
        return found

    def find(self, number: int) -> Breakpoint:
        """The breakpoint of a number. Raises CommandError."""
        for breakpoint in self.breakpoints:
            if breakpoint.number == number:
                return breakpoint
        there = ", ".join(str(b.number) for b in self.breakpoints)
        raise CommandError(
            f"there is no breakpoint {number}; there are {there}" if there else "there are no breakpoints"
        )

    def turn_to(self, recording: Recording) -> None:
        """What stops is from now on about another iteration of the same network."""
        for breakpoint in self.breakpoints:
            breakpoint.condition = breakpoint.condition.of(recording)
        self.watches = [watch.of(recording) for watch in self.watches]

    def renew(self, recording: Recording) -> None:
        """Reads all conditions again for another recording of the same names. Raises CommandError."""
        conditions = [Condition(b.condition.text, recording) for b in self.breakpoints]
        watches = [Watch(w.text, recording) for w in self.watches]
        for breakpoint, condition in zip(self.breakpoints, conditions, strict=True):
            breakpoint.condition = condition
        self.watches = watches

    @property
    def armed(self) -> list[Breakpoint]:
        """The breakpoints that are not off."""
        return [b for b in self.breakpoints if b.enabled]

    def wanted(self, watches: bool = True) -> list[Stopping]:
        """What a run is to look for: the armed breakpoints, and the watches."""
        return [*(b.condition for b in self.armed), *(self.watches if watches else ())]

    def met(
        self, recording: Recording, found: Found, armed: Sequence[Breakpoint], note: Callable[[Position, str], Any]
    ) -> Stop | None:
        """What to do at a place that a search for what was `wanted`, with these `armed`, has found: why it
        stops there, if it does. Counts hits, and `note`s what log points say."""
        stop = None
        for number in found.which:
            if number >= len(armed):
                watch = self.watches[number - len(armed)]
                stop = stop or Stop("watch", None, f"{watch.text} changed")
                continue
            breakpoint = armed[number]
            breakpoint.hits += 1
            if breakpoint.ignore:
                breakpoint.ignore -= 1
            elif breakpoint.log is not None:
                value = breakpoint.log(Moment.at(recording, found.position))
                note(found.position, f"{breakpoint.log.text} = {shown(value)}")
            else:
                if breakpoint.once:
                    self.breakpoints.remove(breakpoint)
                if stop is None or stop.reason == "watch":
                    stop = Stop("breakpoint", breakpoint.number, breakpoint.condition.text)
        return stop


def shown(part: Part) -> str:
    """A value as text, `not yet` where it is not known."""
    if not np.all(part.known):
        return "not yet"
    array = np.asarray(part.value)
    if array.ndim == 0:
        return str(array.item())
    return np.array2string(array, precision=6, separator=", ", threshold=64)
