"""A canvas of character cells that becomes the lines of a widget.

Painting is a pure function to a canvas, so that a panel can be looked at without a terminal: tests
read `Canvas.text()`, the widget takes `Canvas.strip(y)`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from itertools import compress, count
from operator import is_not, ne
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from gradstep.engine.explain import Num, Parts
from gradstep.engine.notation import number
from gradstep.engine.run import Phase
from gradstep.tui.cells import cells, plain
from gradstep.tui.theme import Palette, over, sign_role

#: Placeholder for what is not computed yet. Never a zero.
PENDING = "·"
#: The mark of each phase. ◂ and ▸ rather than ◀ and ▶, which some terminals draw as emoji.
MARKS = {Phase.FORWARD: "▸", Phase.LOSS: "◆", Phase.BACKWARD: "◂", Phase.UPDATE: "Δ"}


class Row(NamedTuple):
    """The characters and the styles of a line, to be kept and taken again; `odd` as in Canvas."""

    chars: tuple[str, ...]
    styles: tuple[Style, ...]
    odd: bool


class Link(NamedTuple):
    """Cells that can be clicked: `width` of them from column x of row y. `does` is written as the actions of the key
    table are: what a key does, or a part of the screen."""

    x: int
    y: int
    width: int
    does: str


class Canvas:
    """A width × height grid of cells, each with a style: a character with the marks on it, or nothing behind one that
    takes two cells.

    `odd` are the lines on which not every cell is a character of its own. What is put over one half of a character is
    put over all of it: of the other half a space is left, once the line is looked at.
    """

    def __init__(self, width: int, height: int, palette: Palette, on: str = "background") -> None:
        self.width, self.height, self.palette = width, height, palette
        blank = palette.style("text", on)
        self.chars: list[list[str]] = [[" "] * width for _ in range(height)]
        self.styles: list[list[Style]] = [[blank] * width for _ in range(height)]
        self.odd: set[int] = set()
        self.links: list[Link] = []

    def put(self, x: int, y: int, text: str, style: Style | None = None) -> int:
        """Writes `text` at column x of row y, cut at the edges; returns the column after it."""
        content = text if plain(text) else cells(text)
        end = x + len(content)
        if not 0 <= y < self.height:
            return end
        left, right = x, end
        if x < 0 or end > self.width:
            left, right = max(x, 0), min(end, self.width)
            if left >= right:
                return end
            content = content[left - x : right - x]
        if content is not text and not plain(text):
            self.odd.add(y)
        self.chars[y][left:right] = content
        self.styles[y][left:right] = [self.palette.style() if style is None else style] * (right - left)
        return end

    def link(self, x: int, y: int, width: int, does: str) -> None:
        """Makes `width` cells of row y something to click."""
        self.links.append(Link(x, y, width, does))

    def linked(self, x: int, y: int) -> str:
        """What a click on a cell does; nothing where it is empty."""
        return next((one.does for one in self.links if one.y == y and one.x <= x < one.x + one.width), "")

    def fill(self, x: int, y: int, width: int, style: Style) -> None:
        """Gives `width` cells of row y a style without changing what they say."""
        left, right = max(x, 0), min(x + width, self.width)
        if 0 <= y < self.height and left < right:
            self.styles[y][left:right] = [style] * (right - left)

    def tint(self, x: int, y: int, width: int, role: str = "tint") -> None:
        """Puts `width` cells of row y on another background, their own colours kept."""
        paper = self.palette.style("text", role).bgcolor
        if 0 <= y < self.height:
            row = self.styles[y]
            for k in range(max(x, 0), min(x + width, self.width)):
                row[k] = over(row[k], paper)

    def box(self, x: int, y: int, width: int, height: int, style: Style, heavy: bool = False) -> None:
        """The outline of a box: rounded, or heavy."""
        if width < 2 or height < 2:
            return
        h, v, a, b, c, d = "━┃┏┓┗┛" if heavy else "─│╭╮╰╯"
        self.put(x, y, a + h * (width - 2) + b, style)
        for row in range(y + 1, y + height - 1):
            self.put(x, row, v, style)
            self.put(x + width - 1, row, v, style)
        self.put(x, y + height - 1, c + h * (width - 2) + d, style)

    def paste(self, other: Canvas, x: int, y: int) -> None:
        """Copies another canvas onto this one."""
        for row in range(max(0, -y), min(other.height, self.height - y)):
            left, right = max(x, 0), min(x + other.width, self.width)
            if left < right:
                self.chars[y + row][left:right] = other.chars[row][left - x : right - x]
                self.styles[y + row][left:right] = other.styles[row][left - x : right - x]
                if row in other.odd:
                    self.odd.add(y + row)

    def value(
        self,
        x: int,
        y: int,
        value: float | None,
        width: int,
        digits: int,
        signed: bool = False,
        style: Style | None = None,
    ) -> None:
        """A number, right-aligned in `width` cells: sign colour if signed, `·` where not known."""
        text = PENDING if value is None else number(value, digits, signed)
        if style is None:
            style = self.palette.style(sign_role(value) if signed or value is None else plain_role(value))
        self.put(x + width - len(text), y, text, style)

    def parts(self, x: int, y: int, parts: Parts, digits: int, style: Style | None = None) -> int:
        """Text with numbers in it, the signed ones coloured by sign; returns the column after."""
        for part in parts:
            if isinstance(part, Num):
                role = sign_role(part.value) if part.signed else plain_role(part.value)
                x = self.put(x, y, part.text(digits), self.palette.style(role))
            else:
                x = self.put(x, y, part, style or self.palette.style())
        return x

    def row(self, y: int) -> Row:
        """Row y, to be kept."""
        return Row(tuple(self._line(y)), tuple(self.styles[y]), y in self.odd)

    def take(self, y: int, row: Row) -> None:
        """Makes row y what `row` is."""
        self.chars[y], self.styles[y] = list(row.chars), list(row.styles)
        (self.odd.add if row.odd else self.odd.discard)(y)

    def cells(self, y: int) -> tuple[list[str], list[Style]]:
        """The characters and the styles of row y."""
        return self._line(y), self.styles[y]

    def text(self) -> str:
        """The plain text, one line a row, without trailing spaces."""
        return "\n".join("".join(self._line(y)).rstrip() for y in range(self.height))

    def strip(self, y: int) -> Strip:
        """Row y as Textual's strip, neighbouring cells of one style joined."""
        return _strip(self._line(y), self.styles[y], self.width)

    def differing(self, other: Canvas) -> list[tuple[int, int, int]]:
        """The rows that differ from another canvas of the same size; of each, between which columns (the first, and the
        one after the last)."""
        found = []
        for y in range(self.height):
            chars, styles, others, pens = self._line(y), self.styles[y], other._line(y), other.styles[y]
            if chars != others or styles != pens:
                if y in self.odd or y in other.odd:  # no character that takes two cells is cut
                    found.append((y, 0, self.width))
                    continue
                start = min(_alike(ne, chars, others), _alike(is_not, styles, pens))
                ends = reversed(chars), reversed(others), reversed(styles), reversed(pens)
                found.append((y, start, self.width - min(_alike(ne, *ends[:2]), _alike(is_not, *ends[2:]))))
        return found

    def copy(self) -> Canvas:
        """Another one that shows the same."""
        made = Canvas.__new__(Canvas)
        made.width, made.height, made.palette, made.odd = self.width, self.height, self.palette, set(self.odd)
        made.links = self.links[:]
        made.chars, made.styles = [row[:] for row in self.chars], [row[:] for row in self.styles]
        return made

    def _line(self, y: int) -> list[str]:
        """The characters of row y, with a space for each half of one."""
        row = self.chars[y]
        if y in self.odd:
            for x, char in enumerate(row):
                before = row[x - 1] if x else ""
                whole = _takes_two(char) and x + 1 < self.width and not row[x + 1]
                if (not char and not _takes_two(before)) or (_takes_two(char) and not whole):
                    row[x] = " "
        return row


def _alike(differ: Callable[[object, object], bool], one: Iterable[object], other: Iterable[object]) -> int:
    """How many of one row are as in another before the first that is not; all that there are, and more, if none is."""
    return next(compress(count(), map(differ, one, other)), sys.maxsize)


def _takes_two(cell: str) -> bool:
    """Whether what stands in a cell reaches into the next one."""
    return not plain(cell) and len(cells(cell)) == 2


def _strip(row: list[str], styles: list[Style], width: int) -> Strip:
    segments, start = [], 0
    for x in range(1, width + 1):
        # A character that takes two cells has the style of the first.
        if x == width or (styles[x] is not styles[start] and row[x]):
            segments.append(Segment("".join(row[start:x]), styles[start]))
            start = x
    return Strip(segments, width)


def plain_role(value: float | None) -> str:
    """The role of a number whose sign is no matter: an alarm only where it is not finite."""
    role = sign_role(value)
    return role if role in ("alarm", "placeholder") else "text"
