"""Tables of the numbers of arrays, and where they stand."""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine.debugger import Kind


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
