"""Playing: a step after the other by itself, onward or back."""

from __future__ import annotations

from textual.timer import Timer

from gradstep.engine.debugger import Move
from gradstep.tui.screens.runner import Runner
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.screens.unfolding import Unfolding

#: Steps a second; pressing play again takes the next.
SPEEDS = (2, 5, 15, 40)


class Player:
    """Steps as far as one sees, so many times a second."""

    def __init__(self, scenery: Scenery, runner: Runner) -> None:
        self._scenery, self._runner, self._unfolding = scenery, runner, Unfolding(scenery)
        self._timer: Timer | None = None
        self._speed = 0

    async def play(self, direction: int) -> None:
        """Starts, or goes on faster."""
        faster = self._timer is not None and (self._speed > 0) == (direction > 0)
        speed = min(abs(self._speed) + 1, len(SPEEDS)) if faster else 1
        self.stop()
        self._speed = speed * direction
        self._scenery.change(playing=SPEEDS[speed - 1] * direction)
        self._timer = self._scenery.screen.set_interval(1 / SPEEDS[speed - 1], self._tick)
        await self._tick()

    def stop(self) -> bool:
        """Whether it was playing."""
        if self._timer is None:
            return False
        self._timer.stop()
        self._timer, self._speed = None, 0
        self._scenery.change(playing=0)
        return True

    async def _tick(self) -> None:
        if self._runner.busy:  # the next iteration is computed again, which takes a while
            return
        session, (grain, count) = self._scenery.session, self._unfolding.stride(self._speed > 0)
        await self._runner.attempt("play", lambda go_on: session.step(grain, count, go_on), self._moved)

    def _moved(self, move: Move) -> None:
        if not move.moved and self.stop():
            self._runner.rest()
        self._scenery.moved(move)
