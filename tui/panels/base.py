"""What a panel is: a pure painting function, and the widget that shows what it painted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from gradstep.engine.debugger import Frame
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View
from gradstep.tui.wall import Walled, noted

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
    for at in reversed(range(len(closed))):  # the last ones shrink to their numbers first
        if sum(len(w) + 3 for w in words) > room:
            words[at] = closed[at][0]
    for word in words:
        x = canvas.put(x, 0, "│", palette.style("line"))
        x = canvas.put(x, 0, f" {word} ", palette.style("dim"))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What all panels show: a moment, and how to look at it. One assignment changes both."""

    frame: Frame
    view: View


class Panel(Walled, Widget, can_focus=True):
    """A panel shows a frame as the view asks. It computes no gradient and asks no other panel.

    A subclass gives `key` (its number), `title`, and `paint`. Only lines whose content changed are
    drawn again.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    #: Whether the panel looks the same at every moment.
    timeless: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__()
        if cls.title:
            TITLES[cls.title.lower()] = (cls.key, cls.title)

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.auto_links = False
        self.scene: Scene | None = None
        self._canvas: Canvas | None = None
        self._strips: list[Strip] = []
        #: What the canvas was painted for.
        self._painted: tuple[Scene, int, int, bool] | None = None

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

    def show(self, scene: Scene) -> None:
        """Shows another scene. A plain call: nine reactives with their watchers would cost each key
        as much as painting a panel."""
        before, self.scene = self.scene, scene
        if before is None or not self.unchanged(before, scene):
            self._repaint()

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        """Whether it is known without painting that two scenes look the same here."""
        return cls.timeless and alike(before, scene)

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
        before, (width, height) = self._canvas, self.size
        wanted = (self.scene, width, height, self.has_focus)
        if wanted == self._painted:  # several events ask for the same picture when a panel appears
            return
        self._painted = wanted
        try:
            canvas = self.paint(self.scene.frame, self.scene.view, width, height, self.has_focus)
        except Exception as error:  # this panel says so, the others are painted
            canvas = _failed(self.scene.view, width, height, noted(error))
        self._canvas = canvas
        if before is None or (before.width, before.height) != (width, height):
            self._strips = [canvas.strip(y) for y in range(height)]
            self.refresh()
            return
        changed = canvas.differing(before)
        for y in changed:
            self._strips[y] = canvas.strip(y)
        if changed:
            self.refresh(*_regions(changed, width))

    def get_line_filters(self) -> Sequence[LineFilter]:
        # All our colours are true ones already, and looking for others in every segment costs each
        # key. Filters that follow (NO_COLOR's) rely on what this one leaves behind.
        filters = super().get_line_filters()
        return () if len(filters) == 1 and isinstance(filters[0], ANSIToTruecolor) else filters

    def render_line(self, y: int) -> Strip:
        if y < len(self._strips):
            return self._strips[y]
        return Strip.blank(self.size.width, self.rich_style)


def _failed(view: View, width: int, height: int, line: str) -> Canvas:
    """A panel that could not be painted."""
    canvas = Canvas(width, height, view.palette)
    for y, start in enumerate(range(0, len(line), max(width, 1))):
        canvas.put(0, y, line[start : start + width], view.palette.style("alarm"))
    return canvas


def alike(before: Scene, scene: Scene) -> bool:
    """Whether two scenes differ in nothing but the moment."""
    return before.view == scene.view and before.frame.recording is scene.frame.recording


def _regions(lines: list[int], width: int) -> list[Region]:
    """Lines as regions, neighbours joined: each region costs a pass of the compositor."""
    found: list[Region] = []
    for y in lines:
        if found and found[-1].bottom == y:
            found[-1] = Region(0, found[-1].y, width, found[-1].height + 1)
        else:
            found.append(Region(0, y, width, 1))
    return found
