"""Where every box and edge stands, for a panel of a given size."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.run import Recording, remembered
from gradstep.tui.network.diagram import Diagram, Unit


class Form(NamedTuple):
    """How boxes are drawn. `box` is the width of a computed unit's, `given` of an input's, `loss` of
    the loss's. `label` is the room for an edge's numbers. `frame`: 2 lines of a full box, 1 for
    its upper line only, 0 for a unit in a single line. `stacked` puts gradients under the values."""

    name: str
    box: int
    given: int
    loss: int
    label: int
    frame: int
    spare: int
    plain: int = 5
    stacked: bool = False


#: From roomy to tight; the first that fits is taken. `spare` is how much of a gap an edge with
#: a label needs, `plain` one without.
FORMS = (
    Form("wide", 20, 9, 12, 14, 2, 10),
    Form("mid", 20, 9, 10, 7, 2, 8),
    Form("narrow", 16, 8, 8, 7, 2, 4, plain=4),
    Form("tall", 9, 8, 8, 7, 2, 4, plain=4, stacked=True),
    Form("open", 16, 8, 8, 7, 1, 4, plain=4),
    Form("line", 20, 14, 12, 7, 0, 4, plain=4),
)


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


def place(plan: Diagram, width: int, height: int, focus: int) -> Placed:
    """The picture in width × height cells. Where not everything has room, what is around the unit
    `focus` is shown."""
    whole = _arrange(plan, width, height, -1)
    if whole.first == 0 and whole.last == len(plan.columns) - 1 and not whole.hidden:
        return whole
    return _arrange(plan, width, height, focus)


def _arrange(plan: Diagram, width: int, height: int, focus: int) -> Placed:
    return _arranged(plan.recording, plan, width, height, focus)


@remembered
def _arranged(recording: Recording, plan: Diagram, width: int, height: int, focus: int) -> Placed:
    lanes = _lanes(plan)
    # Title line, and one line for each skip, as long as that leaves room for a box.
    top = 1 + min(len(lanes) + (1 if lanes else 0), max(height - 7, 0))
    form, fits = _form(plan, width, height - top)
    columns = tuple(range(len(plan.columns))) if fits else _window(plan, form, width, focus)
    return _Arranger(plan, form, columns, width, height, top, focus).placed(lanes)


def box_height(plan: Diagram, form: Form, unit: Unit) -> int:
    """Lines of a unit's box."""
    if form.frame == 0:
        return 1
    if unit.value == plan.loss:
        return form.frame + 1 + bool(plan.targets)
    values = (unit.pre, unit.value) if unit.pre >= 0 else (unit.value,)
    graph = plan.graph
    return form.frame + sum(1 + (form.stacked and graph.gets_gradient(graph.values[v])) for v in values)


def box_width(plan: Diagram, form: Form, unit: Unit) -> int:
    if unit.value == plan.loss:
        return form.loss
    if plan.layers[unit.layer].node < 0 and not plan.graph.values[unit.value].differentiable:
        return form.given
    return form.box


def _column_width(plan: Diagram, form: Form, column: int) -> int:
    return max(box_width(plan, form, plan.units[u]) for u in plan.columns[column])


def _gap(plan: Diagram, form: Form, column: int) -> int:
    """The least room before a column."""
    labelled = any(plan.edges[e].weight is not None for u in plan.columns[column] for e in plan.incoming[u])
    return form.label + 2 + form.spare if labelled else form.plain


def _need(plan: Diagram, form: Form, columns: tuple[int, ...]) -> int:
    return sum(_column_width(plan, form, c) for c in columns) + sum(_gap(plan, form, c) for c in columns[1:]) + 2


def _tall(plan: Diagram, form: Form) -> int:
    return max(sum(box_height(plan, form, plan.units[u]) for u in column) for column in plan.columns)


def _form(plan: Diagram, width: int, height: int) -> tuple[Form, bool]:
    """The largest form in which all fits; else the one that shows most columns, and False."""
    columns = tuple(range(len(plan.columns)))
    for form in FORMS:
        if _need(plan, form, columns) <= width and _tall(plan, form) <= height:
            return form, True
    low = [form for form in FORMS[2:] if _tall(plan, form) <= height] or [FORMS[-1]]
    return max(low, key=lambda form: len(_window(plan, form, width, 0))), False


def _window(plan: Diagram, form: Form, width: int, focus: int) -> tuple[int, ...]:
    """As many columns around the focus as there is room for."""
    middle = plan.units[focus].column if 0 <= focus < len(plan.units) else 0
    first = last = middle
    while True:
        for low, high in ((first, last + 1), (first - 1, last)):
            if low >= 0 and high < len(plan.columns) and _need(plan, form, tuple(range(low, high + 1))) <= width - 4:
                first, last = low, high
                break
        else:
            return tuple(range(first, last + 1))


def _lanes(plan: Diagram) -> list[tuple[int, int, tuple[int, ...]]]:
    """The skips: (source layer, target layer, edges), the shortest first."""
    found: dict[tuple[int, int], list[int]] = {}
    for edge in plan.edges:
        source, target = plan.units[edge.source], plan.units[edge.target]
        if target.column - source.column > 1:
            found.setdefault((source.layer, target.layer), []).append(edge.number)
    by_length = sorted(found.items(), key=lambda item: plan.depths[item[0][1]] - plan.depths[item[0][0]])
    return [(s, t, tuple(edges)) for (s, t), edges in by_length]


class _Arranger:
    """One arrangement in the making."""

    def __init__(
        self, plan: Diagram, form: Form, columns: tuple[int, ...], width: int, height: int, top: int, focus: int
    ) -> None:
        self.plan, self.form, self.columns = plan, form, columns
        self.width, self.height, self.top, self.focus = width, height, top, focus
        self.boxes: dict[int, Box] = {}
        self.hidden: list[tuple[int, int, int]] = []

    def placed(self, lanes: list[tuple[int, int, tuple[int, ...]]]) -> Placed:
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
        plan, form = self.plan, self.form
        widths = [_column_width(plan, form, c) for c in self.columns]
        gaps = [_gap(plan, form, c) for c in self.columns[1:]]
        shares = [3 if g > form.plain else 1 for g in gaps]
        margin = 1 if len(self.columns) == len(plan.columns) else 3
        free = max(self.width - 2 * margin - sum(widths) - sum(gaps), 0)
        edge = min(free // 6, 4)
        free -= 2 * edge
        # Beyond this, longer edges only pull the picture apart.
        most = 60
        gaps = [g + min(free * s // max(sum(shares), 1), most) for g, s in zip(gaps, shares, strict=True)]
        x = margin + max((self.width - 2 * margin - sum(widths) - sum(gaps)) // 2, 0)
        found = []
        for column, wide, gap in zip(self.columns, widths, [*gaps, 0], strict=True):
            found.append((column, x, wide))
            x += wide + gap
        return found

    def _stack(self, column: int, x: int, wide: int) -> None:
        plan, form = self.plan, self.form
        units = list(plan.columns[column])
        room = self.height - self.top
        heights = [box_height(plan, form, plan.units[u]) for u in units]
        if sum(heights) > room:
            units = self._around(units, heights, room - 1)
            self.hidden.append((column, x, len(plan.columns[column]) - len(units)))
            heights = [box_height(plan, form, plan.units[u]) for u in units]
            room -= 1
        between = min((room - sum(heights)) // max(len(units) - 1, 1), 3) if len(units) > 1 else 0
        y = self.top + (room - sum(heights) - between * (len(units) - 1)) // 2
        for number, tall in zip(units, heights, strict=True):
            own = box_width(plan, form, plan.units[number])
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
        found = []
        for box in self.boxes.values():
            near = [
                e
                for e in self.plan.incoming[box.unit]
                if self.plan.units[self.plan.edges[e].source].column == self.plan.units[box.unit].column - 1
            ]
            arrivals = self._arrivals(box, len(near))
            own_line = len(set(arrivals)) == len(arrivals)
            for number, row in zip(near, arrivals, strict=True):
                source = self.boxes.get(self.plan.edges[number].source)
                if source is not None:
                    y = source.y + (source.height // 2 if source.height != 4 else 2)
                    found.append(Wire(number, source.x + source.width, y, box.x, row, own_line))
        return found

    def _buses(self, lanes: list[tuple[int, int, tuple[int, ...]]]) -> list[Bus]:
        found = []
        for lane, (source, target, edges) in enumerate(lanes):
            ends = []
            for layer, side in ((source, 0.6), (target, 0.4)):
                mine = [b for b in self.boxes.values() if self.plan.units[b.unit].layer == layer]
                ends.append((mine[0].x + round(mine[0].width * side), min(b.y for b in mine)) if mine else None)
            y = max(self.top - 1 - lane, 1)
            left, right = ends
            if left is None and right is None:
                continue
            x, down = left if left is not None else (0, y)
            x_end, down_end = right if right is not None else (self.width - 1, y)
            found.append(Bus(edges, x, x_end, y, down, down_end))
        return found
