"""From how near one looks: which stage paints each level, for a network of any size and a panel of any."""

from __future__ import annotations

from collections.abc import Callable

from gradstep.engine.debugger import Frame
from gradstep.engine.run import Recording
from gradstep.tui.folding import NOTHING, closed_in, foldable, formulas
from gradstep.tui.network.diagram import drawable, mapped
from gradstep.tui.network.looking import looked_at
from gradstep.tui.network.stage import Stage
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View, Zoom

#: How much cards give way to their images, and whether what formulas make on their way is left out: the first that
#: have room are taken.
_CARDS = ((0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (3, 1))


def _far(canvas: Canvas, frame: Frame, view: View) -> Stage:
    """The first of cards, strips and lines for which there is room; of modules, as they are open. What formulas make on
    their way is left out rather than that a list is longer than the picture."""
    from gradstep.tui.network.cards import Cards
    from gradstep.tui.network.lines import Lines
    from gradstep.tui.network.strips import Strips

    modules = foldable(frame.recording)
    chosen = closed_in(frame.recording, view.opened)
    for tight, without in _CARDS:
        if not (modules and without):
            closed = chosen if modules else formulas(frame.recording) if without else NOTHING
            cards = Cards(canvas, frame, view, tight, closed)
            if cards.fits:
                return cards
    if modules:
        return Lines(canvas, frame, view, chosen)
    strips = Strips(canvas, frame, view, NOTHING)
    if strips.fits:
        return strips
    lines = Lines(canvas, frame, view, NOTHING)
    if len(lines.layers) < canvas.height:
        return lines
    strips = Strips(canvas, frame, view, formulas(frame.recording))
    return strips if strips.fits else lines


def _second(canvas: Canvas, frame: Frame, view: View) -> Stage:
    """Nodes where they can be drawn, or the tables that they are in; else the tables about the moment, or one layer.
    Where something of another sample is computed, or selected, than of the one that is looked at, all of it is that
    sample's."""
    element = looked_at(frame, view)
    whose = None if element is None else frame.recording.samples.of(*element)
    if whose is not None and frame.sample is not None:
        frame = frame.seen_for(whose)
    if mapped(frame.recording):
        maps = _maps(canvas, frame, view)
        if maps is not None:
            return maps
    elif drawable(frame.recording):
        return _units(canvas, frame, view)
    from gradstep.tui.network.near import near

    found = near(canvas, frame, view)
    if found is not None:
        return found
    from gradstep.tui.network.layer import OneLayer

    return OneLayer(canvas, frame, view)


def _units(canvas: Canvas, frame: Frame, view: View) -> Stage:
    """Boxes, if all of them have room; else columns or tables that do, or tables without what other formulas than the
    one that the step is in make on their way; else the tables about the moment, or the boxes that have room."""
    from gradstep.tui.network.nodes import Nodes

    nodes = Nodes(canvas, frame, view)
    if nodes.whole:
        return nodes
    from gradstep.tui.network.near import near
    from gradstep.tui.network.slim import Slim

    slim = Slim(canvas, frame, view)
    if slim.whole:
        return slim
    return _maps(canvas, frame, view) or (slim if slim.fits else near(canvas, frame, view) or nodes)


def _maps(canvas: Canvas, frame: Frame, view: View) -> Stage | None:
    """Tables of all arrays, or without what other formulas than that of the step make on their way: the first with room
    for every digit, else the first that has room at all; None where neither has."""
    from gradstep.tui.network.maps import Maps
    from gradstep.tui.network.near import named

    chosen = None
    for make in (Maps, named):
        maps = make(canvas, frame, view)
        if maps is not None and maps.legible:
            if maps.form.roomy:
                return maps
            chosen = chosen or maps
    return chosen


def _neuron(canvas: Canvas, frame: Frame, view: View) -> Stage:
    from gradstep.tui.network.neuron import Neuron

    return Neuron(canvas, frame, view)


#: What is painted at each level. A level is loaded when it is first looked at: all of them would be felt at the start.
LEVELS: dict[Zoom, Callable[[Canvas, Frame, View], Stage]] = {
    Zoom.NETWORK: _far,
    Zoom.LAYER: _second,
    Zoom.NEURON: _neuron,
    Zoom.TERM: _neuron,
}


def opening(recording: Recording) -> Zoom:
    """How near one stands at first: with nodes where they can be drawn, else far off."""
    return Zoom.LAYER if drawable(recording) else Zoom.NETWORK
