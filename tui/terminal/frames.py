"""An application's frames, written through a shadow of the terminal."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.driver import Driver
from textual.screen import Screen

from gradstep.tui.terminal.shadow import Shadow


class Frames(App[ReturnType]):
    """An application that writes to the terminal only what differs from what it shows. It stands before Textual's class
    among the bases; nothing else has to change."""

    #: Whether it does; without, Textual writes its frames itself.
    SHADOWED: ClassVar[bool] = True
    _shadow: Shadow | None = None

    @property
    def _shadowed(self) -> bool:
        """Whether there is a terminal that nobody else writes to."""
        driver = self._driver
        return self.SHADOWED and driver is not None and not (driver.is_inline or self.is_headless or self.is_web)

    def forget_terminal(self) -> None:
        """The terminal may show anything now: the next frame is written in full."""
        self._shadow = None

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Resize | Driver.SignalResume):
            self.forget_terminal()
        await super().on_event(event)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        # What Textual does here, with another way of writing.
        if renderable is None or self._batch_count or not self._running or self._closed or not self._shadowed:
            super()._display(screen, renderable)
        elif isinstance(renderable, LayoutUpdate | ChopsUpdate):
            try:
                self._staged(renderable)
                self._written()
            except Exception as error:
                self.forget_terminal()
                self._handle_exception(error)
            self.post_display_hook()
        else:
            self.forget_terminal()
            super()._display(screen, renderable)

    def _staged(self, update: LayoutUpdate | ChopsUpdate) -> None:
        """Takes what is new of a frame into the shadow."""
        if self._shadow is None or (self._shadow.width, self._shadow.height) != self.size:
            self._shadow = Shadow(self.console._color_system)
            self._shadow.forget(*self.size)
        put = self._shadow.put
        if isinstance(update, LayoutUpdate):
            left = update.region.x
            for y, line in enumerate(update.strips, update.region.y):
                x = left
                for piece in line:
                    put(x, y, piece)
                    x += piece.cell_length
            return
        for y, first, end in update.spans:
            for stop, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x <= end and stop > first:
                    put(x, y, strip if stop <= end else strip.crop(0, end - x))

    def _written(self) -> None:
        """Writes what the terminal does not show yet."""
        assert self._shadow is not None, "a frame has been staged"
        assert self._driver is not None, "there is a terminal"
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        text = self._shadow.flush(cursor)
        self._previous_cursor_position = cursor
        if text:
            self._begin_update()
            self._driver.write(text)
            self._end_update()
            self._driver.flush()
