"""Of a network with too many arrays those that are about the moment: the layer that is looked at, what it is computed
from, what is computed from it, and what the step reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import product

from gradstep.engine.debugger import Frame, Kind
from gradstep.engine.graph import Layer
from gradstep.engine.run import Phase, Recording
from gradstep.tui.folding import Closed, formulas, hidden
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.arranged import Stacks, stacked
from gradstep.tui.network.looking import layer_here
from gradstep.tui.network.maps import Maps
from gradstep.tui.network.plan import numbers, plan
from gradstep.tui.network.reads import read
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View

#: A layer of more elements is no table.
_LARGEST = 512


def near(canvas: Canvas, frame: Frame, view: View) -> Maps | None:
    """Their tables: as many of them as have room, or those parts of what the step reads and writes that it is about;
    None where not even these have."""
    recording, here = frame.recording, layer_here(frame, view)
    if recording.samples.elements(here.output, 0).size > _LARGEST:
        return None
    about = _about(frame, view)
    values = {value for value, _ in about}
    for before, after in ((True, True), (True, False)):
        for spread in (True, False):
            maps = Maps(canvas, frame, view, _stacks(recording, here, values, before, after, spread))
            if maps.legible:
                return maps
    for spread, broken in product((True, False), (False, True)) if about else ():
        maps = Maps(canvas, frame, view, _stacks(recording, here, values, False, False, spread), about, broken)
        if maps.legible:
            return maps
    return None


def named(canvas: Canvas, frame: Frame, view: View) -> Maps | None:
    """The tables of what has a name of its own, and of the formulas in which the layer is that is looked at, or what
    the step reads: the network without what other formulas make on their way; None where they make nothing."""
    recording, here = frame.recording, layer_here(frame, view)
    reads = {value for value, _ in read(frame)}
    closed = formulas(recording).difference(recording.board.modules.of(here.output))
    closed = closed.difference(*(recording.board.modules.of(v) for v in reads if hidden(recording, v, closed)))
    shown = _open(recording, frozenset(closed))
    return Maps(canvas, frame, view, stacked(recording, shown)) if closed else None


@kept_of_network
def _open(recording: Recording, closed: Closed) -> frozenset[int]:
    """The layers that are shown by themselves where some groups are closed: there may be hundreds."""
    return frozenset(k for v, k in numbers(recording).items() if not hidden(recording, v, closed))


def _about(frame: Frame, view: View) -> dict[tuple[int, Kind], set[int]]:
    """The positions of what the step reads and writes, and of what is selected."""
    found = {which: set(some) for which, some in read(frame).items()}
    for element, back in (
        (frame.element, frame.phase is Phase.BACKWARD),
        (view.selection, view.selection is not None and frame.written(Phase.BACKWARD, view.selection.value) > 0),
    ):
        if element is not None:
            which = element.value, Kind.GRAD if back else Kind.DATA
            found.setdefault(which, set()).add(frame.recording.samples.position(*element))
    return found


def _stacks(
    recording: Recording, here: Layer, about: Collection[int], before: bool, after: bool, spread: bool
) -> Stacks:
    """The values of a layer; before it those that it is computed from, in one column or `spread` as they are computed
    one after the other; and behind it those that are computed from it: all of them, or what some step is about."""
    graph, known = recording.graph, numbers(recording)
    own = [v for v in (here.pre, here.output, here.weight, here.bias) if v >= 0]
    own = own if before else [v for v in own if v in about or v == here.output]
    inner = dict.fromkeys(node for node in (here.node, graph.values[here.output].node) if node >= 0)
    inputs = dict.fromkeys(v for node in inner for v in graph.nodes[node].inputs if v not in own)
    first = [v for v in inputs if v in about or (before and v in known)]
    used = [*_used(recording, here)] if after else []
    behind = [v for v in about if v not in own and v not in first]
    depths = plan(recording).depths
    depth = {v: depths[known[v]] if spread and v in known else -1 for v in first}
    columns = [[v for v in first if depth[v] == d] for d in sorted(set(depth.values()))]
    return tuple(tuple(stack) for stack in (*columns, own, dict.fromkeys([*sorted(behind), *used])) if stack)


def _used(recording: Recording, here: Layer) -> Iterator[int]:
    """The outputs of the layers that are computed from a layer."""
    graph, layers = recording.graph, recording.board.layer_of
    for node, _ in graph.uses[here.output]:
        output = graph.nodes[node].output
        yield layers[output].output if output in layers else output
