"""What stands in each cell of the terminal, so that of a new picture only what differs is written, in few bytes.

Textual writes whole lines of a widget where a few of their cells have changed, and each piece with all its colours.
Here every line goes into a grid first; `flush` compares it with what the terminal shows and writes the cells that
differ, moves over the others, and names a colour only where it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import compress, groupby
from operator import is_not, ne, or_
from typing import NamedTuple

from rich.color import Color, ColorSystem, ColorType
from rich.segment import Segment
from rich.style import Style

from gradstep.tui.cells import cells, plain

#: Attributes of a style and their codes in SGR (ECMA-48, 8.3.117).
_ATTRIBUTES = (
    ("bold", "1"), ("dim", "2"), ("italic", "3"), ("underline", "4"), ("blink", "5"), ("reverse", "7"),
    ("conceal", "8"), ("strike", "9"), ("underline2", "21"), ("overline", "53"),
)  # fmt: skip


class _Pen(NamedTuple):
    """How characters are drawn: attributes, colour and ground, as the parts of an SGR sequence."""

    attributes: frozenset[str]
    ink: str
    paper: str
    #: What of it is seen of a blank: not even the ink, where nothing is drawn.
    blank: str

    @classmethod
    def of(cls, attributes: frozenset[str], ink: str, paper: str) -> _Pen:
        return cls(attributes, ink, paper, f"{paper}{ink if attributes else ''}{sorted(attributes)}")

    def after(self, before: _Pen) -> str:
        """The sequence that makes this pen of another one."""
        if self == before:
            return ""
        colours = [self.ink] * (self.ink != before.ink) + [self.paper] * (self.paper != before.paper)
        change = ";".join([*sorted(self.attributes - before.attributes), *colours])
        if before.attributes <= self.attributes:
            return f"\x1b[{change}m"
        anew = [*sorted(self.attributes), *([self.ink] * (self.ink != _INK)), *([self.paper] * (self.paper != _PAPER))]
        return f"\x1b[{';'.join(['', *anew])}m" if anew else "\x1b[m"


#: What SGR 0 leaves: the terminal's own colours.
_INK, _PAPER = "39", "49"
_PLAIN = _Pen.of(frozenset(), _INK, _PAPER)
#: So many styles are known by their identity.
_MOST = 4096
#: What is not known to stand anywhere.
_NOTHING = "\0"


class Shadow:
    """A terminal of width × height cells that has been written to by nobody else since the last `forget`."""

    def __init__(self, colours: ColorSystem | None) -> None:
        self._colours = colours
        self._pens: dict[Style | None, _Pen] = {}
        self._one: dict[_Pen, _Pen] = {_PLAIN: _PLAIN}
        #: Likewise by the identity of a style, which is kept, so that no other has it: comparing styles takes long.
        self._same: dict[int, tuple[Style, _Pen]] = {}
        self._changes: dict[tuple[_Pen, _Pen], str] = {}
        self.width = self.height = 0
        self._cursor = (-1, -1)

    def forget(self, width: int, height: int) -> None:
        """Nothing is known of what the terminal shows: it is another size, or somebody else has written."""
        self.width, self.height, self._cursor = width, height, (-1, -1)
        self._shown = [[_NOTHING] * width for _ in range(height)]
        self._pen_shown = [[_PLAIN] * width for _ in range(height)]
        self._wanted = [[_NOTHING] * width for _ in range(height)]
        self._pen_wanted = [[_PLAIN] * width for _ in range(height)]
        #: Of each line that may differ, the first column that may, and the one after the last.
        self._touched: dict[int, tuple[int, int]] = {}

    def put(self, x: int, y: int, line: Iterable[Segment]) -> None:
        """What shall stand from column x of line y on."""
        if not 0 <= y < self.height:
            return
        chars, pens, first = self._wanted[y], self._pen_wanted[y], x
        for text, style, control in line:
            if control or not text:
                continue
            content = text if plain(text) else cells(text)
            end = min(x + len(content), self.width)
            if x < end:
                pen = self._pens.get(style) or self._pen(style)
                chars[x:end] = content[: end - x]
                pens[x:end] = [pen] * (end - x)
                # Of a character that takes two cells and is half covered a space is left.
                if x and len(cells(chars[x - 1])) == 2 and chars[x]:
                    chars[x - 1] = " "
                if content is not text and len(cells(chars[end - 1])) == 2:
                    chars[end - 1] = " "
                if end < self.width and not chars[end]:
                    chars[end] = " "
            x += len(content)
        self._touch(y, first, x)

    def put_cells(self, x: int, y: int, chars: Sequence[str], styles: Sequence[Style]) -> None:
        """Likewise, a character and a style for each cell, all of them between x and an edge or another such line: of
        a character that takes two cells, none is cut."""
        end = x + len(chars)
        assert 0 <= y < self.height, "it is on the screen"
        assert 0 <= x < end <= self.width, "it is on the screen"
        self._wanted[y][x:end] = chars
        pens, same, at = self._pen_wanted[y], self._same, x
        for style, alike in groupby(styles, id):
            count = len(list(alike))
            known = same.get(style)
            pen = known[1] if known is not None else self._remembered(styles[at - x])
            pens[at : at + count] = [pen] * count
            at += count
        self._touch(y, x, end)

    def _touch(self, y: int, start: int, end: int) -> None:
        before = self._touched.get(y)
        self._touched[y] = (start, end) if before is None else (min(start, before[0]), max(end, before[1]))

    @property
    def touched(self) -> bool:
        """Whether anything has been put since it was last written."""
        return bool(self._touched)

    def flush(self, cursor: tuple[int, int]) -> str:
        """What is to be written so that the terminal shows what shall stand there, its cursor at (x, y)."""
        found: list[str] = []
        self._pen_now = _PLAIN
        for y, (start, end) in sorted(self._touched.items()):
            # A character before that took two cells may have lost its half, and one after.
            self._line(y, max(start - 1, 0), min(end + 1, self.width), found)
        self._touched.clear()
        if self._pen_now != _PLAIN:
            found.append("\x1b[m")
        if cursor != self._cursor:
            found.append(f"\x1b[{cursor[1] + 1};{cursor[0] + 1}H")
            self._cursor = cursor
        return "".join(found)

    def _line(self, y: int, left: int, right: int, found: list[str]) -> None:
        """Writes what differs in line y between two columns."""
        chars, pens, shown, pens_shown = self._wanted[y], self._pen_wanted[y], self._shown[y], self._pen_shown[y]
        for start, end in _runs(self._differing(y, left, right)):
            if self._cursor != (start, y):
                found.append(self._move(start, y, chars, pens))
            x = start
            while x < end:
                pen, first = pens[x], x
                while x < end and pens[x] is pen:
                    x += 1
                if pen is not self._pen_now:
                    found.append(self._change(self._pen_now, pen))
                    self._pen_now = pen
                found.append("".join(chars[first:x]))
            # After the last column, and after what terminals may not agree about, nobody knows where the cursor is.
            sure = end < self.width and plain("".join(chars[start:end]))
            self._cursor = (end, y) if sure else (-1, -1)
            shown[start:end], pens_shown[start:end] = chars[start:end], pens[start:end]

    def _differing(self, y: int, left: int, right: int) -> list[int]:
        """The columns of line y to write, of those from left on to before right."""
        chars, pens, shown, pens_shown = self._wanted[y], self._pen_wanted[y], self._shown[y], self._pen_shown[y]
        span = slice(left, right)
        differs = map(or_, map(ne, chars[span], shown[span]), map(is_not, pens[span], pens_shown[span]))
        found = [
            x for x in compress(range(left, right), differs)
            if chars[x] != " " or shown[x] != " " or pens[x].blank != pens_shown[x].blank
        ]  # fmt: skip
        if "" in chars or "" in shown:  # of a character that takes two cells both are written
            with_halves = {x - 1 for x in found if not chars[x] or not shown[x]} | set(found)
            with_halves |= {x + 1 for x in with_halves if "" in (chars[x + 1 : x + 2] + shown[x + 1 : x + 2])}
            found = sorted(x for x in with_halves if 0 <= x < self.width)
        return found

    def _move(self, x: int, y: int, chars: list[str], pens: list[_Pen]) -> str:
        """Leads the cursor to column x of line y: by a sequence, or by writing again what stands between."""
        at, line = self._cursor
        if line != y or not 0 <= at < x:
            return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
        step = f"\x1b[{x - at}C" if x - at > 1 else "\x1b[C"
        between = "".join(chars[at:x])
        again = pens[at:x].count(self._pen_now) == x - at and plain(between)
        return between if again and len(between.encode()) <= len(step) else step

    def _change(self, before: _Pen, pen: _Pen) -> str:
        known = self._changes.get((before, pen))
        if known is None:
            known = self._changes[before, pen] = pen.after(before)
        return known

    def _pen(self, style: Style | None) -> _Pen:
        """The pen of a style, in the colours that the terminal has."""
        if style is None or self._colours is None:
            pen = _PLAIN
        else:
            attributes = frozenset(code for name, code in _ATTRIBUTES if getattr(style, name))
            pen = _Pen.of(attributes, self._code(style.color, True) or _INK, self._code(style.bgcolor, False) or _PAPER)
        # Equal ones are one, so that they need not be compared.
        return self._pens.setdefault(style, self._one.setdefault(pen, pen))

    def _remembered(self, style: Style) -> _Pen:
        if len(self._same) >= _MOST:
            self._same.clear()
        pen = self._pens.get(style) or self._pen(style)
        self._same[id(style)] = (style, pen)
        return pen

    def _code(self, colour: Color | None, ink: bool) -> str:
        if colour is None or colour.type is ColorType.DEFAULT:
            return ""
        assert self._colours is not None, "without colours there is no pen"
        return ";".join(colour.downgrade(self._colours).get_ansi_codes(ink))


def _runs(columns: list[int]) -> list[tuple[int, int]]:
    """Neighbouring columns as (first, one after the last)."""
    found: list[tuple[int, int]] = []
    for x in columns:
        if found and found[-1][1] == x:
            found[-1] = (found[-1][0], x + 1)
        else:
            found.append((x, x + 1))
    return found
