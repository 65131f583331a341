"""What is seen while a large network is read and run: how far it is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Middle
from textual.screen import Screen
from textual.widgets import Static

from gradstep.engine.notation import progress
from gradstep.tui.cells import shown
from gradstep.tui.loading import Loading
from gradstep.tui.wall import Walled

_WIDTH = 40


class Opening(Walled, Screen[None]):
    """The name, a bar, and the way out. Dismissed when the network is there, or will not be."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,q,escape", "leave", "leave", priority=True),
    ]
    CSS = "Opening Middle { width: 1fr; } Opening Static { width: 100%; text-align: center; }"

    def __init__(self, loading: Loading) -> None:
        super().__init__()
        self._loading = loading

    def compose(self) -> ComposeResult:
        with Middle():
            yield Static("", id="opening", markup=False)

    def on_mount(self) -> None:
        self._tick()
        self.set_interval(0.05, self._tick)

    def _tick(self) -> None:
        if self._loading.wait(0):
            self.dismiss(None)
            return
        share = self._loading.share
        what = "reading" if share is None else f"forward and backward pass {share:.0%}"
        bar = progress(share or 0, _WIDTH)
        self.query_one(Static).update(f"gradstep {shown(self._loading.name)}\n\n{bar}\n{what} · ^c leaves")

    def action_leave(self) -> None:
        self._loading.cancel()
        self.app.exit(0)
