"""The levels of the picture, from far to near: what is painted at each, and at which one begins."""

from __future__ import annotations

from collections.abc import Callable

from gradstep.engine.debugger import Frame
from gradstep.engine.run import Recording
from gradstep.tui.network.cards import Cards
from gradstep.tui.network.diagram import diagram
from gradstep.tui.network.layer import OneLayer
from gradstep.tui.network.neuron import Neuron
from gradstep.tui.network.nodes import Nodes
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.strips import Lines, Strips
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View, Zoom


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


def opening(recording: Recording) -> Zoom:
    """How near one stands at first: with nodes where they can be drawn, else far off."""
    return Zoom.LAYER if diagram(recording, 0).drawable else Zoom.NETWORK
