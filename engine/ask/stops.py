"""What stops a run: the breakpoints and watches of a session, and why one stopped it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from gradstep.engine.ask.breakpoints import Breakpoint, Breakpoints
from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.ask.search import Found, Stopping
from gradstep.engine.ask.watches import Watch
from gradstep.engine.errors import CommandError, GradstepError
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Position


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
                note(found.position, str(breakpoint.log.answer(Moment.at(recording, found.position))))
            else:
                if breakpoint.once:
                    self.breakpoints.remove(breakpoint)
                if stop is None or stop.reason == "watch":
                    stop = Stop("breakpoint", breakpoint.number, breakpoint.condition.text)
        return stop
