"""What a person has laid out around a run: what stops it and what has happened, and the iterations around it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradstep.engine.ask.breakpoints import Breakpoint
from gradstep.engine.ask.search import holding
from gradstep.engine.ask.stops import Noted, Stop
from gradstep.engine.ask.watches import Watch
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.debugger.here import Here
from gradstep.engine.history.events import Event, events
from gradstep.engine.history.history import History


class Desk(NamedTuple):
    """What stops a run, what is watched, what has happened, why it stands still, and what was edited; all
    iterations of its training, those of another one to compare with, and the last iteration of the training."""

    breakpoints: tuple[Breakpoint, ...] = ()
    watches: tuple[Watch, ...] = ()
    log: Sequence[Noted] = ()
    stop: Stop | None = None
    edits: tuple[Edit, ...] = ()
    history: History | None = None
    beside: History | None = None
    last: int = 1

    def hits(self, here: Here) -> frozenset[int]:
        """The steps of an iteration at which an armed breakpoint stops."""
        return holding(here.recording, tuple(b.condition for b in self.breakpoints if b.enabled))

    def next_hit(self, here: Here, breakpoint: Breakpoint) -> int | None:
        """The next step at which a breakpoint stops; None where there is none, or it is off."""
        if not breakpoint.enabled:
            return None
        return min((s for s in holding(here.recording, (breakpoint.condition,)) if s > here.step), default=None)

    @property
    def events(self) -> tuple[Event, ...]:
        """Where in the training something fires."""
        return () if self.history is None else events(self.history, self.breakpoints, self.log)
