"""The question before edits are dropped."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding

from gradstep.tui.screens.chooser import Chooser


class Leaving(Chooser):
    """^c, which asks it, answers it as well: whoever presses it again wants to leave."""

    BINDINGS: ClassVar = [Binding("ctrl+c", "leave", "leave", show=False, priority=True)]
    keys = "enter decides · esc stays · ^c again quits"

    def action_leave(self) -> None:
        self.dismiss("quit")
