"""Where the tables of some arrays stand: in columns from left to right, as roomy as there is room for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from gradstep.engine.debugger import Frame, Kind, picture
from gradstep.engine.notation import number
from gradstep.engine.run import Phase, Recording
from gradstep.tui.cells import breadth
from gradstep.tui.kept import kept_of_network, kept_of_run
from gradstep.tui.network.plan import plan
from gradstep.tui.network.tables import Place, Table, heading, tables


class Form(NamedTuple):
    """The cells of a number, the digits after its point, and the cells of a table's name at most."""

    cell: int
    digits: int
    name: int

    @property
    def roomy(self) -> bool:
        """Whether every number has room for its sign and its exponent, which of two digits reaches the one before."""
        return self.cell > 5


#: The values in each column.
Stacks = tuple[tuple[int, ...], ...]
#: The positions of some elements, by value and by whether they are numbers or gradients.
Elements = Mapping[tuple[int, Kind], Collection[int]]

#: From where there is much room to where there is little.
_FORMS = (Form(8, 3, 60), Form(7, 3, 60), Form(6, 2, 60), Form(6, 2, 10), Form(5, 1, 10))
#: Cells between two columns, at least and at most.
_GAP, _WIDEST = 3, 12


class Arranged:
    """The tables of a moment in a room of so many cells, across and down. Where it is `about` some elements, of tables
    that have no room a part is shown, with those in it; and where lines are `broken`, a vector stands in several."""

    def __init__(
        self, frame: Frame, room: tuple[int, int], stacks: Stacks, about: Elements | None, broken: bool
    ) -> None:
        self.frame, self.recording, self.about, self.broken = frame, frame.recording, about, broken
        self.stacks, (self.width, self.height) = stacks, room

    @cached_property
    def form(self) -> Form | None:
        """The roomiest form in which all columns fit beside each other; None where none does."""
        if self._crowded:
            return None
        room, count = self.width - 2, len(self.stacks) - 1
        fitting = (f for f in _FORMS if sum(self.across(c, f) for c in self.columns) + count * _GAP <= room)
        return next(fitting, None)

    @property
    def _crowded(self) -> bool:
        """Whether not even one number of each column has room: then no table and no name is asked for, of which there
        may be hundreds."""
        return (len(self.stacks) - 1) * (_GAP + _FORMS[-1].cell) > self.width - 2

    @cached_property
    def fits(self) -> bool:
        """Whether there is room for all of them, and for what they are about."""
        if self._crowded or not 0 < max(map(self._lines, self.columns), default=0) < self.height:
            return False
        least = sum(max((table.columns for table in column), default=0) for column in self.columns) * _FORMS[-1].cell
        if least > self.width or self.form is None:
            return False
        found = {(table.value, table.kind): table.positions for column in self.columns for table in column}
        return all(at in found[which] for which, some in (self.about or {}).items() if which in found for at in some)

    @cached_property
    def legible(self) -> bool:
        """Whether no number is cut where they stand."""
        form = self.form
        if form is None or form.roomy:
            return form is not None
        values = tuple(value for stack in self.stacks for value in stack)
        return _short(self.recording, values, self.frame.sample, form)

    @cached_property
    def columns(self) -> Sequence[Sequence[Table]]:
        """The tables of each column: values, and below them gradients where all have room, else what is newer."""
        both = [list(self._tables(stack, True)) for stack in self.stacks]
        if max(map(self._lines, both), default=0) <= self.height - 1 and not self.broken:
            return both
        newer = [list(self._tables(stack, False)) for stack in self.stacks]
        return newer if self.about is None else [list(self._parts(column)) for column in newer]

    def _tables(self, stack: Iterable[int], both: bool) -> Iterator[Table]:
        for value in stack:
            data, gradient = tables(self.recording, value)
            if not self._gets_gradient(value):
                yield data
            elif both:
                yield from (data, gradient)
            else:
                asked = [table for table in (data, gradient) if (value, table.kind) in (self.about or {})]
                yield from asked or [gradient if self._begun(value) else data]

    def _parts(self, column: list[Table]) -> Iterator[Table]:
        """The parts of a column's tables that have room: each of as many lines as it takes at least, and more as long
        as there are any."""
        whole = [table.broken() if self.broken else table for table in column]
        some = [(self.about or {}).get((table.value, table.kind)) or (table.start,) for table in whole]
        needed = [range(min(one), max(one) + 1) for one in some]
        least = [table.least(one) for table, one in zip(whole, needed, strict=True)]
        left = self.height - len(column) - sum(least)
        for table, one, lines in zip(whole, needed, least, strict=True):
            part = table.part(one, lines + max(left, 0))
            left -= part.lines - lines
            yield part

    def _gets_gradient(self, value: int) -> bool:
        graph = self.recording.graph
        return value != graph.loss.id and graph.gets_gradient(graph.values[value])

    def _begun(self, value: int) -> bool:
        """Whether its gradient has begun to arrive, and the update has not begun to use it."""
        return self.frame.phase is Phase.BACKWARD and self.frame.written(Phase.BACKWARD, value) > 0

    @staticmethod
    def _lines(column: Sequence[Table]) -> int:
        return sum(table.lines for table in column) + len(column) - 1

    def across(self, column: Sequence[Table], form: Form) -> int:
        """The cells that a column takes."""
        widths = (
            max(table.columns * form.cell, breadth(heading(self.recording, table, form.name))) for table in column
        )
        return max(widths, default=-1) + 1

    @cached_property
    def places(self) -> Mapping[tuple[int, Kind], Place]:
        """Where each table stands, by its value and kind."""
        widths = [self.across(column, self.form or _FORMS[-1]) for column in self.columns]
        count = max(len(widths) - 1, 1)
        gap = min(max((self.width - 2 - sum(widths)) // count, _GAP), _WIDEST)
        x = max((self.width - sum(widths) - gap * (len(widths) - 1)) // 2, 1)
        found = {}
        for column, width in zip(self.columns, widths, strict=True):
            y = 1 + max((self.height - 1 - self._lines(column)) // 2, 0)
            for table in column:
                found[table.value, table.kind] = Place(table, x, y)
                y += table.lines + 1
            x += width + gap
        return found


@kept_of_network
def stacked(recording: Recording, among: frozenset[int] | None = None) -> Stacks:
    """The values of all layers, or of some by number, in columns."""
    whole = plan(recording)
    chosen = range(len(whole.layers)) if among is None else sorted(among)
    rank = {depth: column for column, depth in enumerate(sorted({whole.depths[k] for k in chosen}))}
    stacks: list[list[int]] = [[] for _ in rank]
    for k in chosen:
        layer, stack = whole.layers[k], stacks[rank[whole.depths[k]]]
        stack += dict.fromkeys(v for v in (layer.pre, layer.output, layer.weight, layer.bias) if v >= 0)
    return tuple(map(tuple, stacks))


@kept_of_run
def _short(recording: Recording, values: tuple[int, ...], sample: int | None, form: Form) -> bool:
    """Whether all numbers of a sample, and all gradients, have room in a form."""
    graph = recording.graph
    for value in values:
        for kind in (Kind.DATA, *[Kind.GRAD] * graph.gets_gradient(graph.values[value])):
            numbers = picture(recording, value, kind, sample).numbers.reshape(-1)
            if any(len(number(one, form.digits, kind is Kind.GRAD)) >= form.cell for one in numbers.tolist()):
                return False
    return True
