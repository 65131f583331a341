"""Every array of a small network as a table of its numbers, in columns from left to right. What the step writes is
inverse, and what it reads has a window around it: for images, sequences and matrices, whose elements are no column of
units.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from math import prod
from typing import NamedTuple

from gradstep.engine.debugger import Frame, Kind
from gradstep.engine.graph import Element
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.cells import breadth, clip
from gradstep.tui.network.names import brief, part
from gradstep.tui.network.plan import plan
from gradstep.tui.network.reads import read
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.tables import Place, Table, heading
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View


class _Form(NamedTuple):
    """The cells of a number, the digits after its point, and the cells of a table's name at most."""

    cell: int
    digits: int
    name: int

    @property
    def roomy(self) -> bool:
        """Whether every number has room for its sign and its exponent."""
        return self.cell > 5


#: From where there is much room to where there is little.
_FORMS = (_Form(8, 3, 60), _Form(7, 3, 60), _Form(6, 2, 60), _Form(6, 2, 10), _Form(5, 1, 10))
#: Cells between two columns, at least and at most.
_GAP, _WIDEST = 3, 12


class Maps(Stage):
    """All arrays as tables, or those of some layers, by number."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View, among: Collection[int] | None = None) -> None:
        super().__init__(canvas, frame, view)
        self.plan = plan(frame.recording)
        if among is not None:
            chosen = sorted(among)
            rank = {depth: column for column, depth in enumerate(sorted({self.plan.depths[k] for k in chosen}))}
            layers, depths = (self.plan.layers[k] for k in chosen), (rank[self.plan.depths[k]] for k in chosen)
            self.plan = self.plan._replace(layers=tuple(layers), depths=tuple(depths))

    # Where everything stands -----------------------------------------------------------------------

    @cached_property
    def form(self) -> _Form | None:
        """The roomiest form in which all columns fit beside each other; None where none does."""
        if self._crowded:
            return None
        room, count = self.canvas.width - 2, max(self.plan.depths, default=0)
        fitting = (f for f in _FORMS if sum(self._width(c, f) for c in self.columns) + count * _GAP <= room)
        return next(fitting, None)

    @property
    def _crowded(self) -> bool:
        """Whether not even one number of each column has room: then no table and no name is asked for, of which there
        may be hundreds."""
        return max(self.plan.depths, default=0) * (_GAP + _FORMS[-1].cell) > self.canvas.width - 2

    @property
    def fits(self) -> bool:
        """Whether there is room for all of them."""
        if self._crowded or not 0 < max(map(self._height, self.columns), default=0) < self.canvas.height:
            return False
        least = sum(max((table.columns for table in column), default=0) for column in self.columns) * _FORMS[-1].cell
        return least <= self.canvas.width and self.form is not None

    @cached_property
    def columns(self) -> Sequence[Sequence[Table]]:
        """The tables of each column: values, and below them gradients where all have room, else what is newer."""
        both = [list(self._tables(depth, True)) for depth in range(max(self.plan.depths, default=-1) + 1)]
        if max(map(self._height, both), default=0) <= self.canvas.height - 1:
            return both
        return [list(self._tables(depth, False)) for depth in range(len(both))]

    def _tables(self, depth: int, both: bool) -> Iterator[Table]:
        for layer, at in zip(self.plan.layers, self.plan.depths, strict=True):
            if at == depth:
                values = list(dict.fromkeys(v for v in (layer.pre, layer.output, layer.weight, layer.bias) if v >= 0))
                for value in values:
                    yield from self._of(value, both)

    def _of(self, value: int, both: bool) -> Iterator[Table]:
        shape = self.samples.shape(value)
        rows, columns = (shape[-2], shape[-1]) if len(shape) > 1 else (1, shape[0]) if shape else (1, 1)
        tables = [Table(value, kind, prod(shape[:-2]), rows, columns) for kind in (Kind.DATA, Kind.GRAD)]
        if not self.gets_gradient(value) or value == self.graph.loss.id:
            yield tables[0]
        elif both:
            yield from tables
        else:
            yield tables[self._begun(value)]

    def _begun(self, value: int) -> bool:
        """Whether its gradient has begun to arrive, and the update has not begun to use it."""
        return self.frame.phase is Phase.BACKWARD and self.frame.written(Phase.BACKWARD, value) > 0

    @staticmethod
    def _height(column: Sequence[Table]) -> int:
        return sum(table.lines for table in column) + len(column) - 1

    def _width(self, column: Sequence[Table], form: _Form) -> int:
        widths = (
            max(table.columns * form.cell, breadth(heading(self.recording, table, form.name))) for table in column
        )
        return max(widths, default=-1) + 1

    @cached_property
    def places(self) -> Mapping[tuple[int, Kind], Place]:
        """Where each table stands, by its value and kind."""
        widths = [self._width(column, self.form or _FORMS[-1]) for column in self.columns]
        count = max(len(widths) - 1, 1)
        gap = min(max((self.canvas.width - 2 - sum(widths)) // count, _GAP), _WIDEST)
        x = max((self.canvas.width - sum(widths) - gap * (len(widths) - 1)) // 2, 1)
        found = {}
        for column, width in zip(self.columns, widths, strict=True):
            y = 1 + max((self.canvas.height - 1 - self._height(column)) // 2, 0)
            for table in column:
                found[table.value, table.kind] = Place(table, x, y)
                y += table.lines + 1
            x += width + gap
        return found

    # What is pointed at ----------------------------------------------------------------------------

    def at(self, x: int, y: int) -> Element | None:
        cell = self.form.cell if self.form else 1
        for table, left, top in self.places.values():
            for position in range(table.channels * table.rows * table.columns):
                column = left + position % table.columns * cell
                if top + table.line(position) == y and column <= x < column + cell:
                    return self.element(table.value, position)
        return None

    def neighbour(self, direction: str) -> Element:
        """Beside the element in its table; at its edge the nearest of the table that stands there."""
        start = self.view.selection or self.frame.element
        place = None if start is None else self._place(start)
        if place is None or start is None:
            return self.element(next(iter(self.places.values())).table.value, 0)
        table, position = place.table, self.samples.position(start.value, start.flat)
        column, size = position % table.columns, table.channels * table.rows * table.columns
        by = {"left": -1, "right": 1, "up": -table.columns, "down": table.columns}[direction]
        edge = column + by not in range(table.columns) if direction in ("left", "right") else False
        if not edge and 0 <= position + by < size:
            return self.element(start.value, position + by)
        return self._across(place, position, direction)

    def _across(self, place: Place, position: int, direction: str) -> Element:
        """The element that is nearest beyond the edge of a table; the same where there is none."""
        cell = self.form.cell if self.form else 1
        x, y = place.x + position % place.table.columns * cell, place.y + place.table.line(position)
        across, sign, found = direction in ("left", "right"), 1 if direction in ("right", "down") else -1, []
        for other in self.places.values():
            count = other.table.columns
            for row in range(other.table.channels * other.table.rows if other is not place else 0):
                dy = other.y + other.table.line(row * count) - y
                # Of a row the nearest ends do, or what is right above or below.
                for column in {0, count - 1, min(max((x - other.x) // cell, 0), count - 1)}:
                    dx = other.x + column * cell - x
                    along, aside = (sign * dx, dy) if across else (sign * dy, dx)
                    if along > 0:
                        found.append((along + 4 * abs(aside), other.table.value, row * count + column))
        return self.element(*min(found)[1:]) if found else self.element(place.table.value, position)

    def _place(self, element: Element) -> Place | None:
        """The table in which an element stands."""
        here = [self.places.get((element.value, kind)) for kind in (Kind.DATA, Kind.GRAD)]
        return next((place for place in here if place is not None), None)

    # Painting --------------------------------------------------------------------------------------

    def paint(self) -> None:
        self._titles()
        self._wires()
        for place in self.places.values():
            self._paint(place)

    def _titles(self) -> None:
        """Above each column what its arrays are in the network."""
        columns = [(k, column) for k, column in enumerate(self.columns) if column]
        starts = [self.places[column[0].value, column[0].kind].x for _, column in columns]
        for (depth, _), x, end in zip(columns, starts, [*starts[1:], self.canvas.width + 1], strict=True):
            layers = [layer for layer, at in zip(self.plan.layers, self.plan.depths, strict=True) if at == depth]
            long = [part(self.recording, layer.output) for layer in layers]
            words = long, [one.split("· ")[-1] for one in long], [brief(self.recording, la.output) for la in layers]
            texts = [" / ".join(dict.fromkeys(some)) for some in words]
            text = next((text for text in texts if breadth(text) < end - x), texts[-1])
            self.canvas.put(x, 0, clip(text, end - x - 1), self.palette.style("dim"))

    def _paint(self, place: Place) -> None:
        table, x, y = place
        now = self._writes(table)
        style = self.palette.style("current" if now else "dim", bold=now)
        assert self.form is not None, "it fits"
        self.canvas.put(x, y, heading(self.recording, table, self.form.name), style)
        for channel in range(table.channels if table.channels > 1 else 0):
            self.canvas.put(x, y + table.line(channel * table.rows * table.columns) - 1, f"[{channel}]", style)
        for position in range(table.channels * table.rows * table.columns):
            self._number(place, position)
        self._window(place)

    def _writes(self, table: Table) -> bool:
        """Whether the step writes into a table."""
        element = self.frame.element
        backward = self.frame.phase is Phase.BACKWARD
        return element is not None and element.value == table.value and backward == (table.kind is Kind.GRAD)

    def _number(self, place: Place, position: int) -> None:
        """One number of a table."""
        assert self.form is not None, "it fits"
        (cell, digits, _), table = self.form, place.table
        element = self.element(table.value, position)
        shown, signed = self._known(table, element), table.kind is Kind.GRAD
        text = PENDING if shown is None else number(shown, digits, signed)
        if self._writes(table) and self._stands_for(element):
            style = self.palette.inverse(sign_role(shown) if signed and shown else "current")
        elif self.view.selection == element:
            style = self.palette.style("current", bold=True)
            text = f"◇{text}"
        else:
            style = self.palette.style(sign_role(shown) if signed or shown is None else "text")
        x, y = place.x + position % table.columns * cell, place.y + table.line(position)
        self.canvas.put(x + 1, y, clip(text, cell - 1).rjust(cell - 1), style)

    def _known(self, table: Table, element: Element) -> float | None:
        """What is known of an element: of a parameter that has been updated, its new number."""
        frame = self.frame
        if self._stands_for(element) and self._writes(table) and frame.element is not None:
            read = frame.grad if table.kind is Kind.GRAD else frame.new if frame.phase is Phase.UPDATE else frame.data
            return read(*frame.element)
        if table.kind is Kind.GRAD:
            return frame.seen(*element, Phase.BACKWARD)
        new = frame.new(*element) if frame.phase is Phase.UPDATE else None
        return new if new is not None else frame.seen(*element, Phase.FORWARD)

    def _stands_for(self, element: Element) -> bool:
        """Whether it is the element that the step writes, or stands for it, which is of another sample."""
        here = self.frame.element
        if here is None or here.value != element.value:
            return False
        return self.samples.position(*here) == self.samples.position(*element)

    # What is read ----------------------------------------------------------------------------------

    @cached_property
    def read(self) -> Mapping[tuple[int, Kind], set[int]]:
        return read(self.frame)

    def _window(self, place: Place) -> None:
        """A window around the numbers of a table that the step reads: a tint, and brackets at its sides."""
        assert self.form is not None, "it fits"
        read, cell, table = self.read.get((place.table.value, place.table.kind), set()), self.form.cell, place.table
        if not read or len(read) == table.channels * table.rows * table.columns > 1:
            return
        ink = self.palette.style("current", bold=True)
        for position in sorted(read):
            x, y, column = (
                place.x + position % table.columns * cell,
                place.y + table.line(position),
                position % table.columns,
            )
            self.canvas.tint(x + 1, y, cell - 1)
            if column == 0 or position - 1 not in read:
                self.canvas.put(x, y, "[", ink)
            if column == table.columns - 1 or position + 1 not in read:
                self.canvas.put(x + cell, y, "]", ink)
            else:
                self.canvas.tint(x + cell, y, 1)

    def _wires(self) -> None:
        """An arrow into each column, which shows the way that the numbers go."""
        backward = self.frame.phase is Phase.BACKWARD
        rows = [[self.places[t.value, t.kind] for t in column] for column in self.columns if column]
        for before, after in pairwise(rows):
            end = after[0].x
            start = before[0].x + self._width([place.table for place in before], self.form or _FORMS[-1])
            y = (after[0].y + after[-1].y + after[-1].table.lines) // 2
            if end - start >= 2:
                wire = "◂" + "─" * (end - start - 2) if backward else "─" * (end - start - 2) + "▸"
                self.canvas.put(start + 1, y, wire, self.palette.style("frame"))
