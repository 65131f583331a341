"""Work on a session: at once where it is quick, else beside the screen, which stays alive."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from time import perf_counter
from typing import TypeVar

from textual.timer import Timer

from gradstep.engine.errors import GradstepError, Interrupted
from gradstep.engine.notation import progress
from gradstep.engine.run import GoOn
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.wall import noted

T = TypeVar("T")
#: Something done to the session; it asks from time to time whether to go on.
Work = Callable[[GoOn], T]
#: What to do with what it gives.
Then = Callable[[T], Awaitable[None] | None]
#: Cells of a progress bar.
_BAR = 20
#: Work that takes longer goes on in the background, where it can be stopped; in seconds.
_PATIENCE = 0.2
#: So long after something has ended ^c was meant for it; work that is over sooner nobody tries to stop. In seconds.
_REACTION, _NOTICED = 1.0, 0.05


class Longer(Exception):
    """Something takes too long to wait for; nothing has moved."""


def patiently() -> GoOn:
    """Goes on as long as one waits for it from now on; then raises Longer. It does not say that it is to stop: a
    training that is stopped rests where it is."""
    started = perf_counter()

    def go_on(share: float) -> bool:
        if perf_counter() - started >= _PATIENCE:
            raise Longer
        return True

    return go_on


class Runner:
    """Does one thing at a time. While something runs beside the screen, `busy` is its name."""

    def __init__(self, scenery: Scenery) -> None:
        self._scenery = scenery
        self.busy = ""
        #: The share of it that is done, whether it is to stop, and how many iterations were made when it began.
        self._share, self._stopped, self._begun = 0.0, False, 0
        self._ticker: Timer | None = None
        #: When what ran came to its end.
        self._rested = -_REACTION

    @property
    def just_ended(self) -> bool:
        """Whether something has ended so short a time ago that a person may still want to stop it."""
        return perf_counter() - self._rested < _REACTION

    def rest(self) -> None:
        """Notes that something has ended by itself."""
        self._rested = perf_counter()

    async def attempt(self, name: str, work: Work[T], then: Then[T], beside: bool = False) -> None:
        """Does something, `then` the rest with what it gave: at once if it is quick, else (or if it is to be)
        `beside` the screen. What it refuses is said."""
        if beside:
            self._beside(name, work, then)
            return
        begun = perf_counter()
        try:
            result = work(patiently())
        except Longer:
            self._beside(name, work, then)
        except GradstepError as error:
            self._scenery.show(message=f"✗ {error}")
        else:
            await _done(then, result)
            if perf_counter() - begun > _NOTICED:
                self.rest()

    def stop(self) -> None:
        """What runs is to stop."""
        self._stopped = True

    def _beside(self, name: str, work: Work[T], then: Then[T]) -> None:
        """In a thread of its own, with progress; ctrl+c stops it."""
        self._begun = self._scenery.session.history.made
        self.busy, self._share, self._stopped = name, 0.0, False
        try:
            self._ticker = self._scenery.screen.set_interval(0.1, self._tick)
            self._tick()
            self._scenery.screen.run_worker(lambda: self._work(work, then), thread=True, exclusive=True)
        except Exception:
            self._ended()
            raise

    def _tick(self) -> None:
        bar = progress(self._share, _BAR)
        made = self._scenery.session.history.made
        where = f" · iteration {made:,}" if made > self._begun else ""
        stops = "u or ^c pauses" if self.busy.startswith("train") else "^c stops it"
        self._scenery.show(message=f"{self.busy}: {bar} {self._share:.0%}{where} · {stops}")

    def _work(self, work: Work[T], then: Then[T]) -> None:
        def go_on(share: float) -> bool:
            self._share = share
            return not self._stopped

        try:
            result = work(go_on)
        except Interrupted:
            self._tell("stopped; nothing has moved")
        except GradstepError as error:
            self._tell(f"✗ {error}")
        except Exception as error:  # whatever it is, it has ended
            self._tell(f"✗ {noted(error)}")
        else:
            self._finish(lambda: then(result))

    def _tell(self, line: str) -> None:
        self._finish(lambda: self._scenery.show(message=line))

    def _finish(self, act: Callable[[], Awaitable[None] | None]) -> None:
        """Back in the screen's own thread."""
        self._scenery.screen.app.call_from_thread(self._finished, act)

    def _finished(self, act: Callable[[], Awaitable[None] | None]) -> None:
        if self._scenery.screen.is_running:
            self._scenery.screen.run_worker(self._end(act))

    def _ended(self) -> None:
        self.busy = ""
        self.rest()
        if self._ticker is not None:
            self._ticker.stop()

    async def _end(self, act: Callable[[], Awaitable[None] | None]) -> None:
        self._ended()
        waiting = act()
        if isawaitable(waiting):
            await waiting


async def _done(then: Then[T], result: T) -> None:
    waiting = then(result)
    if isawaitable(waiting):
        await waiting
