"""What is seen while a large network is read and run: how far it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
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
    """The name, a bar, and the way out. Calls `done` once, when the network is there or will not be."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,q,escape", "leave", "leave", priority=True),
    ]

    def __init__(self, loading: Loading, done: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._loading, self._done = loading, done

    def compose(self) -> ComposeResult:
        with Middle():
            yield Static("", id="opening", markup=False)

    def on_mount(self) -> None:
        self._ticking = self.set_interval(0.05, self._tick)
        self._show()

    async def _tick(self) -> None:
        if self._loading.wait(0):
            self._ticking.stop()
            await self._done()
        else:
            self._show()

    def _show(self) -> None:
        share = self._loading.share
        what = "reading" if share is None else f"forward and backward pass {share:.0%}"
        bar = progress(share or 0, _WIDTH)
        self.query_one(Static).update(f"gradstep {shown(self._loading.name)}\n\n{bar}\n{what} · ^c leaves")

    def action_leave(self) -> None:
        self._loading.cancel()
        self.app.exit(0)
