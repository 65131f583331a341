"""Where every box and edge stands, for a panel of a given size."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.run import Recording
from gradstep.tui.cells import breadth
from gradstep.tui.kept import kept_of_run
from gradstep.tui.network.diagram import Diagram
from gradstep.tui.network.forms import Form, box_height, box_width, column_width, form_for, gap, window
from gradstep.tui.network.targets import wanted


class Box(NamedTuple):
    """A unit's place."""

    unit: int
    x: int
    y: int
    width: int
    height: int


class Wire(NamedTuple):
    """An edge's place: from right of its source to left of its label, which ends at `x_end`, right
    before the target. `row` is the line of the target at which it arrives. A skip has no wire of
    its own."""

    edge: int
    x: int
    y: int
    x_end: int
    row: int
    labelled: bool


class Bus(NamedTuple):
    """A skip from one layer to a later one, over the boxes in between: the edges it carries, the
    columns x … x_end on line `y`, down to the boxes at `y_source` and `y_target`."""

    edges: tuple[int, ...]
    x: int
    x_end: int
    y: int
    y_source: int
    y_target: int


class Lane(NamedTuple):
    """The edges that skip from one layer to a later one, by number."""

    source: int
    target: int
    edges: tuple[int, ...]


class Placed(NamedTuple):
    """The whole picture. `first` and `last` are the columns shown; `hidden` says per column how
    many of its units found no room."""

    form: Form
    boxes: tuple[Box, ...]
    wires: tuple[Wire, ...]
    buses: tuple[Bus, ...]
    spans: tuple[tuple[int, int, int], ...]
    first: int
    last: int
    hidden: tuple[tuple[int, int, int], ...]

    def at(self, x: int, y: int) -> int | None:
        """The unit whose box is at a cell."""
        for box in self.boxes:
            if box.x <= x < box.x + box.width and box.y <= y < box.y + box.height:
                return box.unit
        return None


def place(diagram: Diagram, width: int, height: int, focus: int) -> Placed:
    """The picture in width × height cells. Where not everything has room, what is around the unit
    `focus` is shown."""
    whole = _arranged(diagram.recording, diagram.sample, width, height, -1)
    if whole.first == 0 and whole.last == len(diagram.columns) - 1 and not whole.hidden:
        return whole
    return _arranged(diagram.recording, diagram.sample, width, height, focus)


@kept_of_run
def _arranged(recording: Recording, sample: int | None, width: int, height: int, focus: int) -> Placed:
    diagram = Diagram(recording, sample)
    over = lanes(diagram)
    # Title line, and one line for each skip, as long as that leaves room for a box.
    top = 1 + min(len(over) + (1 if over else 0), max(height - 7, 0))
    form, fits = form_for(diagram, width, height - top)
    columns = tuple(range(len(diagram.columns))) if fits else window(diagram, form, width, focus)
    return _Arranger(diagram, form, columns, width, height, top, focus).placed(over)


def lanes(diagram: Diagram) -> list[Lane]:
    """The skips, the shortest first."""
    found: dict[tuple[int, int], list[int]] = {}
    for edge in diagram.edges.all:
        source, target = diagram.units[edge.source], diagram.units[edge.target]
        if target.column - source.column > 1:
            found.setdefault((source.layer, target.layer), []).append(edge.number)
    by_length = sorted(found.items(), key=lambda item: diagram.depths[item[0][1]] - diagram.depths[item[0][0]])
    return [Lane(s, t, tuple(edges)) for (s, t), edges in by_length]


class _Arranger:
    """One arrangement in the making."""

    def __init__(
        self, diagram: Diagram, form: Form, columns: tuple[int, ...], width: int, height: int, top: int, focus: int
    ) -> None:
        self.diagram, self.form, self.columns = diagram, form, columns
        self.width, self.height, self.top, self.focus = width, height, top, focus
        self.boxes: dict[int, Box] = {}
        self.hidden: list[tuple[int, int, int]] = []
        self.targets = 0

    def placed(self, lanes: list[Lane]) -> Placed:
        spans = self._columns()
        for column, x, wide in spans:
            self._stack(column, x, wide)
        return Placed(
            self.form,
            tuple(self.boxes.values()),
            tuple(self._wires()),
            tuple(self._buses(lanes)),
            tuple(spans),
            self.columns[0] if self.columns else 0,
            self.columns[-1] if self.columns else -1,
            tuple(self.hidden),
        )

    def _columns(self) -> list[tuple[int, int, int]]:
        """Column, left edge and width of each. What room is left goes to the gaps, those with
        numbers on their edges getting three times the share of the others."""
        diagram, form = self.diagram, self.form
        widths = [column_width(diagram, form, c) for c in self.columns]
        gaps = [gap(diagram, form, c) for c in self.columns[1:]]
        shares = [3 if g > form.plain else 1 for g in gaps]
        margin = 1 if len(self.columns) == len(diagram.columns) else 3
        free = max(self.width - 2 * margin - sum(widths) - sum(gaps), 0)
        if form.frame and not diagram.everything:  # the targets in the loss's box are worth more than gaps
            self.targets = min(free, max(breadth(wanted(diagram.recording, diagram.samples[0])) + 2 - form.loss, 0))
            widths = [max(self._wide(unit) for unit in diagram.columns[c]) for c in self.columns]
            free = max(self.width - 2 * margin - sum(widths) - sum(gaps), 0)
        edge = min(free // 6, 4)
        free -= 2 * edge
        # Beyond this, longer edges only pull the picture apart.
        most = 60
        gaps = [g + min(free * s // max(sum(shares), 1), most) for g, s in zip(gaps, shares, strict=True)]
        x = margin + max((self.width - 2 * margin - sum(widths) - sum(gaps)) // 2, 0)
        found = []
        for column, wide, after in zip(self.columns, widths, [*gaps, 0], strict=True):
            found.append((column, x, wide))
            x += wide + after
        return found

    def _wide(self, number: int) -> int:
        """The cells of a unit's box."""
        unit = self.diagram.units[number]
        return box_width(self.diagram, self.form, unit) + (self.targets if unit.value == self.diagram.loss else 0)

    def _stack(self, column: int, x: int, wide: int) -> None:
        diagram, form = self.diagram, self.form
        units = list(diagram.columns[column])
        room = self.height - self.top
        heights = [box_height(diagram, form, diagram.units[u]) for u in units]
        if sum(heights) > room:
            units = self._around(units, heights, room - 1)
            self.hidden.append((column, x, len(diagram.columns[column]) - len(units)))
            heights = [box_height(diagram, form, diagram.units[u]) for u in units]
            room -= 1
        between = min((room - sum(heights)) // max(len(units) - 1, 1), 3) if len(units) > 1 else 0
        y = self.top + (room - sum(heights) - between * (len(units) - 1)) // 2
        for number, tall in zip(units, heights, strict=True):
            own = self._wide(number)
            self.boxes[number] = Box(number, x + (wide - own) // 2, y, own, tall)
            y += tall + between

    def _around(self, units: list[int], heights: list[int], room: int) -> list[int]:
        count = max(room // max(max(heights), 1), 1)
        middle = units.index(self.focus) if self.focus in units else 0
        first = min(max(middle - count // 2, 0), len(units) - count)
        return units[first : first + count]

    def _arrivals(self, box: Box, count: int) -> list[int]:
        """The line at which each of `count` edges arrives: its own where the box has enough."""
        first = box.y + (box.height > 1 and count < box.height)
        if count <= box.height:
            return list(range(first, first + count))
        return [box.y + k * box.height // count for k in range(count)]

    def _wires(self) -> list[Wire]:
        found, units, edges = [], self.diagram.units, self.diagram.edges
        for box in self.boxes.values():
            before = units[box.unit].column - 1
            near = [e for e in edges.incoming[box.unit] if units[edges.all[e].source].column == before]
            arrivals = self._arrivals(box, len(near))
            own_line = len(set(arrivals)) == len(arrivals)
            for number, row in zip(near, arrivals, strict=True):
                source = self.boxes.get(edges.all[number].source)
                if source is not None:
                    y = source.y + (source.height // 2 if source.height != 4 else 2)
                    found.append(Wire(number, source.x + source.width, y, box.x, row, own_line))
        return found

    def _buses(self, lanes: list[Lane]) -> list[Bus]:
        found = []
        for lane, (source, target, edges) in enumerate(lanes):
            ends = []
            for layer, side in ((source, 0.6), (target, 0.4)):
                mine = [b for b in self.boxes.values() if self.diagram.units[b.unit].layer == layer]
                ends.append((mine[0].x + round(mine[0].width * side), min(b.y for b in mine)) if mine else None)
            y = max(self.top - 1 - lane, 1)
            left, right = ends
            if left is None and right is None:
                continue
            x, down = left if left is not None else (0, y)
            x_end, down_end = right if right is not None else (self.width - 1, y)
            found.append(Bus(edges, x, x_end, y, down, down_end))
        return found
