"""What a panel is: a pure painting function, and the widget that shows what it painted."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple

from textual.events import Click
from textual.filter import ANSIToTruecolor, LineFilter
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Element
from gradstep.tui.cells import clip
from gradstep.tui.paint import Canvas
from gradstep.tui.table import NUMBERED
from gradstep.tui.terminal.frames import Span, show_lines, write_lines
from gradstep.tui.theme import Palette
from gradstep.tui.view import View
from gradstep.tui.wall import Walled, noted


class Edge(NamedTuple):
    """All that the frame of a panel depends on: which panel, the closed tabs beside it, its size in cells, the colours,
    and whether it has the focus."""

    panel: str
    beside: tuple[str, ...]
    width: int
    height: int
    palette: Palette
    focused: bool


def framed(panel: str, view: View, width: int, height: int, focused: bool) -> Canvas:
    """A canvas with the frame of a panel: its number and title, and the tabs behind it, on the upper edge."""
    return edged(Edge(panel, view.beside(panel), width, height, view.palette, focused))


def edged(edge: Edge) -> Canvas:
    """Likewise."""
    return _edged(edge).copy()


@lru_cache(maxsize=64)
def _edged(edge: Edge) -> Canvas:
    panel, beside, width, height, palette, focused = edge
    canvas, entry = Canvas(width, height, palette), NUMBERED[panel]
    canvas.box(0, 0, width, height, palette.style("dim" if focused else "line"))
    canvas.link(2, 0, len(entry.title) + 4, f"space.panel('{panel}')")
    x = canvas.put(2, 0, f" {entry.key} {entry.title} ", palette.style("current" if focused else "dim", bold=focused))
    closed = [NUMBERED[other] for other in beside]
    room = width - x - 3
    words = [f"{other.key} {other.title}" for other in closed]
    for at in reversed(range(len(closed))):  # the last ones shrink to their numbers first
        if sum(len(w) + 3 for w in words) > room:
            words[at] = closed[at].key
    for other, word in zip(closed, words, strict=True):
        x = canvas.put(x, 0, "│", palette.style("line"))
        canvas.link(x, 0, len(word) + 2, f"space.panel('{other.id}')")
        x = canvas.put(x, 0, f" {word} ", palette.style("dim"))
    return canvas


def hint(canvas: Canvas, *lines: str) -> None:
    """What a panel says that has nothing to show yet."""
    for y, line in enumerate(lines, 1):
        canvas.put(2, y, clip(line, canvas.width - 4), canvas.palette.style("dim"))


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What all panels show: a moment, and how to look at it. One assignment changes both."""

    frame: Frame
    view: View


class Panel(Walled, Widget, can_focus=True):
    """A panel shows a frame as the view asks. It computes no gradient and asks no other panel.

    A subclass gives `paint`, and has a line in the table of panels. Only lines whose content changed are
    drawn again. What somebody asks for with the mouse, or with an arrow key, it says to the screen as one of the
    messages here.
    """

    class Travel(Message):
        """To a step of this iteration."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Visit(Message):
        """To the same moment of another iteration."""

        def __init__(self, iteration: int) -> None:
            super().__init__()
            self.iteration = iteration

    class Point(Message):
        """Points at an iteration, which may be visited then."""

        def __init__(self, iteration: int) -> None:
            super().__init__()
            self.iteration = iteration

    class Scroll(Message):
        """One step onward (1) or back (−1); of a grain of time where it is said, else as far as one sees."""

        def __init__(self, direction: int, grain: str = "") -> None:
            super().__init__()
            self.direction, self.grain = direction, grain

    class Select(Message):
        """Selects an element; `nearer`: and goes nearer to it."""

        def __init__(self, element: Element, nearer: bool = False) -> None:
            super().__init__()
            self.element, self.nearer = element, nearer

    class Do(Message):
        """Does what a key does, or a part of the screen: written as in the key table."""

        def __init__(self, does: str) -> None:
            super().__init__()
            self.does = does

    class Turn(Message):
        """Opens a module that is closed, or closes it."""

        def __init__(self, group: str) -> None:
            super().__init__()
            self.group = group

    #: Whether the panel looks the same at every moment.
    timeless: ClassVar[bool] = False
    #: The arrow keys that mean something of its own where it has the focus; the others are the picture's.
    arrows: ClassVar[tuple[str, ...]] = ()

    def __init__(self, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.auto_links = False
        self.scene: Scene | None = None
        self._canvas: Canvas | None = None
        self._made: list[Strip | None] = []
        #: What the canvas was painted for: a size, and whether with the focus. None where it is for another scene.
        self._painted: tuple[int, int, bool] | None = None

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

    def arrow(self, direction: str, scene: Scene) -> Message | None:
        """What one of its arrow keys asks for in a scene, which may not be shown yet; None: nothing."""
        return None

    def enter(self, scene: Scene) -> Message | None:
        """What ⏎ asks for; None: what it asks for everywhere, to go nearer."""
        return None

    def on_click(self, event: Click) -> None:
        does = "" if self._canvas is None else self._canvas.linked(event.x, event.y)
        if does:
            self.post_message(self.Do(does))

    def show(self, scene: Scene) -> None:
        """Shows another scene. A plain call: nine reactives with their watchers would cost each key
        as much as painting a panel."""
        before, self.scene = self.scene, scene
        if before is None or not self.unchanged(before, scene):
            self._painted = None
            self._repaint()

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        """Whether it is known without painting that two scenes look the same here."""
        return cls.timeless and alike(before, scene)

    def on_show(self) -> None:
        self._repaint()
        write_lines(self.app)

    def on_resize(self) -> None:
        self._repaint()
        write_lines(self.app)

    def watch_has_focus(self, focused: bool) -> None:
        # Handlers of Focus and Blur come before it has changed.
        super().watch_has_focus(focused)
        self._repaint()
        write_lines(self.app)

    def _repaint(self) -> None:
        """Paints, and shows the lines that differ from what is shown."""
        # Its outer size is its size: a panel has no edges but those that it paints.
        if self.scene is None or not self.is_mounted or not self.outer_size.width or not self.display:
            return
        changed = self._paint(self.scene)
        if changed is None:
            self.refresh()
        elif changed:
            assert self._canvas is not None, "it has been painted"
            if self.get_line_filters() or not show_lines(self, self._canvas, changed):
                self.refresh(*_regions([y for y, _, _ in changed], self._canvas.width))

    def _paint(self, scene: Scene) -> list[Span] | None:
        """Paints where something is new; which parts of lines differ then, None for all."""
        before, (width, height) = self._canvas, self.outer_size
        wanted = (width, height, self.has_focus)
        if wanted == self._painted:  # several events ask for the same picture when a panel appears
            return []
        self._painted = wanted
        try:
            canvas = self.paint(scene.frame, scene.view, width, height, self.has_focus)
        except Exception as error:  # this panel says so, the others are painted
            canvas = _failed(scene.view, width, height, noted(error))
        self._canvas = canvas
        if before is None or (before.width, before.height) != (width, height):
            self._made = [None] * height
            return None
        changed = canvas.differing(before)
        for y, _, _ in changed:
            self._made[y] = None
        return changed

    @property
    def _strips(self) -> list[Strip]:
        """All lines."""
        return [self._strip(y) for y in range(len(self._made))]

    def _strip(self, y: int) -> Strip:
        found = self._made[y]
        if found is None:
            assert self._canvas is not None, "what has lines has been painted"
            found = self._made[y] = self._canvas.strip(y)
        return found

    def get_line_filters(self) -> Sequence[LineFilter]:
        # All our colours are true ones already, and looking for others in every segment costs each
        # key. Filters that follow (NO_COLOR's) rely on what this one leaves behind.
        filters = super().get_line_filters()
        return () if len(filters) == 1 and isinstance(filters[0], ANSIToTruecolor) else filters

    def render_lines(self, crop: Region) -> list[Strip]:
        """What Textual asks for: at a new size, before it says that there is one. A panel has no border, padding or
        opacity, which Textual would look for line by line."""
        if self.scene is not None:
            self._paint(self.scene)
        height = len(self._made)
        strips = [self.render_line(y) if y < height else self._blank() for y in crop.line_range]
        for one in self.get_line_filters():
            strips = [strip.apply_filter(one, self.background_colors[1]) for strip in strips]
        x1, x2 = crop.column_span
        return strips if (x1, x2) == (0, self.outer_size.width) else [strip.crop(x1, x2) for strip in strips]

    def render_line(self, y: int) -> Strip:
        return self._strip(y) if y < len(self._made) else self._blank()

    def _blank(self) -> Strip:
        return Strip.blank(self.outer_size.width, self.rich_style)


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
