"""What is seen first, while the engine is loaded, and a network read and run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Middle
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from gradstep.engine.notation import progress
from gradstep.tui.cells import shown
from gradstep.tui.loading import Loading
from gradstep.tui.theme import Palette
from gradstep.tui.wall import Walled

_WIDTH = 40
#: So long, in seconds, nobody needs to see how far it is.
_PATIENCE = 0.25


class Opening(Walled, Screen[None]):
    """The first and the last line, with the name and the way out, and how far it is. Calls `done` once, when the
    network is there or will not be."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,q,escape", "leave", "leave", priority=True),
    ]

    def __init__(self, loading: Loading, palette: Palette, done: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._loading, self._palette, self._done = loading, palette, done
        self._ended = False

    def compose(self) -> ComposeResult:
        role = self._palette.roles
        brand = Content.styled(" gradstep ", f"bold {role['background']} on {role['brand']}")
        yield Static(Content.assemble(brand, "  ", shown(self._loading.name)), id="header")
        with Middle():
            yield Static("", id="opening", markup=False)
        yield Static(Content.styled(" ^c leaves", role["dim"]), id="footer")

    def on_mount(self) -> None:
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Once there is something to see."""
        self._begun = monotonic()
        self._ticking = self.set_interval(0.1, self._show)
        self._loading.start(self._loaded)
        if self._loading.done:  # before it was asked to tell
            self._loaded()

    def _loaded(self) -> None:
        """May be called in any thread, more than once, and after the program has been left."""
        with suppress(RuntimeError):
            self.call_later(self._end)

    async def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._ticking.stop()
            await self._done()

    def _show(self) -> None:
        share = self._loading.share
        if monotonic() - self._begun >= _PATIENCE:
            what = "reading" if share is None else f"forward and backward pass {share:.0%}"
            self.query_one("#opening", Static).update(f"{progress(share or 0, _WIDTH)}\n{what}")

    def action_leave(self) -> None:
        self._loading.cancel()
        self.app.exit(0)
