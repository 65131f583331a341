"""The least that a Textual application can be: one widget, and a key that changes its text.

python benchmarks/bare.py [lines]
"""

from __future__ import annotations

import sys
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import Static


class Bare(App[None]):
    """One Static of so many lines of text. The key changes the number on the first of them."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [("space", "change", "change the line"), ("q", "quit", "quit")]

    def __init__(self, lines: int) -> None:
        super().__init__()
        self.lines, self.count = lines, 0

    def compose(self) -> ComposeResult:
        yield Static(self.text(), markup=False)

    def text(self) -> str:
        first = f"bare {self.count} ".ljust(self.size.width, "·")
        return "\n".join([first, *["·" * self.size.width] * (self.lines - 1)])

    def action_change(self) -> None:
        self.count += 1
        self.query_one(Static).update(self.text(), layout=False)


if __name__ == "__main__":
    Bare(int(sys.argv[1]) if len(sys.argv) > 1 else 1).run()
