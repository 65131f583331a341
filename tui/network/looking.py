"""What one is looking at: the element that every level of the picture, and Math, are about."""

from __future__ import annotations

from gradstep.engine.debugger import Frame, largest, narration, step_of
from gradstep.engine.graph import Element, Layer
from gradstep.engine.run import Position
from gradstep.tui.folding import arrays_to, closed_in, group_of, shown_as
from gradstep.tui.network.names import sample_name
from gradstep.tui.view import View, Zoom


def whole(frame: Frame, view: View) -> bool:
    """Whether the moment is that of a whole array: one stands far off, and the array is complete."""
    return bool(
        view.zoom is Zoom.NETWORK and frame.sweep and frame.step == frame.sweep.stop and frame.position.term is None
    )


def looked_at(frame: Frame, view: View) -> Element | None:
    """The selected element; else what the step wrote, of a whole array its largest."""
    if view.selection is not None:
        return view.selection
    if whole(frame, view) and frame.sweep is not None:
        return Element(frame.sweep.value, largest(frame.recording, frame.sweep, frame.sample))
    return frame.element


def detail(frame: Frame, view: View) -> Frame:
    """The moment that Math is about: where the looked-at element was written in this phase, if it is
    already; else the step itself."""
    element = looked_at(frame, view)
    if element is None or element == frame.element:
        return frame
    step = step_of(frame, element, frame.phase)
    if step is None or step > frame.step:
        return frame
    return Frame(frame.recording, Position(step), frame.sample, frame.base, frame.desk)


def told(frame: Frame, view: View) -> tuple[str, str]:
    """Headline and caption: of a whole array where one stands far off. Of a step about another sample than the one
    that is looked at, the headline says whose it is."""
    if whole(frame, view) and frame.sweep is not None:
        found = narration(frame.recording, frame.sweep, frame.sample)
        closed = closed_in(frame.recording, view.opened)
        group, count = group_of(frame.recording, frame.sweep.value, closed), 1
        if group is not None:
            count = arrays_to(frame.recording, frame.position, False, closed)
        if group is None or count == 1:
            return found.headline, found.caption
        kind = "" if group.endswith(":") else "module "
        return (
            f"{kind}{shown_as(frame.recording, group)}: {count} arrays",
            f"⏎ opens it. The last: {found.headline}. {found.caption}",
        )
    whose = "" if frame.elsewhere is None else f" · of {sample_name(frame.elsewhere)}"
    return f"{frame.story.headline}{whose}", frame.story.caption


def layer_here(frame: Frame, view: View) -> Layer:
    """The layer that is looked at; the first where nothing is."""
    board = frame.recording.board
    element = looked_at(frame, view)
    found = board.layer_of.get(element.value) if element is not None else None
    return found or board.layers[0]


def unit_here(frame: Frame, view: View) -> Element:
    """The neuron (or pixel, or number) that is looked at: of a weight the one that it feeds."""
    element, layer = looked_at(frame, view), layer_here(frame, view)
    samples = frame.recording.samples
    if element is None:
        return Element(layer.output, 0)
    if element.value in (layer.output, layer.pre):
        return Element(layer.output, element.flat)
    shape = frame.recording.graph.values[element.value].shape
    row = element.flat // (shape[1] if len(shape) == 2 else 1)
    grid = samples.elements(layer.output, frame.sample or 0)
    return Element(layer.output, int(grid.take(row, row + 1)[0]) if row < grid.size else 0)
