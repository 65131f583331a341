"""What a command has to say, where it is more than a line or two."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from gradstep.tui.cells import hanging, shown
from gradstep.tui.screens.dialog import Dialog

#: As wide as its style says at most; and the cells of its edges and its bar.
_WIDEST, _EDGES = 120, 5


class Said(Dialog[None]):
    """Text that scrolls; any way of closing closes it."""

    kind = "said"
    BINDINGS: ClassVar = [
        Binding("enter,q,minus", "close", "close", show=False),
        Binding("up,k", "scroll(-1)", "up", show=False, priority=True),
        Binding("down,j", "scroll(1)", "down", show=False, priority=True),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title, "↑↓ scroll · esc closes")
        self._text = text

    def inside(self) -> ComposeResult:
        with VerticalScroll():
            yield Static(self._text_in(self.app.size.width), id="said", markup=False)

    def on_resize(self) -> None:
        for text in self.query("#said").results(Static):
            text.update(self._text_in(self.app.size.width))

    def _text_in(self, width: int) -> str:
        """The text as a window has it in a terminal so wide."""
        room = min(int(width * 0.96), _WIDEST) - _EDGES
        return "\n".join(hanging("\n".join(map(shown, self._text.split("\n"))), room))

    def action_scroll(self, direction: int) -> None:
        for window in self.query(VerticalScroll):  # none yet, where a key comes before what is inside
            window.scroll_relative(y=direction, animate=False)
