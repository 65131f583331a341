"""The terms of a neuron as tables: what enters it, what comes back to it, and their running sum."""

from __future__ import annotations

from math import isfinite, isnan
from typing import NamedTuple

from gradstep.engine.debugger import Fold, Ranked, Row
from gradstep.engine.notation import number
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View
from gradstep.tui.waterfall import Waterfall

#: In a table narrower than this only names and terms have room.
_NARROW = 31
#: The cells for a number of the forward pass, and of the backward pass.
_FORWARD, _BACKWARD = 7, 8


class _Ends(NamedTuple):
    """Where the columns of a table end: names, weights, inputs, terms."""

    name: int
    weight: int
    input: int
    term: int


class Terms:
    """Paints terms, the largest first, and what the others add up to."""

    def __init__(self, canvas: Canvas, view: View) -> None:
        self.canvas, self.palette, self.view = canvas, canvas.palette, view

    def entering(self, found: Ranked, x: int, width: int) -> None:
        """What enters a neuron: name, weight × input = term; without products the terms alone."""
        canvas, dim, count = self.canvas, self.palette.style("dim"), found.frame.sum.count
        words = f"from {count:,} term{'s' * (count > 1)}"
        long = f"{words}, largest first"
        canvas.put(x, 0, clip(long if count > 1 and breadth(long) <= width else words, width), dim)
        products = any(not isnan(row.left) for row in found.rows)
        room = width - _FORWARD
        ends = _Ends(room, 0, 0, width)
        if products:
            ends = _Ends(width - 3 * _FORWARD - 4, width - 2 * _FORWARD - 2, room, width)
        if products and width >= _NARROW:
            for end, word in ((ends.weight, "weight"), (ends.input, "input"), (ends.term, "term")):
                canvas.put(x + end - len(word), 1, word, dim)
        for y, row in enumerate(found.rows, 2):
            self._entering(row, x, y, ends, width, found.known)
        if found.fold is not None:
            self._fold(found.fold, found.known, 2 + len(found.rows), x, x + ends.term, room - 1)

    def _entering(self, row: Row, x: int, y: int, ends: _Ends, width: int, known: bool) -> None:
        wide = width >= _NARROW
        name = fold(row.via, max(ends.name if wide else width - _FORWARD - 1, 4))
        self.canvas.put(x, y, name, self.palette.style("text"))
        if ends.weight and not isnan(row.left) and wide:
            self.number(x + ends.weight, y, row.left, True)
            self.canvas.put(x + ends.weight + 1, y, "×", self.palette.style("dim"))
            # Before the sum is made an input may not be known yet either.
            self.number(x + ends.input, y, row.right if known else None, False)
        self.number(x + ends.term, y, row.contribution if known and row.entered else None, True, bold=True)

    def arriving(self, found: Ranked, x: int, width: int) -> None:
        """What comes back to a neuron: product = local × upstream, and of what it is the gradient."""
        canvas, dim, count = self.canvas, self.palette.style("dim"), found.frame.sum.count
        canvas.put(x, 0, clip(f"gradient from {count:,} use{'s' * (count > 1)}", width), dim)
        wide, field = width >= _NARROW, _BACKWARD
        if wide:
            for end, word in ((field, "product"), (2 * field + 1, "local"), (3 * field + 3, "upstream")):
                canvas.put(x + end - len(word), 1, word, dim)
        for y, row in enumerate(found.rows, 2):
            reached, name = found.known and row.entered, field + 1
            self.number(x + field, y, row.contribution if reached else None, True, bold=True)
            if wide and not isnan(row.left):
                self.number(x + 2 * field + 1, y, row.right if found.known else None, True)
                canvas.put(x + 2 * field + 2, y, "×", dim)
                self.number(x + 3 * field + 3, y, row.left if found.known else None, True)
                name = 3 * field + 4
            canvas.put(x + name, y, fold(row.via, width - name), self.palette.style("text"))
        if found.fold is not None:
            y = 2 + len(found.rows)
            self._fold(found.fold, found.known, y, x + field + 1, x + field, width - field - 1)

    def _fold(self, fold: Fold, known: bool, y: int, x: int, end: int, width: int) -> None:
        """The line of those that are not listed: words from x on, and their sum before `end`."""
        words = f"… {fold.size:,} smaller terms"
        words = words if breadth(words) <= width else f"… {fold.size:,} smaller"
        self.canvas.put(x, y, clip(words, width), self.palette.style("dim"))
        self.number(end, y, fold.contribution if known else None, True)

    def running(self, found: Ranked, y: int) -> None:
        """The running sum, as a waterfall."""
        equation = found.frame.story.equation
        if not found.known or equation is None:
            return
        canvas, palette, digits = self.canvas, self.palette, self.view.math_digits
        x = canvas.put(1, y, equation.left, palette.style("text", bold=True))
        words = f" {equation.relation} {fold(equation.right, canvas.width // 2)} = "
        x = canvas.put(x, y, words, palette.style("dim"))
        style = palette.style(sign_role(equation.result), bold=True)
        x = canvas.put(x, y, number(equation.result, digits, True), style)
        canvas.put(x + 4, y, "running sum", palette.style("dim"))
        y += 1
        rows = found.rows[: canvas.height - y]
        names = min(max(breadth(row.via) for row in rows), 14)
        bars = Waterfall(canvas, 18 + names, rows, None, equation.result, False)
        bars.scale(y - 1, x + 16)
        for row in (row for row in rows if row.entered):
            canvas.put(3, y, f"+ {fold(row.via, names)}", palette.style("text"))
            self.number(15 + names, y, row.running, True)
            bars.row(y, row)
            y += 1

    def number(
        self, end: int, y: int, value: float | None, signed: bool, bold: bool = False, now: bool = False
    ) -> None:
        """A number that ends before column `end`; inverse where it is the one just written."""
        text = PENDING if value is None else number(value, self.view.network_digits, signed)
        role = sign_role(value) if signed or value is None else "text" if isfinite(value) else "alarm"
        if now:
            style = self.palette.inverse(role if signed and value else "current")
        else:
            style = self.palette.style(role, bold=bold)
        self.canvas.put(end - len(text), y, text, style)
