"""TOML texts made up at random, whose maker knows where it has written each key and each value."""

from __future__ import annotations

import json
import random
import tomllib
from collections.abc import Iterator

#: Keys that are parts of one another, of the values and of the tables.
KEYS = ("a", "ab", "b", "loss", "x", "x1", "1", "grad", "a-b", "_", "über", "a b", "a.b", "#", "[a]", '"', "", "=")
#: What a text may hold that looks like something else.
WORDS = ("a = 1", "[a]", "[[b]]", "# no comment", "x", "ab", "{", "}", "]", ",", "=", "é", "变", " ", "")
BARE = (
    "1", "-7", "0x1F", "1_000", "1.5", "-0.0", "1e-3", "inf", "-nan", "true", "false",
    "1979-05-27", "07:32:00", "1979-05-27 07:32:00", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00.5-07:00",
)  # fmt: skip

Path = tuple[str | int, ...]


class Made:
    """A text. `keys` and `values` are the offsets of what stands under the keys that lead there: of a key in quotes
    its first character, of a table its header or where it is first mentioned. Not every text is valid, see `made`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.text = ""
        self.keys: dict[Path, int] = {}
        self.values: dict[Path, int] = {}
        self._last: dict[Path, int] = {}
        self._end = self.random.choice(("\n", "\n", "\r\n"))
        for _ in range(self.random.randrange(5)):
            self._pair(())
            self._line_end()
        for _ in range(self.random.randrange(6)):
            self._table()

    def _write(self, text: str) -> int:
        at, self.text = len(self.text), self.text + text
        return at

    def _space(self) -> None:
        self._write(self.random.choice(("", "", " ", "\t ", "  ")))

    def _line_end(self) -> None:
        self._space()
        self._write(self.random.choice(("", "# x = 1", "# [a] '''")) + self._end)
        self._write(self.random.choice(("", self._end, f"  # ab = 2{self._end}")))

    def _blank(self) -> None:
        """As between the elements of an array."""
        for _ in range(self.random.choice((0, 0, 0, 1, 3))):
            self._write(self.random.choice((" ", self._end, f"# a = [1], 'b' \" ]{self._end}")))

    def _key(self) -> list[tuple[str, int]]:
        """Writes a key; its parts, and where they stand."""
        parts = []
        for number in range(self.random.choice((1, 1, 1, 2, 3))):
            if number:
                self._space()
                self._write(".")
                self._space()
            name = self.random.choice(KEYS)
            bare = name and all((c.isalnum() and c.isascii()) or c in "-_" for c in name)
            quoted = self.random.choice((json.dumps(name), json.dumps(name, ensure_ascii=False), f"'{name}'"))
            written = name if bare and self.random.random() < 0.7 else quoted
            parts.append((name, self._write(written) + (written[0] in "\"'")))
        return parts

    def _table(self) -> None:
        signs = self.random.choice((1, 1, 2))
        self._space()
        self._write("[" * signs)
        self._space()
        parts = self._key()
        self._space()
        self._write("]" * signs)
        path: Path = ()
        for number, (name, at) in enumerate(parts):
            path, last = (*path, name), number == len(parts) - 1
            if last and signs == 1:
                self.keys[path] = at
            self.keys.setdefault(path, at)
            if last and signs == 2:
                self._last[path] = self._last.get(path, -1) + 1
            if path in self._last:
                path = (*path, self._last[path])
                self.keys.setdefault(path, at)
        self._line_end()
        for _ in range(self.random.randrange(4)):
            self._space()
            self._pair(path)
            self._line_end()

    def _pair(self, path: Path, depth: int = 0) -> None:
        for name, at in self._key():
            path = (*path, name)
            self.keys.setdefault(path, at)
        self._space()
        self._write("=")
        self._space()
        self._value(path, depth)

    def _value(self, path: Path, depth: int) -> None:
        self.values[path] = len(self.text)
        match self.random.randrange(7 if depth < 3 else 5):
            case 5:
                self._array(path, depth + 1)
            case 6:
                self._inline(path, depth + 1)
            case 0 | 1 | 2:
                self._write(self._quoted())
            case _:
                self._write(self.random.choice(BARE))

    def _array(self, path: Path, depth: int) -> None:
        self._write("[")
        count = self.random.randrange(4)
        for number in range(count):
            self._blank()
            self._value((*path, number), depth)
            self._blank()
            self._write("," if number < count - 1 else self.random.choice(("", ",")))
        self._blank()
        self._write("]")

    def _inline(self, path: Path, depth: int) -> None:
        self._write("{")
        count = self.random.randrange(3)
        for number in range(count):
            self._space()
            self._pair(path, depth)
            self._space()
            self._write("," if number < count - 1 else "")
        self._space()
        self._write("}")

    def _quoted(self) -> str:
        pick = self.random.choice
        words = "".join(pick(WORDS) for _ in range(self.random.randrange(4)))
        match self.random.randrange(4):
            case 0:
                return '"' + words + pick(("", '\\"', "\\\\", "\\u0041", "\\U0001F600", "'", "\\n")) + '"'
            case 1:
                return "'" + words + pick(("", '"', "\\", "\\\\")) + "'"
            case 2:
                inside = pick(("", self._end)) + words + pick(("", '"', '""', '"a""b', f"\\{self._end}  c", "'''"))
                return '"""' + inside + pick(("", self._end, '"', '""')) * (not inside.endswith('"')) + '"""'
        inside = pick(("", self._end)) + words + pick(("", "'", "''", "'a''b", "\\", '"""', self._end))
        return "'''" + inside + "'''"


def made(count: int, first: int = 0) -> Iterator[Made]:
    """So many texts that the standard library reads."""
    seed, found = first, 0
    while found < count:
        text = Made(seed)
        seed += 1
        try:
            tomllib.loads(text.text)
        except tomllib.TOMLDecodeError:
            continue
        found += 1
        yield text
