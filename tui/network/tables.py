"""Tables of the numbers of arrays, whole or in part, and where they stand."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

from gradstep.engine.debugger import Kind
from gradstep.engine.run import Recording
from gradstep.tui.cells import breadth, fold
from gradstep.tui.kept import kept_of_run
from gradstep.tui.network.names import axes, extent

#: So many numbers of a vector stand in a line where all of them have no room in one, and in at most so many lines.
_BROKEN, _LINES = 4, 3


class Table(NamedTuple):
    """A table of an array's values, or of its gradient: `rows` of each of its channels, `columns` in each row. Of an
    array it may be a part: as many elements of `size`, those of a sample, as there is room for from `start` on."""

    value: int
    kind: Kind
    channels: int
    rows: int
    columns: int
    size: int
    start: int = 0

    @property
    def positions(self) -> range:
        """The positions, among the elements of a sample, of those that stand in it."""
        return range(self.start, min(self.start + self.channels * self.rows * self.columns, self.size))

    @property
    def headed(self) -> bool:
        """Whether a line before each channel says which it is, or of a part which rows these are."""
        return self.channels > 1 or len(self.positions) < self.size

    @property
    def lines(self) -> int:
        """With its title, and those lines."""
        return 1 + self.channels * (self.rows + self.headed)

    def line(self, position: int) -> int:
        """In which line below its title an element stands."""
        channel, row = divmod((position - self.start) // self.columns, self.rows)
        return 1 + channel * self.rows + row + (channel + 1) * self.headed

    def broken(self) -> Table:
        """A vector in several lines."""
        if self.channels * self.rows > 1 or not _BROKEN < self.columns <= _BROKEN * _LINES:
            return self
        return self._replace(rows=-(-self.columns // _BROKEN), columns=_BROKEN)

    def least(self, needed: range) -> int:
        """How many lines a part of it takes at least, with those positions in it."""
        return min(3 + (needed.stop - 1) // self.columns - needed.start // self.columns, self.lines)

    def part(self, needed: range, height: int) -> Table:
        """The rows of it that have room in so many lines, with those positions among them: of several channels those
        of the first that is needed."""
        if self.lines <= height:
            return self
        row, last = needed.start // self.columns, (needed.stop - 1) // self.columns
        top, count = row // self.rows * self.rows, min(self.rows, max(height - 2, 1))
        first = min(max(last - count + 1, top), row, top + self.rows - count)
        return self._replace(channels=1, rows=count, start=first * self.columns)


class Place(NamedTuple):
    """Where a table stands."""

    table: Table
    x: int
    y: int


def tables(recording: Recording, value: int) -> tuple[Table, Table]:
    """The tables of a sample of an array, and of its gradient."""
    shape = recording.samples.shape(value)
    rows, columns = (shape[-2], shape[-1]) if len(shape) > 1 else (1, shape[0]) if shape else (1, 1)
    table = Table(value, Kind.DATA, prod(shape[:-2]), rows, columns, prod(shape))
    return table, table._replace(kind=Kind.GRAD)


def head(table: Table, channel: int, rows: int) -> str:
    """What stands before a channel, of which an array has several, or before some of its `rows`: `[1]`, `[1,2…4]`."""
    first = table.start // table.columns + channel * table.rows
    which = [f"{first // rows}"] if table.size > rows * table.columns else []
    if table.rows < rows:
        which.append(f"{first % rows}…{first % rows + table.rows - 1}" if table.rows > 1 else f"{first % rows}")
    return f"[{','.join(which)}]"


@kept_of_run
def heading(recording: Recording, table: Table, most: int) -> str:
    """What stands above a table; a name takes `most` cells."""
    whole, shape = recording.board.whole(table.value), extent(recording.samples.shape(table.value))
    if table.kind is Kind.GRAD:
        long = f"∂{recording.board.loss}/∂{whole}"
        return long if breadth(long) <= most else fold(f"∂{whole}", most)
    words = [
        fold(whole, most),
        "" if shape == "1" else shape,
        recording.kind(table.value),
        axes(recording, table.value),
    ]
    return "  ".join(filter(None, words))
