"""Where in a TOML text something stands, for messages, and to write something else in its place."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gradstep.engine.files.scanner import Entry, Scan

#: Of a value: the keys that lead to it, with numbers for the entries of [[tables]] and of arrays.
Keys = Sequence[str | int]

#: What stands for one character of a text in quotes, and what stands for none: an escaped line end.
_WRITTEN = r"(?s)\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\[^\s]|\r\n|."
_NOTHING = r"(?:\\[ \t]*+\r?\n\s*+)*+"
_AS_IT_IS = r"(?s)\r\n|."


class Places:
    """Finds lines and columns (from 1, in characters) in one text that tomllib can read."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan

    @staticmethod
    def at(text: str, offset: int) -> tuple[int, int]:
        """The line and the column of a character of a text."""
        return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)

    def value(self, path: Keys) -> tuple[int, int]:
        """Where a value begins; the key of a table that is made of a header or of dotted keys. Where there is no such
        value, the nearest key above."""
        entry = self._find(path)
        return self._key(path) if entry is None or entry.start < 0 else self._at(entry.start)

    def key(self, path: Keys) -> tuple[int, int]:
        """Where the key that ends `path` is written, or the element of an array; else the nearest key above."""
        entry = self._find(path)
        return self._key(path) if entry is None or entry.key < 0 else self._at(entry.key)

    def inside(self, path: Keys, column: int) -> tuple[int, int]:
        """Where character number `column` (from 0) of a text in quotes is written."""
        entry = self._find(path)
        if entry is None or entry.start < 0 or self._scan.text[entry.start] not in "\"'":
            return self.value(path)
        return self._at(self._character(entry, column))

    def span(self, path: Keys) -> tuple[int, int] | None:
        """The offsets between which a value is written; None where it is not written in one place."""
        entry = self._find(path)
        return None if entry is None or entry.start < 0 else (entry.start, entry.stop)

    def _at(self, offset: int) -> tuple[int, int]:
        return self.at(self._scan.text, offset)

    def _key(self, path: Keys) -> tuple[int, int]:
        """The nearest place above: of a key, or of an element."""
        for length in range(len(path), 0, -1):
            entry = self._find(path[:length])
            if entry is not None and max(entry.key, entry.start) >= 0:
                return self._at(entry.key if entry.key >= 0 else entry.start)
        return 1, 1

    def _find(self, path: Keys) -> Entry | None:
        entry = self._scan.root
        for part in path:
            if entry.inside is None and isinstance(part, int) and self._scan.text[entry.start] == "[":
                entry.inside = self._scan.elements(entry)
            found = entry.of(part)
            if found is None:
                return None
            entry = found
        return entry

    def _character(self, entry: Entry, column: int) -> int:
        """The offset of character number `column` of the text in quotes that an entry is."""
        text, at = self._scan.text, entry.start
        quote = text[at]
        signs = 3 if text.startswith(quote * 3, at) else 1
        at += signs
        if signs == 3:  # a line end behind the quotes is no part of the text
            at += 2 if text.startswith("\r\n", at) else text.startswith("\n", at)
        stop = entry.stop - signs
        nothing = re.compile(_NOTHING) if quote == '"' else None
        one = re.compile(_WRITTEN if quote == '"' else _AS_IT_IS)
        for number in range(column + 1):
            if nothing is not None and (found := nothing.match(text, at, stop)):
                at = found.end()
            if number < column and (found := one.match(text, at, stop)):
                at = found.end()
        return at
