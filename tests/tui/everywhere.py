"""Every place of a scenario: each step and each edge of its terms, from as near as one can look, with all that can be
selected from there.

    python tests/tui/everywhere.py              all of all scenarios, which takes long
    python tests/tui/everywhere.py layer-norm   all of some

No terminal and no screen: what a panel shows is a pure function of a moment and of how one looks at it, and so is what
an arrow key selects. `visit` is what the test does too, at fewer steps.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.moves import terms_at
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import builtin, find
from gradstep.engine.graph.element import Element
from gradstep.engine.run.timeline import Position
from gradstep.tui.network.levels import LEVELS
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, Scene
from gradstep.tui.panels.main.network import Network, neighbour
from gradstep.tui.screens.debugger import panel_class
from gradstep.tui.table import NUMBERED, PANELS
from gradstep.tui.view import SHARED, Layout, View, Zoom

DIRECTIONS = ("up", "down", "left", "right")
#: The room of a panel in each layout; and rooms in which hardly anything has room.
ROOMS = {Layout.WIDE: (106, 26), Layout.MEDIUM: (100, 15), Layout.NARROW: (80, 12), Layout.TINY: (30, 5)}
SMALL = ((1, 1), (2, 3), (7, 4), (500, 3))
CLASSES: dict[str, type[Panel]] = {entry.id: panel_class(entry) for entry in PANELS}


def moments(session: Session, every: bool) -> Iterator[Position]:
    """All steps, or the first, the middle and the last one of each array; and the edges of their terms."""
    recording = session.recording
    here = Position(0, None, recording.iteration)
    yield here
    for sweep in recording.timeline.sweeps:
        first, last = sweep.start + 1, sweep.stop
        for step in range(first, last + 1) if every else sorted({first, (first + last) // 2, last}):
            count = terms_at(recording, step)
            for term in sorted({1, count // 2, count - 1} & {*range(1, count)}):
                yield here._replace(step=step, term=term)
            yield here._replace(step=step)


def painted(frame: Frame, view: View, rooms: tuple[tuple[int, int], ...], panels: dict[str, type[Panel]]) -> int:
    """Paints panels in some rooms; how many pictures that are. Each has exactly the cells that it was to have."""
    for name, panel in panels.items():
        for width, height in rooms:
            canvas = panel.paint(frame, view, width, height, focused=bool(frame.step % 2))
            assert (canvas.width, canvas.height) == (width, height), name
            for y in range(height):
                assert sum(segment.cell_length for segment in canvas.strip(y)) == width, (name, y)
    return len(panels) * len(rooms)


def pointed(frame: Frame, view: View, width: int, height: int) -> None:
    """What can be pointed at with the mouse is there."""
    stage = LEVELS[view.zoom](Canvas(width, height, view.palette), frame, view)
    stage.paint()
    for y in range(-1, height + 1, 3):
        for x in range(-1, width + 1, 5):
            _is_there(frame, stage.at(x, y))


def _is_there(frame: Frame, element: Element | None) -> None:
    assert element is None or 0 <= element.flat < frame.recording.graph.values[element.value].size, element


def _asked(frame: Frame, view: View) -> Iterator[Element]:
    """What the arrow keys select, of the picture and of the panels that have a use for them."""
    scene = Scene(frame, view)
    width, height = ROOMS[view.layout]
    for direction in DIRECTIONS:
        found = neighbour(frame, view, width, height, direction)
        _is_there(frame, found)
        yield found
        for panel in CLASSES.values():
            if direction in panel.arrows and panel is not Network:
                asked = panel().arrow(direction, scene)
                if isinstance(asked, Panel.Select):
                    _is_there(frame, asked.element)
                    yield asked.element


def visit(session: Session, position: Position, every: bool) -> int:
    """Looks at a moment in all ways, or not `every` one: then rooms, samples and panels take turns, but all levels and
    all directions are tried. How many pictures were painted."""
    count, turn = 0, position.step + (position.term or 0)
    samples = (0, None) if session.recording.samples.count > 1 else (0,)
    layouts = tuple(Layout)
    for sample in samples if every else samples[turn % len(samples) :][:1]:
        session.sample = sample
        frame = session.frame_at(position)
        for level, zoom in enumerate(Zoom):
            for layout in layouts if every else (layouts[(turn + level) % len(layouts)],):
                view = _view(zoom, layout, turn)
                some = CLASSES if every or turn % len(Zoom) == level else {"network": Network}
                small = (SMALL[turn % len(SMALL)],)
                count += painted(frame, view, (ROOMS[layout], *small) if every or turn % 2 else small, some)
                if every or turn % 3 == 0:
                    pointed(frame, view, *ROOMS[layout])
                found = [*dict.fromkeys(_asked(frame, view))]
                for element in found if every else found[turn % len(found) :][:1]:
                    selected = view.but(selection=element, explained=bool(turn % 2))
                    count += painted(
                        frame, selected, (ROOMS[layout],), {n: CLASSES[n] for n in ("network", "headline")}
                    )
                    for _ in _asked(frame, selected):
                        pass
    session.sample = 0
    return count


def _view(zoom: Zoom, layout: Layout, turn: int) -> View:
    """One way to look: tabs and digits take turns."""
    shared = SHARED.get(layout)
    tab = {shared.field: [*NUMBERED][turn % len(NUMBERED)]} if shared else {}
    return View(zoom=zoom, layout=layout, math_digits=(3, 4, 6, 17)[turn % 4]).but(**tab)


def main() -> None:
    pictures, places, begun = 0, 0, time.monotonic()
    for name in sys.argv[1:] or builtin():
        session = Session(find(name))
        for iteration in sorted({1, min(2, session.runs.last)}):
            session.goto(f"@{iteration} 0")
            for position in moments(session, True):
                try:
                    pictures += visit(session, position, True)
                except Exception as error:
                    error.add_note(f"in {name} at {position}")
                    raise
                places += 1
        print(f"{name}: {places:,} moments, {pictures:,} pictures, {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
