"""The network: where the step happens, from as near as one has zoomed in."""

from __future__ import annotations

from collections.abc import Callable

from textual.events import Click
from textual.message import Message

from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Element
from gradstep.engine.run import Recording
from gradstep.tui.network.cards import Cards
from gradstep.tui.network.diagram import diagram
from gradstep.tui.network.layer import OneLayer
from gradstep.tui.network.neuron import Neuron
from gradstep.tui.network.nodes import Nodes
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.strips import Lines, Strips
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, framed
from gradstep.tui.view import Layout, View, Zoom


def _far(canvas: Canvas, frame: Frame, view: View) -> Stage:
    """The first of cards, strips and lines for which there is room."""
    for tight, brief in ((0, False), (1, False), (1, True), (2, False), (2, True), (3, True)):
        cards = Cards(canvas, frame, view)
        cards.tight, cards.brief = tight, brief
        if cards.fits:
            return cards
    strips = Strips(canvas, frame, view)
    return strips if strips.fits else Lines(canvas, frame, view)


def _second(canvas: Canvas, frame: Frame, view: View) -> Stage:
    """Nodes where they can be drawn, else one layer."""
    return (Nodes if diagram(frame.recording, frame.sample).drawable else OneLayer)(canvas, frame, view)


#: What is painted at each level.
LEVELS: dict[Zoom, Callable[[Canvas, Frame, View], Stage]] = {
    Zoom.NETWORK: _far,
    Zoom.LAYER: _second,
    Zoom.NEURON: Neuron,
    Zoom.TERM: Neuron,
}


class Network(Panel):
    """The picture of screen and time: where the step happens."""

    key = "2"
    title = "Network"

    class Select(Message):
        """Something was clicked: once to select it, twice to go nearer."""

        def __init__(self, element: Element, nearer: bool) -> None:
            super().__init__()
            self.element, self.nearer = element, nearer

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas = Canvas(width, height, view.palette)
        margin = _margin(view)
        if margin:
            framed(canvas, "network", view, focused)
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


def _margin(view: View) -> int:
    """Narrow terminals spare the frame."""
    return 0 if view.layout in (Layout.NARROW, Layout.TINY) else 1


def neighbour(frame: Frame, view: View, width: int, height: int, direction: str) -> Element:
    """The element beside the one that is looked at, in a picture of width × height cells."""
    margin = _margin(view)
    canvas = Canvas(max(width - 2 * margin, 1), max(height - 2 * margin, 1), view.palette)
    return LEVELS[view.zoom](canvas, frame, view).neighbour(direction)


def opening(recording: Recording) -> Zoom:
    """How near one stands at first: with nodes where they can be drawn, else far off."""
    return Zoom.LAYER if diagram(recording, 0).drawable else Zoom.NETWORK
