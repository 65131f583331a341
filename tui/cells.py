"""Text in the cells of a terminal: most characters take one, many of East Asia and all pictures two, and marks stand on
the character before them.

How many a character takes is what Textual takes it for (rich's tables of Unicode's widths), so that what is measured
here and what is written agree. What terminals do not agree about is left out, or written in plain letters: variation
selectors, skin colours, and the letters of flags are wider in some of them than in others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from rich.cells import get_character_cell_size

from gradstep.engine.errors import printable
from gradstep.tui.tails import tails

#: Blocks in which every character takes one cell; nearly all that is ever shown is in them.
_NARROW = (
    (0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0x2FF), (0x370, 0x377), (0x384, 0x38A), (0x38E, 0x3A1), (0x3A3, 0x482),
    (0x1D2C, 0x1D6A), (0x2C7C, 0x2C7D),  # letters that run in a sum
    (0x2010, 0x2027), (0x2030, 0x205E), (0x2070, 0x2071), (0x2074, 0x208E), (0x2090, 0x209C), (0x2100, 0x218B),
    (0x2190, 0x2319), (0x231C, 0x2328), (0x232B, 0x23E8), (0x2460, 0x24FF), (0x2500, 0x25FC), (0x270C, 0x2727),
    (0x2800, 0x28FF),
)  # fmt: skip
_narrow: Callable[[str], bool] = frozenset(chr(k) for a, b in _NARROW for k in range(a, b + 1)).issuperset
#: The index at the end of a name, in brackets or as subscripts.
_INDEX = re.compile(r"(\[[^\[\]\s]*\]|[₀-₉]+)$")
#: Marks that are left out.
_DISPUTED = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]")
#: The letters that flags are made of; some terminals draw a flag of two, some the letters, and not in as many cells.
_FLAGS = {0x1F1E6 + k: 0x41 + k for k in range(26)}
#: So many marks may stand on a character; more of them would reach into other lines.
_MARKS = 4


def shown(text: str) -> str:
    """`text` as it is shown where Textual lays it out: what could speak to the terminal is visible, and what terminals
    do not agree about is left out, or written in plain letters."""
    return printable(text if text.isascii() else _DISPUTED.sub("", text).translate(_FLAGS))


def plain(text: str) -> bool:
    """Whether each character of a text takes one cell, and none is a mark or speaks to the terminal."""
    return text.isprintable() if text.isascii() else _narrow(text)


@lru_cache(maxsize=4096)
def _cells(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for character in shown(text):
        taken = get_character_cell_size(character)
        if taken:
            found += (character, "")[:taken]
            continue
        if not found:  # there is nothing that it could stand on
            found.append(" ")
        at = -1 if found[-1] else -2
        if len(found[at]) <= _MARKS:
            found[at] += character
    return tuple(found)


def cells(text: str) -> Sequence[str]:
    """What stands in each cell that a text takes: a character with its marks, and in the second cell of one that takes
    two nothing. What could speak to the terminal is visible."""
    return text if plain(text) else _cells(text)


def breadth(text: str) -> int:
    """How many cells a text takes."""
    return len(cells(text))


def clip(text: str, width: int) -> str:
    """`text` in at most `width` cells, with … where something is cut; no character is cut in two."""
    found = cells(text)
    if len(found) <= width:
        return text
    return _joined(found[: max(width - 1, 0)], found) + "…" if width > 0 else ""


def fold(text: str, width: int, tail: int | None = None) -> str:
    """`text` in at most `width` cells, with … where something is left out: of paths, then of its middle. Names that
    begin alike differ at their ends, and the end of a formula is its result. An index at the end stays whole, and
    before it `tail` cells are kept, else half of what there is room for."""
    found = cells(text)
    if len(found) <= width or width < 3:
        return clip(text, width)
    if "." in text and tail is None:
        (text,) = tails([text], lambda texts: breadth(texts[0]) <= width)
        if breadth(text) <= width:
            return text
    index = _INDEX.search(text)
    end = len(index[0]) if index and len(index[0]) <= width - 2 else 0
    room = width - end
    end += (room // 2 if room > 2 else 0) if tail is None else max(min(tail, room - 2), 0)
    return (clip(text, width - end) + clip_left(text, end + 1).removeprefix("…")).replace("……", "…")


def clip_left(text: str, width: int) -> str:
    """Likewise, with the end of the text kept."""
    found = cells(text)
    if len(found) <= width:
        return text
    kept = found[len(found) - width + 1 :]
    halved = len(kept) > 0 and not kept[0]
    return "…" + " " * halved + "".join(kept) if width > 0 else ""


def wrap(text: str, width: int) -> list[str]:
    """`text` broken at spaces into lines of at most `width` cells; a word that is wider is broken where a line ends."""
    lines: list[str] = []
    for word in text.split():
        if lines and breadth(lines[-1]) + 1 + breadth(word) <= width:
            lines[-1] += " " + word
        else:
            lines += _pieces(word, max(width, 2))
    return lines


def hanging(text: str, width: int) -> list[str]:
    """The lines of a text, those that are too long broken into several, which hang under what the line says: behind its
    indent, and behind `try: ` and such a word."""
    lines: list[str] = []
    for line in text.split("\n"):
        if breadth(line) <= width:
            lines.append(line)
            continue
        indent = len(line) - len(line.lstrip(" "))
        head = re.match(r"\s+\w+: ", line)
        under = len(head[0]) if head and len(head[0]) < width // 3 else min(indent + 2, width // 3)
        first, *rest = wrap(line, width - under)
        # What stands before the text is not broken off from it.
        lines.append(" " * indent + first)
        lines += [" " * under + more for more in rest]
    return lines


def _pieces(word: str, width: int) -> list[str]:
    found, pieces = cells(word), []
    while len(found) > width:
        pieces.append(_joined(found[:width], found))
        found = found[len(cells(pieces[-1])) :]
    return [*pieces, "".join(found)]


def _joined(cut: Sequence[str], whole: Sequence[str]) -> str:
    """The text of some first cells, without the half of a character that the next cell would complete."""
    halved = cut and len(cut) < len(whole) and not whole[len(cut)]
    return "".join(cut[:-1] if halved else cut)
