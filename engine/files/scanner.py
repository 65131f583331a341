"""Where everything in a TOML text stands: each key and each value, found in one walk over the text.

The walk knows the grammar (TOML 1.0) as far as to tell where things begin and end; what it finds holds for texts that
tomllib reads. It stops where tomllib will stop, and refuses, with the place, what tomllib would take minutes over or
could not hold: nesting without end, keys of thousands of parts, numbers beyond 64 bits.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from gradstep.engine.files.tokens import (
    BARE,
    BARE_KEY,
    BLANK,
    LONG,
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_PARTS,
    MAX_PIECES,
    SPACE,
    STRING,
    TOO_LARGE,
    Lost,
    Refused,
    overflows,
    unquoted,
)  # fmt: skip


class Entry:
    """A key and its value, as offsets. `key` is where the key is written, −1 for an element of an array. The value
    goes from `start` to `stop`; a table made of a header or of keys with dots has no such place, and −1. `inside` are
    the entries of a table by their keys, or those of an array in their order."""

    __slots__ = ("headed", "inside", "key", "start", "stop")

    def __init__(self, key: int = -1, start: int = -1, stop: int = -1) -> None:
        self.key, self.start, self.stop = key, start, stop
        self.inside: dict[str, Entry] | list[Entry] | None = None
        self.headed = False

    def of(self, part: str | int) -> Entry | None:
        """What stands under a key of a table or at a place of an array."""
        if isinstance(self.inside, dict):
            return self.inside.get(part) if isinstance(part, str) else None
        if isinstance(self.inside, list) and isinstance(part, int) and 0 <= part < len(self.inside):
            return self.inside[part]
        return None


class Scan:
    """All entries of a text under `root`. `large` are the long arrays of numbers, already read, as (the keys that lead
    there, the entry, the numbers). Raises Refused."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.root = _table()
        self.large: list[tuple[list[str | int], Entry, list[Any]]] = []
        self._pieces = 0
        with suppress(Lost):
            self._document()

    def _document(self) -> None:
        table, path = self.root, list[str | int]()
        while True:
            self._blank()
            if self.at >= len(self.text):
                return
            if self.text[self.at] == "[":
                table, path = self._header()
            else:
                self._pair(table, path)
            self._rest_of_line()

    def _header(self) -> tuple[Entry, list[str | int]]:
        """The table that [a.b] or [[a.b]] begins, and the keys that lead to it."""
        sign = 2 if self.text.startswith("[[", self.at) else 1
        self.at += sign
        parts = self._key()
        if not self.text.startswith("]" * sign, self.at):
            raise Lost
        self.at += sign
        table, path = self.root, list[str | int]()
        for name, at in parts[:-1]:
            table = _child(table, name, at)
            path.append(name)
            if isinstance(table.inside, list) and table.inside:
                path.append(len(table.inside) - 1)
                table = table.inside[-1]
        name, at = parts[-1]
        if sign == 1:
            table = _child(table, name, at)
            if not table.headed:
                table.key, table.headed = at, True
            return table, [*path, name]
        holder = _child(table, name, at)
        if not isinstance(holder.inside, list):
            holder.inside = []
        holder.inside.append(_table(at))
        return holder.inside[-1], [*path, name, len(holder.inside) - 1]

    def _pair(self, table: Entry, path: list[str | int] | None = None, depth: int = 0) -> None:
        """`a.b = value` of a table; the keys that lead to the table are given where a long array may be read."""
        parts = self._key()
        if not self.text.startswith("=", self.at):
            raise Lost
        self.at += 1
        self._space()
        for name, at in parts[:-1]:
            table = _child(table, name, at)
        name, at = parts[-1]
        value = self._long(path, parts) or self._value(depth + len(parts) - 1)
        value.key = at
        if isinstance(table.inside, dict):
            table.inside[name] = value

    def _long(self, path: list[str | int] | None, parts: list[tuple[str, int]]) -> Entry | None:
        """A long array of numbers, if one stands here."""
        if path is None or len(self.text) - self.at < LONG:
            return None
        from gradstep.engine.files.longarrays import long_array  # here, because few scenarios hold one

        found = long_array(self.text, self.at)
        if found is None:
            return None
        entry = Entry(start=self.at, stop=found.stop)
        if found.too_large >= 0:
            raise Refused(found.too_large, TOO_LARGE)
        self.large.append(([*path, *(name for name, _ in parts)], entry, found.numbers))
        self.at = found.stop
        return entry

    def _key(self) -> list[tuple[str, int]]:
        """The parts of a key and where each is written (inside of its quotes), the place behind the key reached."""
        begun, parts = self.at, list[tuple[str, int]]()
        while True:
            self._space()
            at, first = self.at, self.text[self.at : self.at + 1]
            found = (STRING if first in ('"', "'") else BARE_KEY).match(self.text, at)
            if found is None or not first:
                raise Lost
            parts.append((found[0], at) if first not in "\"'" else (unquoted(found[0]), at + 1))
            self.at = found.end()
            self._space()
            self._spend(1)
            if len(parts) > MAX_PARTS:
                raise Refused(begun, f"the key has more than {MAX_PARTS} parts")
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _value(self, depth: int) -> Entry:
        if self.at >= len(self.text):
            raise Lost
        entry, first = Entry(start=self.at), self.text[self.at]
        self._spend(1)
        if first in "[{":
            if depth >= MAX_DEPTH:
                raise Refused(self.at, f"arrays are nested too deeply; at most {MAX_DEPTH} levels are read")
            self.at += 1
            entry.inside = self._array(depth + 1) if first == "[" else self._inline(depth + 1)
        else:
            found = (STRING if first in "\"'" else BARE).match(self.text, self.at)
            if found is None:
                raise Lost
            if first not in "\"'":
                self._check(found[0])
            self.at = found.end()
        entry.stop = self.at
        return entry

    def _check(self, bare: str) -> None:
        """That a number is one that can be held."""
        if len(bare) > MAX_DIGITS:
            raise Refused(self.at, f"a number of {len(bare):,} characters; at most {MAX_DIGITS:,} are read")
        if overflows(bare):
            raise Refused(self.at, TOO_LARGE)

    def _array(self, depth: int) -> list[Entry]:
        """The elements up to the closing bracket, which is passed."""
        found: list[Entry] = []
        while True:
            self._blank()
            if not self._sign("]"):
                found.append(self._value(depth))
                self._blank()
                if self._sign(","):
                    continue
                if not self._sign("]"):
                    raise Lost
            return found

    def _inline(self, depth: int) -> dict[str, Entry]:
        """The pairs up to the closing brace, which is passed."""
        table = _table()
        self._space()
        while not self._sign("}"):
            self._pair(table, depth=depth)
            self._space()
            if not self._sign(",") and not self.text.startswith("}", self.at):
                raise Lost
            self._space()
        assert isinstance(table.inside, dict)
        return table.inside

    def elements(self, entry: Entry) -> list[Entry]:
        """The elements of a long array, whose places are only looked for when they are asked for."""
        self.at, self._pieces = entry.start + 1, -len(self.text)
        return self._array(1)

    def _sign(self, sign: str) -> bool:
        found = self.text.startswith(sign, self.at)
        self.at += found
        return found

    def _blank(self) -> None:
        """Over blanks, line ends and comments."""
        begun, found = self.at, BLANK.match(self.text, self.at)
        assert found is not None, "it matches nothing as well"
        self.at = found.end()
        if self.at > begun + 1:
            self._spend(self.text.count("\n", begun, self.at))

    def _space(self) -> None:
        found = SPACE.match(self.text, self.at)
        assert found is not None, "it matches nothing as well"
        self.at = found.end()

    def _rest_of_line(self) -> None:
        """That nothing else stands in the line."""
        self._space()
        if self.text[self.at : self.at + 1] not in ("", "\n", "\r", "#"):
            raise Lost

    def _spend(self, pieces: int) -> None:
        self._pieces += pieces
        if self._pieces > MAX_PIECES:
            more = f"the file has more than {MAX_PIECES:,} values, keys and lines; put large arrays into files"
            raise Refused(self.at, more)


def _table(key: int = -1) -> Entry:
    entry = Entry(key)
    entry.inside = {}
    return entry


def _child(table: Entry, name: str, at: int) -> Entry:
    """The entry of a table that a part of a key leads to, made if it is not there."""
    if not isinstance(table.inside, dict):
        raise Lost  # a value that is no table
    if name not in table.inside:
        table.inside[name] = _table(at)
    return table.inside[name]
