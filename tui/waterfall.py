"""Bars that show a running sum: each term from where the sum was to where it is."""

from __future__ import annotations

import math

from gradstep.engine.debugger import Fold, Row
from gradstep.engine.notation import Digits, number
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import sign_role


class Waterfall:
    """The bars beside a table of terms. Nothing is drawn in less than 8 cells."""

    def __init__(
        self, canvas: Canvas, x: int, rows: list[Row], fold: Fold | None, total: float, under_way: bool
    ) -> None:
        self.canvas, self.x, self.width = canvas, x, min(canvas.width - x, 60)
        self.sum, self.under_way = total, under_way
        ends = [0.0, total]
        for row in rows:
            ends += [row.running, row.running - row.contribution]
        if fold is not None and math.isfinite(fold.contribution):
            ends.append((rows[-1].running if rows else 0.0) + fold.contribution)
        finite = [e for e in ends if math.isfinite(e)]
        self.low, self.high = min(finite), max(finite)
        self.shown = self.width >= 8 and self.high > self.low and len(finite) == len(ends)
        self.last = 0.0

    def _cell(self, value: float) -> int:
        """The position of a number, in eighths of a cell."""
        return round((value - self.low) / (self.high - self.low) * self.width * 8)

    def scale(self, y: int, free: int = 0) -> None:
        """What the left and the right end of the bars stand for, from column `free` on."""
        if not self.shown:
            return
        texts = [number(end, Digits.NETWORK) for end in (self.low, self.high)]
        if sum(map(len, texts)) < self.width:
            dim = self.canvas.palette.style("placeholder")
            if self.x >= free:
                self.canvas.put(self.x, y, texts[0], dim)
            self.canvas.put(self.x + self.width - len(texts[1]), y, texts[1], dim)

    def row(self, y: int, row: Row) -> None:
        """The bar of one term that is in the sum."""
        if self.shown and row.entered:
            self._bar(y, row.running - row.contribution, row.running, sign_role(row.contribution))
            self.last = row.running

    def fold(self, y: int, fold: Fold) -> None:
        """The bar of the terms that are not listed."""
        if self.shown and math.isfinite(fold.contribution):
            self._bar(y, self.last, self.last + fold.contribution, sign_role(fold.contribution), 0.6)

    def total(self, y: int) -> None:
        """The bar of the whole sum, from zero."""
        if self.shown and not self.under_way:
            self._bar(y, 0.0, self.sum, sign_role(self.sum), 0.6)

    def _bar(self, y: int, start: float, end: float, role: str, strength: float = 1.0) -> None:
        a, b = sorted((self._cell(start), self._cell(end)))
        zero = self._cell(0.0) // 8
        if 0 < zero < self.width:
            self.canvas.put(self.x + zero, y, "│", self.canvas.palette.style("line"))
        if a == b:
            b = a + 1
        style = self.canvas.palette.style(role, strength=strength)
        first, last = a // 8, -(-b // 8)
        for cell in range(first, min(last, self.width)):
            left, right = max(a - cell * 8, 0), min(b - cell * 8, 8)
            self.canvas.put(self.x + cell, y, _block(left, right), style)


def _block(left: int, right: int) -> str:
    """A cell filled from `left` to `right` eighths, as near as the block characters come."""
    if left <= 0:
        return " ▏▎▍▌▋▊▉█"[right]
    return "▐" if right >= 8 and left >= 3 else "█" if right >= 8 else "▌" if left < 4 else "▐"
