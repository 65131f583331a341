"""What a panel is: a pure painting function, and the widget that shows what it painted."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from textual.geometry import Region
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from gradstep.engine.frame import Frame
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View


class Panel(Widget, can_focus=True):
    """A panel shows `frame` as `view` asks. It computes no gradient and asks no other panel.

    A subclass gives `key` (its number), `title`, and `paint`. Only lines whose content changed are
    drawn again.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""

    frame: var[Frame | None] = var(None)
    view: var[View | None] = var(None)

    def __init__(self, **kwargs: str) -> None:
        super().__init__(**kwargs)
        self._strips: list[Strip] = []

    @staticmethod
    @abstractmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        """What the panel shows, in exactly width × height cells."""

    def watch_frame(self) -> None:
        self._repaint()

    def watch_view(self) -> None:
        self._repaint()

    def on_resize(self) -> None:
        self._repaint()

    def on_focus(self) -> None:
        self._repaint()

    def on_blur(self) -> None:
        self._repaint()

    def _repaint(self) -> None:
        """Paints, and asks for the lines that differ from what is shown."""
        if not self.is_mounted or self.frame is None or self.view is None or not self.size.width or not self.display:
            return
        before = self._strips
        width, height = self.size
        self._strips = self.paint(self.frame, self.view, width, height, self.has_focus).strips()
        if len(before) != len(self._strips):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._strips, strict=True)) if old != new]
        self.refresh(*(Region(0, y, width, 1) for y in changed)) if changed else None

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width)
