"""What stops a run: the breakpoints and watches of a session, and why one stopped it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from typing import NamedTuple

from gradstep.engine.ask.breakpoints import Breakpoint, Breakpoints
from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.reasons import because
from gradstep.engine.ask.scope import Moment
from gradstep.engine.ask.search import Found, Stopping
from gradstep.engine.ask.watches import Watch
from gradstep.engine.errors import CommandError, GradstepError, nearest
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario


class Noted(NamedTuple):
    """A line of the log: the step at which it was written, what happened, and in which iteration."""

    step: int
    text: str
    iteration: int = 1


class Stop(NamedTuple):
    """Why a run came to rest: at a `breakpoint` (its number), a `watch`, the `end`, the `start`, or
    because it was `interrupted`. `because` is what its condition compares there, with its numbers."""

    reason: str
    breakpoint: int | None
    text: str
    because: str = ""

    @property
    def told(self) -> str:
        """The rule, and the numbers for which it holds."""
        return f"{self.text} ({self.because})" if self.because else self.text


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
        self.breakpoints = Breakpoints()
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
        condition = Condition(body, recording)
        self._last += 1
        found = Breakpoint(self._last, condition, once=once, log=log)
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

    def renewed(self, recording: Recording) -> Stops:
        """All of them about another recording of the same names. Raises CommandError where one can no longer be
        read, and then these are as they were."""
        other = copy(self)
        other.breakpoints = Breakpoints(b.about(Condition(b.condition.text, recording)) for b in self.breakpoints)
        other.watches = [Watch(w.text, recording) for w in self.watches]
        return other

    def watched(self, text: str, recording: Recording) -> Stops:
        """With an expression that is watched, as the last. Raises CommandError if it cannot be read."""
        found, other = Watch(text, recording), copy(self)
        other.watches = [*(w for w in self.watches if w.text != found.text), found]
        return other

    def unwatch(self, text: str) -> None:
        """Watches an expression no longer. Raises CommandError if it is not watched."""
        kept = [w for w in self.watches if w.text != text.strip()]
        if len(kept) == len(self.watches):
            raise CommandError(f"'{text}' is not watched{nearest(text, [w.text for w in kept])}")
        self.watches = kept


class Tally:
    """What a run is to look for, and what it has met. It is counted only when the run has come to rest: one that is
    interrupted, and begun once more, must find the breakpoints as they were."""

    def __init__(self, stops: Stops, watches: bool = True) -> None:
        self._stops = stops
        self._armed = [b for b in stops.breakpoints if b.enabled]
        self._watches = stops.watches if watches else []
        self._hits = Counter[int]()
        self._spent: list[Breakpoint] = []
        #: What log points have said.
        self.noted: list[Noted] = []

    @property
    def wanted(self) -> list[Stopping]:
        """The armed breakpoints, and the watches."""
        return [*(b.condition for b in self._armed), *self._watches]

    def met(self, recording: Recording, found: Found) -> Stop | None:
        """What to do at a place that a search for what is `wanted` has found: why it stops there, if it does."""
        stop = None
        for number in found.which:
            if number >= len(self._armed):
                watch = self._watches[number - len(self._armed)]
                stop = stop or Stop("watch", None, f"{watch.text} changed")
                continue
            breakpoint = self._armed[number]
            self._hits[number] += 1
            if self._hits[number] <= breakpoint.ignore:
                continue
            if breakpoint.log is not None:
                said = str(breakpoint.log.answer(Moment.at(recording, found.position)))
                self.noted.append(Noted(found.position.step, said, found.position.iteration))
                continue
            if breakpoint.once:
                self._spent.append(breakpoint)
            if stop is None or stop.reason == "watch":
                condition = breakpoint.condition.of(recording)
                stop = Stop("breakpoint", breakpoint.number, condition.text, because(condition, found.position))
        return stop

    def count(self) -> None:
        """Counts the hits, and removes what stops only once and has."""
        for number, hits in self._hits.items():
            breakpoint = self._armed[number]
            breakpoint.hits += hits
            breakpoint.ignore = max(breakpoint.ignore - hits, 0)
        for breakpoint in self._spent:
            self._stops.breakpoints.remove(breakpoint)
