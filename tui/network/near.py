"""Of a network with too many arrays those that are about the moment: the layer that is looked at, what it is computed
from, what is computed from it, and what the step reads."""

from __future__ import annotations

from collections.abc import Iterator

from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Layer
from gradstep.engine.run import Recording
from gradstep.tui.folding import Closed, formulas, hidden
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.looking import layer_here
from gradstep.tui.network.maps import Maps
from gradstep.tui.network.plan import numbers
from gradstep.tui.network.reads import read
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View

#: A layer of more elements is no table.
_LARGEST = 512


def near(canvas: Canvas, frame: Frame, view: View) -> Maps | None:
    """Their tables: as many of them as have room; None where not even those have that the step is about."""
    recording, here = frame.recording, layer_here(frame, view)
    if recording.samples.elements(here.output, 0).size > _LARGEST:
        return None
    shown = numbers(recording)
    least = {shown[v] for v in (here.output, *_read(frame)) if v in shown}
    for before, after in ((True, True), (True, False), (False, False)):
        more = {shown[v] for v in _beside(recording, here, before, after) if v in shown}
        maps = Maps(canvas, frame, view, least | more)
        if maps.fits:
            return maps
    return None


def named(canvas: Canvas, frame: Frame, view: View) -> Maps | None:
    """The tables of what has a name of its own, and of the formulas in which the layer is that is looked at, or what
    the step reads: the network without what other formulas make on their way; None where they make nothing."""
    recording, here = frame.recording, layer_here(frame, view)
    closed = formulas(recording).difference(recording.board.modules.of(here.output))
    closed = closed.difference(*(recording.board.modules.of(v) for v in _read(frame) if hidden(recording, v, closed)))
    return Maps(canvas, frame, view, set(_open(recording, frozenset(closed)))) if closed else None


@kept_of_network
def _open(recording: Recording, closed: Closed) -> frozenset[int]:
    """The layers that are shown by themselves where some groups are closed: there may be hundreds."""
    return frozenset(k for v, k in numbers(recording).items() if not hidden(recording, v, closed))


def _read(frame: Frame) -> Iterator[int]:
    """The outputs of the layers whose numbers the step reads."""
    layers = frame.recording.board.layer_of
    for value, _ in read(frame):
        if value in layers:
            yield layers[value].output


def _beside(recording: Recording, here: Layer, before: bool, after: bool) -> Iterator[int]:
    """What the layer is computed from, and what is computed from it."""
    graph, layers = recording.graph, recording.board.layer_of
    if before and here.node >= 0:
        yield from graph.nodes[here.node].inputs
    for node, _ in graph.uses[here.output] if after else ():
        output = graph.nodes[node].output
        yield layers[output].output if output in layers else output
