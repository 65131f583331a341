"""A small network that is too wide for boxes: a few cells a column, with the numbers of its units below one another,
and at the foot how large the gradient of each column is, so that one that fades is seen as a ramp."""

from __future__ import annotations

from functools import cached_property
from math import hypot, isfinite, log
from typing import NamedTuple

from gradstep.engine.debugger import Frame, norm_range
from gradstep.engine.graph import Element
from gradstep.engine.notation import bar, number
from gradstep.engine.run import Phase
from gradstep.tui.cells import breadth, fold
from gradstep.tui.network.boxes import Boxes
from gradstep.tui.network.diagram import Diagram, Edge, Unit
from gradstep.tui.network.forms import FORMS
from gradstep.tui.network.layout import Lane, lanes
from gradstep.tui.network.names import folded, name_of
from gradstep.tui.network.stage import Stage
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View

#: What the lines below a unit's name show, from where there is room to where there is little: without any, the number
#: that came last stands beside the name.
_FORMS = (
    ("weight", "∂weight", "sum", "∂sum", "value", "∂value"),
    ("weight", "sum", "∂sum", "value", "∂value"),
    ("sum", "∂sum", "value", "∂value"),
    ("value", "∂value"),
    (),
)
#: The cells for what lines are called, of a column, and of a number; the lines of the ramp, at least and at most.
_LEFT, _LEAST, _MOST, _NUMBER, _RAMP, _HIGHEST = 8, 7, 14, 6, 2, 6
#: The cells of a column that has a number beside its name, at least; the lines for skips, at most.
_BESIDE, _LANES = 12, 2
#: Gradients that are further apart than this are bars on a log scale.
_APART = 20


class _Spot(NamedTuple):
    """Where a unit stands: its column of cells, its first line, and the cells up to the next column."""

    unit: int
    x: int
    y: int
    step: int


class Slim(Stage):
    """Every unit of a small network, and the ramp."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        super().__init__(canvas, frame, view)
        self.diagram = Diagram(frame.recording, frame.sample)
        self.boxes = Boxes(canvas, self.diagram, FORMS[-1], frame, view)
        self.most = max(map(len, self.diagram.columns), default=0)
        self.steps = _shares(self._needs, canvas.width - _LEFT, bool(self.lines))
        #: The cells of a column that are not for the name.
        self.other = 1 if self.lines else _NUMBER + 2

    @property
    def fits(self) -> bool:
        """Whether there is room for all units, and for the ramp."""
        least = [_LEAST if self.lines else min(need, _BESIDE) for need in self._needs]
        roomy = all(step >= enough for step, enough in zip(self.steps, least, strict=True))
        return roomy and self._height(self.lines) <= self._room

    @cached_property
    def _needs(self) -> list[int]:
        """The cells that each column takes: as many as the others, or those of its longest name and a number."""
        if self.lines:
            return [_MOST] * len(self.diagram.columns)
        return [_NUMBER + 2 + max(breadth(self._whole[u]) for u in units) for units in self.diagram.columns]

    @property
    def _room(self) -> int:
        """Lines for the units."""
        return self.canvas.height - _RAMP

    def _height(self, form: tuple[str, ...]) -> int:
        return self.most * (1 + len(self._lines(form)))

    def _lines(self, form: tuple[str, ...]) -> tuple[str, ...]:
        """Those lines of a form that some unit has."""
        units, weights = self.diagram.units, any(self._weight(unit) is not None for unit in self.diagram.units)
        sums = any(unit.pre >= 0 for unit in units)
        absent = [*["weight", "∂weight"] * (not weights), *["sum", "∂sum"] * (not sums)]
        return tuple(line for line in form if line not in absent)

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """What stands below the name of each unit."""
        return self._lines(next((form for form in _FORMS if self._height(form) <= self._room), _FORMS[-1]))

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the units, as their columns have room for them."""
        cut = [folded(self._whole, step - self.other) for step in self.steps]
        return tuple(cut[unit.column][k] for k, unit in enumerate(self.diagram.units))

    @cached_property
    def _whole(self) -> tuple[str, ...]:
        """Their whole names."""
        return tuple(name_of(self.frame, unit.element) for unit in self.diagram.units)

    @property
    def whole(self) -> bool:
        """Whether it fits with columns that are alike, and no name is cut."""
        return self.fits and len(set(self.steps)) < 2 and self.names == self._whole

    @cached_property
    def top(self) -> int:
        """The first line of the units, below those of the skips."""
        spare = self._room - self._height(self.lines)
        return min(len(self.skips), max(spare - 1, 0), _LANES)

    @cached_property
    def skips(self) -> list[Lane]:
        return lanes(self.diagram)

    @cached_property
    def placed(self) -> list[_Spot]:
        left = _LEFT + max((self.canvas.width - _LEFT - sum(self.steps)) // 2, 0)
        return [
            _Spot(unit, left + sum(self.steps[:column]), self.top + row * (1 + len(self.lines)), self.steps[column])
            for column, units in enumerate(self.diagram.columns)
            for row, unit in enumerate(units)
        ]

    # What is pointed at ----------------------------------------------------------------------------

    def at(self, x: int, y: int) -> Element | None:
        for spot in self.placed:
            if spot.x <= x < spot.x + spot.step and spot.y <= y <= spot.y + len(self.lines):
                return self.diagram.units[spot.unit].element
        return None

    def neighbour(self, direction: str) -> Element:
        start = self.view.selection or self.frame.element
        return self.diagram.units[self.diagram.neighbour(self.diagram.home(start), direction)].element

    # Painting --------------------------------------------------------------------------------------

    def paint(self) -> None:
        dim, left = self.palette.style("dim"), self.placed[0].x - _LEFT if self.placed else 0
        for row in range(self.most):
            for k, line in enumerate(self.lines, 1):
                self.canvas.put(left, self.top + row * (1 + len(self.lines)) + k, line, dim)
        for y, skip in enumerate(self.skips[: self.top]):
            self._skip(y, skip)
        for spot in self.placed:
            self._unit(spot)
        self._ramp(left)

    def _unit(self, spot: _Spot) -> None:
        unit, x, y = self.diagram.units[spot.unit], spot.x, spot.y
        now = spot.unit == self.boxes.current
        reached = self.boxes.value(unit.entered) is not None
        mark = "◇" if spot.unit == self.boxes.selected and self.view.selection is not None else ""
        role = "text" if reached else "placeholder"
        style = self.palette.inverse(self.frame.phase.value) if now else self.palette.style(role, bold=reached)
        name = fold(mark + self.names[spot.unit], spot.step - self.other)
        if not self.lines:
            self.canvas.put(x, y, name, style)
            self._latest(unit, spot)
            return
        self.canvas.put(x + spot.step - 1 - breadth(name), y, name, style)
        self._wire(spot, breadth(name))
        for k, line in enumerate(self.lines, 1):
            self._number(unit, line, spot, y + k)

    def _latest(self, unit: Unit, spot: _Spot) -> None:
        """The number of a unit that came last: its gradient, once that is there."""
        self._number(unit, "value" if self._slope(unit) is None else "∂value", spot, spot.y)

    def _skip(self, y: int, skip: Lane) -> None:
        """A way over columns: from above its source to above its target."""
        column = {unit.layer: unit.column for unit in self.diagram.units}
        ends = [self.placed[0].x + sum(self.steps[: column[layer] + 1]) - 2 for layer in skip[:2]]
        self.canvas.put(ends[0], y, "╭" + " skip ".center(ends[1] - ends[0] - 1, "─") + "╮", self.palette.style("dim"))

    def _wire(self, spot: _Spot, taken: int) -> None:
        """From the column before to the first unit of one, with an arrow the way that numbers go."""
        room = spot.step - 2 - taken
        if self.diagram.units[spot.unit].column == 0 or spot.y > self.top or room < 2:
            return
        backward = self.frame.phase in (Phase.BACKWARD, Phase.UPDATE)
        wire = "◂" + "─" * (room - 1) if backward else "─" * (room - 1) + "▸"
        self.canvas.put(spot.x, spot.y, wire, self.palette.style("frame"))

    def _weight(self, unit: Unit) -> Edge | None:
        """The edge into a unit that has a weight, where it is the only one."""
        edges = self.diagram.edges
        found = [edges.all[k] for k in edges.incoming[unit.number] if edges.all[k].weight is not None]
        return found[0] if len(found) == 1 else None

    def _number(self, unit: Unit, line: str, spot: _Spot, y: int) -> None:
        """One number of a unit, in its line."""
        slope, what = line.startswith("∂"), line.removeprefix("∂")
        put, width = self.boxes.put, spot.step - 1 if self.lines else _NUMBER
        x = spot.x + spot.step - 1 - width
        if what == "weight":
            edge = self._weight(unit)
            if edge is not None and edge.weight is not None:
                new = self.frame.new(*edge.weight)
                shown = self.frame.grad(*edge.weight) if slope else edge.local if new is None else new
                now = edge.weight == self.frame.element and slope == (self.frame.phase is Phase.BACKWARD)
                put(x, y, width, shown, True, now)
            return
        if what == "sum" and unit.pre < 0:
            return
        element = unit.entered if what == "sum" else unit.element
        if "sum" not in self.lines and self.boxes.here == unit.entered:
            element = unit.entered
        if slope and not self.gets_gradient(element.value):
            return
        phase = Phase.BACKWARD if slope else Phase.FORWARD
        now = self.boxes.here == element and slope == (self.frame.phase is Phase.BACKWARD)
        put(x, y, width, self.boxes.value(element, phase), slope, now and self.frame.phase is not Phase.UPDATE)

    # The ramp --------------------------------------------------------------------------------------

    def _ramp(self, left: int) -> None:
        """‖∂‖ of each column as a bar, on one scale, which stands beside it."""
        top = self.top + self.most * (1 + len(self.lines))
        room = self.canvas.height - top
        top += max(room - _HIGHEST, 0)
        rows = self.canvas.height - top
        low, high = norm_range(self.frame)
        apart = high > _APART * low
        dim = self.palette.style("dim")
        self.canvas.put(left, top, "‖∂‖" + (" log" if apart else ""), dim)
        if self.frame.phase not in (Phase.BACKWARD, Phase.UPDATE):
            rows = 1
        if rows > 1:
            self.canvas.put(left, top + 1, number(high), dim)
        if rows > 2:
            self.canvas.put(left, self.canvas.height - 1, number(low) if apart else "0", dim)
        for spot in self.placed:
            if spot.y == self.top:
                self._bar(spot, top, self.canvas.height - top, (low, high))

    def _slope(self, unit: Unit) -> float | None:
        """The gradient of a unit that came last: of its sum, once that is there."""
        entered = self.boxes.value(unit.entered, Phase.BACKWARD)
        return self.boxes.value(unit.element, Phase.BACKWARD) if entered is None else entered

    def _bar(self, spot: _Spot, top: int, rows: int, span: tuple[float, float]) -> None:
        column = [self.diagram.units[u] for u in self.diagram.columns[self.diagram.units[spot.unit].column]]
        known = [self._slope(unit) for unit in column if self.gets_gradient(unit.value)]
        sizes = [size for size in known if size is not None]
        if not known:
            return
        x, width = spot.x + spot.step - 1 - (_NUMBER - 1), _NUMBER - 1
        if len(sizes) < len(known):
            self.canvas.put(spot.x + spot.step - 2, self.canvas.height - 1, PENDING, self.palette.style("placeholder"))
            return
        size, (low, high) = hypot(*sizes), span
        if not isfinite(size):
            self.canvas.put(x, self.canvas.height - 1, "!".center(width), self.palette.inverse("alarm"))
            return
        share = min(size / high, 1.0)
        if high > _APART * low and size:
            share = 0.05 + 0.95 * log(size / low) / log(high / low)
        role = "dim" if len(sizes) > 1 or not size else sign_role(sizes[0])
        for row in range(rows):
            height = min(max(share * rows - (rows - 1 - row), 0.0), 1.0)
            if height > 0:
                self.canvas.put(x, top + row, bar(height) * width, self.palette.style(role))


def _shares(needs: list[int], cells: int, alike: bool) -> tuple[int, ...]:
    """The cells of each column: the same for all, where all have what they need, or are to be `alike`; else those that
    need more than their share take what the others leave."""
    count = len(needs)
    if alike or max(needs, default=0) * count <= cells:
        return (min(cells // max(count, 1), max(_MOST, *needs, 0)),) * count
    found: dict[int, int] = {}
    for column in sorted(range(count), key=needs.__getitem__):
        found[column] = min(needs[column], cells // (count - len(found)))
        cells -= found[column]
    return tuple(found[column] + cells // count for column in range(count))
