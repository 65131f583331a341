"""Reading and running a scenario in a thread of its own."""

from __future__ import annotations

from threading import Thread

from gradstep.engine.debugger import Session
from gradstep.engine.files import find
from gradstep.engine.history import BUDGET


class Loading:
    """A scenario on its way to a session, and there to the place `at`, as `goto` takes it. `share` is how much of the
    run is done, None while the file and its arrays are still being read. `cancel` stops it between two nodes."""

    def __init__(self, name: str, budget: int = BUDGET, at: str | None = None) -> None:
        self.name, self._budget, self._at = name, budget, at
        self.share: float | None = None
        self._session: Session | None = None
        self._error: Exception | None = None
        self._cancelled = False
        # A daemon: a program that is left does not wait for what it loads.
        self._thread = Thread(target=self._load, daemon=True)
        self._thread.start()

    def _load(self) -> None:
        try:
            session = Session(find(self.name), self._go_on, self._budget)
            if self._at is not None:
                session.goto(self._at, self._go_on)
            self._session = session
        except Exception as error:  # whatever it is, whoever waits for the session gets it
            self._error = error

    def _go_on(self, share: float) -> bool:
        self.share = share
        return not self._cancelled

    def cancel(self) -> None:
        self._cancelled = True

    def wait(self, seconds: float) -> bool:
        """Whether it is done within so many seconds, well or not."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def session(self) -> Session:
        """The session, once it is done. Raises what has gone wrong."""
        if self._error is not None:
            raise self._error
        assert self._session is not None, "it is done, and nothing has gone wrong"
        return self._session
