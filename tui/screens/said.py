"""What a command has to say, where it is more than a line or two."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from gradstep.tui.cells import shown
from gradstep.tui.screens.dialog import Dialog


class Said(Dialog[None]):
    """Text that scrolls; any way of closing closes it."""

    kind = "said"
    BINDINGS: ClassVar = [
        Binding("enter,q", "close", "close", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False, priority=True),
        Binding("down,j", "scroll(1)", "down", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title, "↑↓ scroll · esc closes")
        self._text = text

    def inside(self) -> ComposeResult:
        with VerticalScroll():
            yield Static("\n".join(map(shown, self._text.split("\n"))), id="said", markup=False)

    def action_scroll(self, direction: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=direction, animate=False)
