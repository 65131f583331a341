"""Every array of a small network as a table of its numbers, in columns from left to right. What the step writes is
inverse, and what it reads has a window around it: for images, sequences and matrices, whose elements are no column of
units.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise

from gradstep.engine.debugger import Frame, Kind
from gradstep.engine.graph import Element
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.cells import breadth, clip
from gradstep.tui.network.arranged import Arranged, Elements, Form, Stacks, stacked
from gradstep.tui.network.names import brief, part
from gradstep.tui.network.reads import read
from gradstep.tui.network.stage import Stage
from gradstep.tui.network.tables import Place, Table, head, heading, tables
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View


class Maps(Stage):
    """All arrays as tables, or those in some columns; where it is `about` some elements, the parts of them with these,
    perhaps with lines that are `broken`."""

    def __init__(
        self,
        canvas: Canvas,
        frame: Frame,
        view: View,
        stacks: Stacks | None = None,
        about: Elements | None = None,
        broken: bool = False,
    ) -> None:
        super().__init__(canvas, frame, view)
        found = stacked(frame.recording) if stacks is None else stacks
        self.arranged = Arranged(frame, (canvas.width, canvas.height), found, about, broken)

    @property
    def legible(self) -> bool:
        """Whether there is room for all of them, and no number is cut."""
        return self.arranged.fits and self.arranged.legible

    @cached_property
    def form(self) -> Form:
        """The form of the tables, which fit."""
        assert self.arranged.form is not None, "it fits"
        return self.arranged.form

    @property
    def places(self) -> Mapping[tuple[int, Kind], Place]:
        """Where each table stands."""
        return self.arranged.places

    # What is pointed at ----------------------------------------------------------------------------

    def at(self, x: int, y: int) -> Element | None:
        cell = self.form.cell
        for table, left, top in self.places.values():
            for position in table.positions:
                column = left + position % table.columns * cell
                if top + table.line(position) == y and column <= x < column + cell:
                    return self.element(table.value, position)
        return None

    def neighbour(self, direction: str) -> Element:
        """Beside the element in its table; at its edge the nearest of the table that stands there."""
        start = self.view.selection or self.frame.element
        place = None if start is None else self._place(start)
        if place is None or start is None:
            first = next(iter(self.places.values())).table
            return self.element(first.value, first.start)
        table, position = place.table, self.samples.position(start.value, start.flat)
        column = position % table.columns
        by = {"left": -1, "right": 1, "up": -table.columns, "down": table.columns}[direction]
        edge = column + by not in range(table.columns) if direction in ("left", "right") else False
        if not edge and position + by in table.positions:
            return self.element(start.value, position + by)
        return self._across(place, position, direction)

    def _across(self, place: Place, position: int, direction: str) -> Element:
        """The element that is nearest beyond the edge of a table; the same where there is none."""
        cell = self.form.cell
        x, y = place.x + position % place.table.columns * cell, place.y + place.table.line(position)
        across, sign, found = direction in ("left", "right"), 1 if direction in ("right", "down") else -1, []
        for other in self.places.values():
            count, there = other.table.columns, other.table.positions
            for row in there[::count] if other is not place else ():
                dy = other.y + other.table.line(row) - y
                # Of a row the nearest ends do, or what is right above or below.
                last = min(count, there.stop - row) - 1
                for column in {0, last, min(max((x - other.x) // cell, 0), last)}:
                    dx = other.x + column * cell - x
                    along, aside = (sign * dx, dy) if across else (sign * dy, dx)
                    if along > 0:
                        found.append((along + 4 * abs(aside), other.table.value, row + column))
        return self.element(*min(found)[1:]) if found else self.element(place.table.value, position)

    def _place(self, element: Element) -> Place | None:
        """The table in which an element stands."""
        position = self.samples.position(*element)
        here = [self.places.get((element.value, kind)) for kind in (Kind.DATA, Kind.GRAD)]
        return next((place for place in here if place is not None and position in place.table.positions), None)

    # Painting --------------------------------------------------------------------------------------

    def paint(self) -> None:
        self._titles()
        self._wires()
        for place in self.places.values():
            self._paint(place)

    def _titles(self) -> None:
        """Above each column what its arrays are in the network."""
        columns = [column for column in self.arranged.columns if column]
        starts = [self.places[column[0].value, column[0].kind].x for column in columns]
        for column, x, end in zip(columns, starts, [*starts[1:], self.canvas.width + 1], strict=True):
            values = [*dict.fromkeys(table.value for table in column)]
            values = [v for v in values if v not in self.board.layer_of or self.board.layer_of[v].output == v] or values
            long = [part(self.recording, value) for value in values]
            words = long, [one.split("· ")[-1] for one in long], [brief(self.recording, value) for value in values]
            texts = [" / ".join(dict.fromkeys(some)) for some in words]
            text = next((text for text in texts if breadth(text) < end - x), texts[-1])
            self.canvas.put(x, 0, clip(text, end - x - 1), self.palette.style("dim"))

    def _paint(self, place: Place) -> None:
        table, x, y = place
        now = self._writes(table)
        style = self.palette.style("current" if now else "dim", bold=now)
        self.canvas.put(x, y, heading(self.recording, table, self.form.name), style)
        rows = tables(self.recording, table.value)[0].rows
        for channel in range(table.channels * table.headed):
            line = table.line(table.start + channel * table.rows * table.columns) - 1
            self.canvas.put(x, y + line, head(table, channel, rows), style)
        for position in table.positions:
            self._number(place, position)
        self._window(place)

    def _writes(self, table: Table) -> bool:
        """Whether the step writes into a table."""
        element = self.frame.element
        backward = self.frame.phase is Phase.BACKWARD
        return element is not None and element.value == table.value and backward == (table.kind is Kind.GRAD)

    def _number(self, place: Place, position: int) -> None:
        """One number of a table."""
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
        room = cell if self.form.roomy and len(text) == cell else cell - 1  # a long one begins with its sign
        self.canvas.put(x + cell - room, y, clip(text, room).rjust(room), style)

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
        cell, table = self.form.cell, place.table
        read = self.read.get((table.value, table.kind), set()).intersection(table.positions)
        if not read or len(read) == len(table.positions) > 1:
            return
        ink = self.palette.style("current", bold=True)
        for position in sorted(read):
            x, y, column = (
                place.x + position % table.columns * cell,
                place.y + table.line(position),
                position % table.columns,
            )
            self.canvas.tint(x + 1, y, cell - 1)
            chars = self.canvas.chars[y]
            if (column == 0 or position - 1 not in read) and chars[x] == " ":
                self.canvas.put(x, y, "[", ink)
            if column == table.columns - 1 or position + 1 not in read:
                if chars[min(x + cell, self.canvas.width - 1)] == " ":
                    self.canvas.put(x + cell, y, "]", ink)
            else:
                self.canvas.tint(x + cell, y, 1)

    def _wires(self) -> None:
        """An arrow into each column that something leads to, which shows the way that the numbers go: to what is given
        or trained nothing does."""
        backward, values = self.frame.phase is Phase.BACKWARD, self.graph.values
        rows = [[self.places[t.value, t.kind] for t in column] for column in self.arranged.columns if column]
        for before, after in pairwise(rows):
            end = after[0].x
            start = before[0].x + self.arranged.across([place.table for place in before], self.form)
            y = (after[0].y + after[-1].y + after[-1].table.lines) // 2
            if end - start >= 2 and any(values[place.table.value].node >= 0 for place in after):
                wire = "◂" + "─" * (end - start - 2) if backward else "─" * (end - start - 2) + "▸"
                self.canvas.put(start + 1, y, wire, self.palette.style("frame"))
