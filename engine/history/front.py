"""How far a training has come, and how it goes on."""

from __future__ import annotations

from collections.abc import Callable
from threading import RLock

from gradstep.engine.history.checkpoints import Snapshot
from gradstep.engine.history.compiled import Compiled
from gradstep.engine.history.iterations import Iterations
from gradstep.engine.history.measuring import Measurer


class Front:
    """The iteration after the last one that is made, and `start`, what it begins with. Where that is lost, because
    something stopped in the middle of an iteration, `again` computes it. `measurer` summarises what is made."""

    def __init__(
        self, iterations: Iterations, measurer: Measurer, start: Snapshot, again: Callable[[int], Snapshot]
    ) -> None:
        self.measurer = measurer
        self._iterations, self._again = iterations, again
        self._iteration = start.iteration
        #: None once it is past, until somebody asks; the arrays of what is compiled are then further on.
        self._start: Snapshot | None = start
        self._compiled: Compiled | None = None
        self._lock = RLock()

    @property
    def start(self) -> Snapshot:
        """The start of the next iteration."""
        with self._lock:
            if self._start is None:
                compiled, k = self._compiled, self._iteration
                self._start = self._again(k) if compiled is None else compiled.start(k)
            return self._start

    @property
    def bytes(self) -> int:
        """What that takes."""
        return self.start.bytes

    def make(self, whole: bool = False) -> None:
        """Makes that iteration; with `whole`, all its numbers are kept at hand. NumPy's warnings are for the caller to
        silence."""
        with self._lock, self._iterations.scenario.telling():
            if whole or self._iteration in self._iterations.edited:
                self._make_whole(whole)
            else:
                self._go_on()
            self._iteration += 1

    def _go_on(self) -> None:
        compiled = self._compiled or Compiled(self._iterations, self.measurer, self.start)
        # Should something stop it in between, its arrays are those of no iteration.
        self._compiled = self._start = None
        compiled.make(self._iteration)
        self._compiled = compiled

    def _make_whole(self, keep: bool) -> None:
        start, iterations = self.start, self._iterations
        trace = iterations.trace(start)
        following, made = iterations.after(start, trace)
        self.measurer.note(made)
        self._start, self._compiled = following, None
        if keep:
            iterations.keep(iterations.complete(start, trace))

    def rest(self) -> None:
        """Takes what it begins with along, and no more than that."""
        self._start, self._compiled = self.start, None
