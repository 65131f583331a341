"""What a command has to say, where it is more than a line or two."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from gradstep.engine.errors import printable


class Said(ModalScreen[None]):
    """Text that scrolls; any way of closing closes it."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar = [
        Binding("escape,enter,q", "close", "close", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False, priority=True),
        Binding("down,j", "scroll(1)", "down", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="said") as dialog:
            dialog.border_title = printable(self._title)
            dialog.border_subtitle = "↑↓ scroll · esc closes"
            with VerticalScroll():
                yield Static("\n".join(map(printable, self._text.split("\n"))), id="said", markup=False)

    def action_scroll(self, direction: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=direction, animate=False)

    def action_close(self) -> None:
        self.dismiss(None)
