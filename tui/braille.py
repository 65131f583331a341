"""Dots two wide and four high in a cell, as braille characters."""

from __future__ import annotations

#: The bit of each dot by row and column, from U+2800 on (The Unicode Standard, Braille Patterns).
BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


class Dots:
    """A raster of 2·width × 4·height dots that reads back as cells."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.cells = [[0] * width for _ in range(height)]

    def set(self, x: int, y: int) -> None:
        """Sets the dot at column x, row y; outside the raster nothing happens."""
        if 0 <= x < 2 * self.width and 0 <= y < 4 * self.height:
            self.cells[y // 4][x // 2] |= BITS[y % 4][x % 2]

    def char(self, x: int, y: int) -> str:
        """The character of a cell; a space where no dot is set."""
        bits = self.cells[y][x]
        return chr(0x2800 + bits) if bits else " "
