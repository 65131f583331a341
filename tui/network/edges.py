"""Edges as braille curves: two by four dots in every cell."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

from rich.style import Style

from gradstep.tui.braille import BITS
from gradstep.tui.paint import Canvas

#: A broken line is drawn for this many dot columns out of every eight.
_ON, _PERIOD = 6, 8
#: Runs shorter than this many cells are never broken.
_UNBROKEN = 6
_BRAILLE = tuple(chr(0x2800 | bits) for bits in range(256))


@lru_cache(maxsize=4096)
def curve(x: int, y: int, x_end: int, y_end: int, thick: bool, broken: bool) -> tuple[tuple[int, int, int], ...]:
    """The S-curve from the left of cell (x, y) to the left of cell (x_end, y_end), as
    (column, row, dots)."""
    columns = 2 * (x_end - x)
    if columns <= 0:
        return ()
    top, bottom = 4 * y + 1, 4 * y_end + 1
    broken = broken and x_end - x >= _UNBROKEN
    cells: dict[tuple[int, int], int] = {}
    before = top
    for k in range(columns):
        t = (k + 0.5) / columns
        here = top + round((bottom - top) * t * t * (3 - 2 * t))
        if not (broken and k % _PERIOD >= _ON):
            low, high = (before + 1, here) if here > before else (here, before - 1) if here < before else (here, here)
            for dot in range(low, high + 1 + thick):
                at = x + k // 2, dot // 4
                cells[at] = cells.get(at, 0) | BITS[dot % 4][k % 2]
        before = here
    return tuple((column, row, dots) for (column, row), dots in cells.items())


@dataclass(slots=True)
class Sheet:
    """All edges of a picture, collected before they are put on the canvas.

    Where edges cross, dots of equal rank join; a stronger rank takes the cell's colour, and from
    `wiping` on it takes the cell for itself.
    """

    wiping: int
    cells: dict[tuple[int, int], tuple[int, int, Style]] = field(default_factory=dict)

    def add(self, dots: tuple[tuple[int, int, int], ...], rank: int, style: Style) -> None:
        cells = self.cells
        for x, y, bits in dots:
            found = cells.get((x, y))
            if found is None:
                cells[x, y] = (rank, bits, style)
                continue
            there, already, worn = found
            if rank > there:
                cells[x, y] = (rank, bits if rank >= self.wiping else bits | already, style)
            elif rank == there or there < self.wiping:
                cells[x, y] = (there, bits | already, worn)

    def put(self, canvas: Canvas) -> None:
        chars, styles, width, height = canvas.chars, canvas.styles, canvas.width, canvas.height
        for (x, y), (_, bits, style) in self.cells.items():
            if 0 <= x < width and 0 <= y < height:
                chars[y][x] = _BRAILLE[bits]
                styles[y][x] = style
