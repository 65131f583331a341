"""Tables of the numbers of arrays, and where they stand."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.debugger import Kind
from gradstep.engine.run import Recording
from gradstep.tui.cells import breadth, fold
from gradstep.tui.kept import kept_of_run
from gradstep.tui.network.names import axes, extent


class Table(NamedTuple):
    """A table of an array's values, or of its gradient: `rows` of each of its channels, `columns` in each row."""

    value: int
    kind: Kind
    channels: int
    rows: int
    columns: int

    @property
    def lines(self) -> int:
        """With its title, and a line before each channel where there are several."""
        return 1 + self.channels * self.rows + (self.channels if self.channels > 1 else 0)

    def line(self, position: int) -> int:
        """In which line below its title an element stands."""
        channel, row = divmod(position // self.columns, self.rows)
        return 1 + channel * self.rows + row + (channel + 1 if self.channels > 1 else 0)


class Place(NamedTuple):
    """Where a table stands."""

    table: Table
    x: int
    y: int


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
