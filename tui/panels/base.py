"""What a panel is: a pure painting function, and the widget that shows what it painted."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from textual.geometry import Region
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

from gradstep.engine.frame import Frame
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View

#: Number and title of every framed panel.
TITLES: dict[str, tuple[str, str]] = {}


def framed(canvas: Canvas, panel: str, view: View, focused: bool) -> None:
    """The frame of a panel: its number and title, and the tabs behind it, on the upper edge."""
    palette = canvas.palette
    canvas.box(0, 0, canvas.width, canvas.height, palette.style("dim" if focused else "line"))
    key, title = TITLES[panel]
    x = canvas.put(2, 0, f" {key} {title} ", palette.style("current" if focused else "dim", bold=focused))
    closed = [TITLES[p] for p in view.beside(panel) if p in TITLES]
    room = canvas.width - x - 3
    words = [f"{k} {t}" for k, t in closed]
    if sum(len(w) + 3 for w in words) > room:
        words = [k for k, _ in closed]
    for word in words:
        x = canvas.put(x, 0, "│", palette.style("line"))
        x = canvas.put(x, 0, f" {word} ", palette.style("dim"))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What all panels show: a moment, and how to look at it. One assignment changes both."""

    frame: Frame
    view: View


class Panel(Widget, can_focus=True):
    """A panel shows a frame as the view asks. It computes no gradient and asks no other panel.

    A subclass gives `key` (its number), `title`, and `paint`. Only lines whose content changed are
    drawn again.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__()
        if cls.title:
            TITLES[cls.title.lower()] = (cls.key, cls.title)

    scene: var[Scene | None] = var(None)

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []

    @staticmethod
    @abstractmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        """What the panel shows, in exactly width × height cells."""

    @property
    def frame(self) -> Frame | None:
        return self.scene.frame if self.scene else None

    @property
    def view(self) -> View | None:
        return self.scene.view if self.scene else None

    def watch_scene(self) -> None:
        self._repaint()

    def on_show(self) -> None:
        self._repaint()

    def on_resize(self) -> None:
        self._repaint()

    def on_focus(self) -> None:
        self._repaint()

    def on_blur(self) -> None:
        self._repaint()

    def _repaint(self) -> None:
        """Paints, and asks for the lines that differ from what is shown."""
        if not self.is_mounted or self.scene is None or not self.size.width or not self.display:
            return
        before = self._strips
        width, height = self.size
        self._strips = self.paint(self.scene.frame, self.scene.view, width, height, self.has_focus).strips()
        if len(before) != len(self._strips):
            self.refresh()
            return
        changed = [y for y, (old, new) in enumerate(zip(before, self._strips, strict=True)) if old != new]
        self.refresh(*(Region(0, y, width, 1) for y in changed)) if changed else None

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width)
