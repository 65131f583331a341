"""Reading and running a scenario in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic, process_time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradstep.engine.debugger import Session

#: How many seconds on the clock a second of the CPU may take.
_WAIT = 8


class Loading:
    """A scenario on its way to a session, and there to the place `at`, as `goto` takes it. `share` is how much of the
    run is done, None while the file and its arrays are still being read. `cancel` stops it between two nodes. A
    `budget` of None is the usual one."""

    def __init__(self, name: str, budget: int | None = None, at: str | None = None) -> None:
        self.name, self._budget, self._at = name, budget, at
        self.share: float | None = None
        self._session: Session | None = None
        self._error: Exception | None = None
        self._cancelled = False
        self._then: Callable[[], object] = lambda: None
        self._reading = Event()  # the engine is loaded, and the file its turn
        # A daemon: a program that is left does not wait for what it loads.
        self._thread = Thread(target=self._load, daemon=True)

    def start(self, then: Callable[[], object] | None = None) -> None:
        """Begins, once. What is to be done `then`, well or not, is done in its own thread."""
        if then is not None:
            self._then = then
        if self._thread.ident is None:
            self._thread.start()

    def _load(self) -> None:
        # Here: the engine is loaded while there is something to see already.
        try:
            from gradstep.engine.debugger import Session
            from gradstep.engine.files import find
            from gradstep.engine.history import BUDGET

            self._reading.set()
            budget = BUDGET if self._budget is None else self._budget
            session = Session(find(self.name), self._go_on, budget)
            if self._at is not None:
                session.goto(self._at, self._go_on)
            self._session = session
        except Exception as error:  # whatever it is, whoever waits for the session gets it
            self._error = error
            self._reading.set()
        self._then()

    def _go_on(self, share: float) -> bool:
        self.share = share
        return not self._cancelled

    def cancel(self) -> None:
        self._cancelled = True

    def wait(self, seconds: float) -> bool:
        """Whether it is done within so many seconds, well or not; begins where it has not begun. What the engine takes
        to be loaded is not counted, and the seconds are those of the CPU, so that a busy machine answers as an idle one
        does; `_WAIT` times as many on the clock are the most."""
        self.start()
        self._reading.wait()
        begun, late = process_time(), monotonic() + seconds * _WAIT
        while not self.done and process_time() - begun < seconds and monotonic() < late:
            self._thread.join(seconds / 10)
        return self.done

    @property
    def done(self) -> bool:
        """Whether it has come to its end, well or not."""
        return self._session is not None or self._error is not None

    def session(self) -> Session:
        """The session, once it is done. Raises what has gone wrong."""
        if self._error is not None:
            raise self._error
        assert self._session is not None, "it is done, and nothing has gone wrong"
        return self._session
