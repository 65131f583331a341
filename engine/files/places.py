"""Where in a TOML text something stands, for messages. Slow, and only asked once something is wrong."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

#: Of a value: the keys that lead to it, with numbers for the entries of [[tables]].
Keys = Sequence[str | int]

_MARK = "\ue000gradstep\ue000"


class Places:
    """Finds lines and columns (from 1, in characters) in one text that tomllib can read."""

    def __init__(self, text: str) -> None:
        import tomlkit  # here, because most files have no mistake

        self.text = text
        self._kit = tomlkit
        self._document: Any
        try:
            self._document = tomlkit.parse(text)
        except (tomlkit.exceptions.TOMLKitError, ValueError, RecursionError):
            # The two readers differ on a few exotic texts; a message without a column is then
            # better than none.
            self._document = None

    def line_column(self, offset: int) -> tuple[int, int]:
        before = self.text[:offset]
        return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1

    def value(self, path: Keys) -> tuple[int, int]:
        """Where a value begins; a table or its key where there is no such place."""
        offset = self._offset(path)
        return self.line_column(offset) if offset is not None else self.key(path)

    def key(self, path: Keys) -> tuple[int, int]:
        """Where the key that ends `path` is written."""
        name = str(path[-1]) if isinstance(path[-1], str) else str(path[-2])
        offset = self._offset(path)
        if offset is not None and isinstance(path[-1], str):
            found = max(self.text.rfind(q + name + q, 0, offset) for q in ("", '"', "'"))
            return self.line_column(max(found, 0))
        headers = list(re.finditer(rf"^[ \t]*\[{{1,2}}[^\]\n]*?({re.escape(name)})", self.text, re.MULTILINE))
        number = path[-1] if isinstance(path[-1], int) else 0
        if number < len(headers):
            return self.line_column(headers[number].start(1))
        return (1, 1) if len(path) == 1 else self.key(path[:-1])

    def inside(self, path: Keys, column: int) -> tuple[int, int]:
        """Where character number `column` (from 0) of a string value is written."""
        start = self._offset(path)
        if start is None:
            return self.key(path)
        return self.line_column(_skip(self.text, start, column))

    def _offset(self, path: Keys) -> int | None:
        if self._document is None:
            return None
        holder: Any = self._document
        try:
            for part in path[:-1]:
                holder = holder[part]
            old = holder[path[-1]]
            if isinstance(old, self._kit.items.Table | self._kit.items.AoT):
                return None
            # The text is kept character for character, so a mark put in the value's place is found
            # at the value's offset when the document is written out again.
            holder[path[-1]] = _MARK
            written = self._document.as_string()
            holder[path[-1]] = old
        except (KeyError, IndexError, TypeError, ValueError, self._kit.exceptions.TOMLKitError):
            return None
        found = written.find(_MARK)
        if self._document.as_string() != self.text:
            self._document = self._kit.parse(self.text)
        return found - 1 if found > 0 else None


def _skip(text: str, start: int, count: int) -> int:
    """The offset of character number `count` of the TOML string that starts at `start`."""
    quote = text[start]
    if quote not in "\"'":
        return start
    at = start + 1
    if text.startswith(quote * 3, start):
        at = start + 3
        at += 2 if text.startswith("\r\n", at) else 1 if text.startswith("\n", at) else 0
    for _ in range(count):
        if quote == '"' and text.startswith("\\", at):
            following = text[at + 1 : at + 2]
            if following in ("\n", "\r", " ", "\t"):
                at += 1
                while text[at : at + 1] in ("\n", "\r", " ", "\t"):
                    at += 1
                at += 1
            else:
                at += {"u": 6, "U": 10}.get(following, 2)
        else:
            at += 2 if text.startswith("\r\n", at) else 1
    return min(at, len(text))
