"""The network: where the step happens, from as near as one has zoomed in."""

from __future__ import annotations

from textual.events import Click
from textual.message import Message

from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Element
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, Scene, framed
from gradstep.tui.view import Layout, View


class Network(Panel):
    """The picture of screen and time: where the step happens."""

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        margin = _margin(view)
        canvas = framed("network", view, width, height, focused) if margin else Canvas(width, height, view.palette)
        inner = Canvas(max(width - 2 * margin, 1), max(height - 2 * margin, 1), view.palette)
        stage = LEVELS[view.zoom](inner, frame, view)
        stage.paint()
        canvas.paste(inner, margin, margin)
        if margin and stage.foot and len(stage.foot) + 8 < width:
            canvas.put(width - len(stage.foot) - 5, height - 1, f" {stage.foot} ", view.palette.style("dim"))
        return canvas

    def on_click(self, event: Click) -> None:
        if self.scene is None:
            return
        view, margin = self.scene.view, _margin(self.scene.view)
        inner = Canvas(max(self.size.width - 2 * margin, 1), max(self.size.height - 2 * margin, 1), view.palette)
        stage = LEVELS[view.zoom](inner, self.scene.frame, view)
        stage.paint()
        element = stage.at(event.x - margin, event.y - margin)
        if element is not None:
            self.post_message(self.Select(element, event.chain > 1))

    def arrow(self, direction: str, scene: Scene) -> Message | None:
        """Selects what is beside the element that is looked at. The arrow keys for which a panel has no use come
        here."""
        return self.Select(neighbour(scene.frame, scene.view, self.size.width, self.size.height, direction))


def _margin(view: View) -> int:
    """Narrow terminals spare the frame."""
    return 0 if view.layout in (Layout.NARROW, Layout.TINY) else 1


def neighbour(frame: Frame, view: View, width: int, height: int, direction: str) -> Element:
    """The element beside the one that is looked at, in a picture of width × height cells."""
    margin = _margin(view)
    canvas = Canvas(max(width - 2 * margin, 1), max(height - 2 * margin, 1), view.palette)
    return LEVELS[view.zoom](canvas, frame, view).neighbour(direction)
