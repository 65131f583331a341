"""Modules that one opens, closes, and steps over: how far a step goes depends on it."""

from __future__ import annotations

from gradstep.engine.run import Grain
from gradstep.tui.folding import Turned, arrays_to, called, closed_in, closing_up, opening_up, turning
from gradstep.tui.network.looking import looked_at
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.view import Zoom


class Unfolding:
    """The modules of what is on the screen."""

    def __init__(self, scenery: Scenery) -> None:
        self._scenery = scenery

    def stride(self, onward: bool) -> tuple[Grain, int]:
        """One step at this zoom: its grain, and how many of them; from afar to the end of a line of the tape."""
        scenery = self._scenery
        recording, position, view = scenery.session.recording, scenery.session.position, scenery.view
        closed = closed_in(recording, view.opened)
        count = arrays_to(recording, position, onward, closed) if view.zoom is Zoom.NETWORK and closed else 1
        return scenery.grain, count if onward else -count

    def open(self) -> bool:
        """Opens the module that is looked at; whether it was closed."""
        scenery, element = self._scenery, looked_at(self._scenery.session.frame(), self._scenery.view)
        if scenery.view.zoom is not Zoom.NETWORK or element is None:
            return False
        return self._turned(opening_up(scenery.session.recording, scenery.view.opened, element.value), "Opened")

    def open_next(self) -> bool:
        """Opens the module into which the next step goes, one level of it; whether it is closed."""
        scenery = self._scenery
        recording, position = scenery.session.recording, scenery.session.position
        if scenery.view.zoom is not Zoom.NETWORK or self.stride(True)[1] == 1:
            return False
        first = recording.timeline.sweep_at(min(position.step + 1, recording.timeline.total))
        turned = opening_up(recording, scenery.view.opened, first.value)
        if turned is not None:
            scenery.change(opened=turned.opened)
        return turned is not None

    def close(self) -> bool:
        """Closes the module around what is looked at; whether there is one that is open."""
        scenery, element = self._scenery, looked_at(self._scenery.session.frame(), self._scenery.view)
        if element is None:
            return False
        return self._turned(closing_up(scenery.session.recording, scenery.view.opened, element.value), "Closed")

    def turn(self, group: str) -> None:
        """Opens a module that is closed, or closes it."""
        recording, opened = self._scenery.session.recording, self._scenery.view.opened
        done = "Opened" if group in closed_in(recording, opened) else "Closed"
        self._turned(turning(recording, opened, group), done)

    def _turned(self, turned: Turned | None, done: str) -> bool:
        if turned is not None:
            self._scenery.show(opened=turned.opened, message=f"{done} {called(turned.group)}.")
        return turned is not None
