"""Every unit of a small network as a box in its column, edges between them, and what moves along them
at this step."""

from __future__ import annotations

from functools import cached_property

from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Element
from gradstep.tui.cells import breadth, clip
from gradstep.tui.network.boxes import Boxes
from gradstep.tui.network.diagram import Diagram
from gradstep.tui.network.layout import Placed, place
from gradstep.tui.network.names import part
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.wires import Wires
from gradstep.tui.paint import Canvas
from gradstep.tui.view import View


class Nodes(Stage):
    """Every unit of a small network as a box."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        super().__init__(canvas, frame, view)
        self.diagram = Diagram(frame.recording, frame.sample)

    @cached_property
    def placed(self) -> Placed:
        """Where everything stands, with what is selected or computed in view."""
        homes = (self.diagram.home(element) for element in (self.view.selection, self.frame.element))
        focus = next((home for home in homes if home is not None), 0)
        return place(self.diagram, self.canvas.width, self.canvas.height, focus)

    @property
    def whole(self) -> bool:
        """Whether all of it has room."""
        return not (self.placed.first or self._after or self.placed.hidden)

    def at(self, x: int, y: int) -> Element | None:
        unit = self.placed.at(x, y)
        return None if unit is None else self.diagram.units[unit].element

    def neighbour(self, direction: str) -> Element:
        start = self.view.selection or self.frame.element
        return self.diagram.units[self.diagram.neighbour(self.diagram.home(start), direction)].element

    def paint(self) -> None:
        placed, dim = self.placed, self.palette.style("dim")
        self._titles()
        Wires(self.canvas, self.diagram, placed, self.frame, self.view).paint()
        boxes = Boxes(self.canvas, self.diagram, placed.form, self.frame, self.view)
        for box in placed.boxes:
            boxes.paint(box)
        for _, x, count in placed.hidden:
            self.canvas.put(x, self.canvas.height - 1, f"⋮ {count} more", dim)
        if placed.first:
            self.canvas.put(0, 0, f"‹ {placed.first}", dim)
        if self._after:
            text = f"{self._after} ›"
            self.canvas.put(self.canvas.width - len(text), 0, text, dim)

    @property
    def _after(self) -> int:
        """The columns that have no room on the right."""
        return len(self.diagram.columns) - 1 - self.placed.last

    def _titles(self) -> None:
        """Above each column its part in the network, in the room up to the middles of the gaps beside it."""
        spans = self.placed.spans
        for k, (column, x, wide) in enumerate(spans):
            left = (spans[k - 1][1] + spans[k - 1][2] + x) // 2 if k else (5 if self.placed.first else 0)
            last = k + 1 == len(spans)
            right = self.canvas.width - 4 * bool(self._after) if last else (x + wide + spans[k + 1][1]) // 2
            text, room = self._heading(column), right - left - 1
            if breadth(text) > room and "·" in text:
                text = text.split("· ")[-1]
            text = clip(text, room)
            at = min(max(x + wide // 2 - breadth(text) // 2, left), right - breadth(text))
            self.canvas.put(at, 0, text, self.palette.style("dim"))

    def _heading(self, column: int) -> str:
        """What a column is: its part in the network and its function."""
        units = [self.diagram.units[u] for u in self.diagram.columns[column]]
        return " / ".join(dict.fromkeys(part(self.recording, self.diagram.layer(unit).output) for unit in units))
