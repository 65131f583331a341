"""An application's frames, written through a shadow of the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Protocol

from rich.style import Style
from textual import events
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App, ReturnType
from textual.driver import Driver
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from gradstep.tui.terminal.shadow import Shadow

#: A part of a line: y, the first column, and the one after the last.
Span = tuple[int, int, int]


class Cells(Protocol):
    """A picture in cells."""

    width: int
    height: int

    def cells(self, y: int) -> tuple[Sequence[str], Sequence[Style]]:
        """The characters and the styles of a line."""


class Frames(App[ReturnType]):
    """An application that writes to the terminal only what differs from what it shows. It stands before Textual's class
    among the bases; nothing else has to change."""

    #: Whether it does; without, Textual writes its frames itself.
    SHADOWED: ClassVar[bool] = True
    _shadow: Shadow | None = None
    #: Whether widgets are about to stand elsewhere, up to the next frame.
    moving = False
    #: What Textual knows of who is seen, and what follows from it.
    _places: tuple[object, Mapping[Widget, Region]] | None = None

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
        if renderable is not None and screen is self.screen:
            self.moving = False
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

    def show_lines(self, widget: Widget, picture: Cells, spans: Iterable[Span]) -> bool:
        """Takes parts of lines of what a widget shows, as they are, past Textual's ways, which look at the whole
        screen; whether that can be. They are written with `write_lines`."""
        shadow = self._shadow
        if shadow is None or self.moving or self._batch_count or not self._shadowed:
            return False
        screen = widget.screen
        if screen is not self.screen or not (shadow.width, shadow.height) == self.size == screen._compositor.size:
            return False
        place = self._places_of(screen).get(widget)
        if place is None or place.size != (picture.width, picture.height):
            return False
        for y, start, end in spans:
            chars, styles = picture.cells(y)
            shadow.put_cells(place.x + start, place.y + y, chars[start:end], styles[start:end])
        return True

    def _places_of(self, screen: Screen[Any]) -> Mapping[Widget, Region]:
        """Where the widgets are of which all is seen, and nothing else before them."""
        seen = screen._compositor.visible_widgets
        if self._places is None or self._places[0] is not seen:
            found: dict[Widget, Region] = {}
            above: list[tuple[Widget, Region]] = []  # the foremost are first
            for widget, (region, clip) in seen.items():
                covered = any(other.overlaps(region) for one, other in above if widget not in one.ancestors)
                if not covered and clip.contains_region(region):
                    found[widget] = region
                above.append((widget, region.intersection(clip)))
            self._places = (seen, found)
        return self._places[1]

    def write_lines(self) -> None:
        """Writes what has been shown in lines."""
        if self._shadow is not None and self._shadow.touched and self._running and not self._closed:
            self._written()

    def _written(self) -> None:
        """Writes what the terminal does not show yet."""
        assert self._shadow is not None, "a frame has been staged"
        assert self._driver is not None, "there is a terminal"
        cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
        text = self._shadow.flush(cursor)
        self._previous_cursor_position = cursor
        if text:
            # In one piece: each wakes the thread that writes.
            self._driver.write(f"{SYNC_START}{text}{SYNC_END}" if self._sync_available else text)
            self._driver.flush()


def show_lines(widget: Widget, picture: Cells, spans: Iterable[Span]) -> bool:
    """Shows parts of lines of a widget as they are, where that can be; see `Frames.show_lines`."""
    app = widget.app
    return isinstance(app, Frames) and app.show_lines(widget, picture, spans)


def write_lines(app: App[Any]) -> None:
    """Writes what has been shown in lines."""
    if isinstance(app, Frames):
        app.write_lines()


def moves(app: App[Any]) -> None:
    """Widgets are about to stand elsewhere."""
    if isinstance(app, Frames):
        app.moving = True
