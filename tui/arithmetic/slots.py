"""Fixed slots from the top of a canvas. What does not fit is left out from the bottom, never squeezed."""

from __future__ import annotations

from gradstep.engine.notation import number
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import sign_role


class Slots:
    """One painting; `y` is the next free line."""

    def __init__(self, canvas: Canvas, digits: int) -> None:
        self.canvas, self.palette, self.digits = canvas, canvas.palette, digits
        self.dim = canvas.palette.style("dim")
        self.y = 0

    @property
    def left(self) -> int:
        """How many lines are free."""
        return self.canvas.height - self.y

    def gap(self, from_height: int) -> None:
        """An empty line, where the canvas is so high."""
        self.y += 1 if self.canvas.height >= from_height else 0

    def label(self, text: str) -> None:
        """What a line is, at its beginning."""
        self.canvas.put(0, self.y, text, self.dim)

    def put(self, x: int, text: str) -> int:
        """Words between numbers; the column after them."""
        return self.canvas.put(x, self.y, text, self.dim)

    def signed(self, x: int, value: float, bold: bool = False) -> int:
        """A number in the colour of its sign; the column after it."""
        text = number(value, self.digits, True)
        return self.canvas.put(x, self.y, text, self.palette.style(sign_role(value), bold=bold))

    def number(self, end: int, value: float, signed: bool, bold: bool = False, digits: int | None = None) -> None:
        """A number that ends before a column."""
        text = number(value, self.digits if digits is None else digits, signed)
        role = sign_role(value) if signed else "text"
        self.canvas.put(end - len(text), self.y, text, self.palette.style(role, bold=bold))
