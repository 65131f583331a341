"""A TOML text with other values in it: all that is not set stays as it is, character for character."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gradstep.engine.errors import CommandError, ScenarioError
from gradstep.engine.files.scanner import Entry, Scan
from gradstep.engine.files.toml import parse
from gradstep.engine.index import Array

#: A table and a key in it.
Place = tuple[str, str]


def rewritten(text: str, values: Mapping[Place, str]) -> str:
    """A text with other values, written as TOML, under keys of tables; a key or a table that is not there is added.
    Raises CommandError where the text is written in a way that this cannot be said in."""
    if not values:
        return text
    scan, left = Scan(text), dict[Place, str]()
    spans: list[tuple[int, int, str]] = []
    for (table, key), value in values.items():
        entry = _entry(scan, table, key)
        if entry is None or entry.start < 0:
            left[table, key] = value
        else:
            spans.append((entry.start, entry.stop, value))
    for start, stop, value in sorted(spans, reverse=True):
        text = text[:start] + value + text[stop:]
    for (table, key), value in left.items():
        text = _added(removed(text, table, key), table, key, value)
    _check(scan.text, text, values)
    return text


def quoted(text: str) -> str:
    """A text as TOML has it."""
    import json  # here, because few sessions are saved

    # JSON escapes what TOML must, but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def listed(texts: Sequence[str]) -> str:
    return f"[{', '.join(map(quoted, texts))}]"


def numbers(array: Array) -> str:
    """An array as TOML has it: each number the shortest text that is it, in its own dtype."""
    if array.ndim:
        return f"[{', '.join(map(numbers, array))}]"
    return str(float(str(array[()])))


def _entry(scan: Scan, table: str, key: str) -> Entry | None:
    found = scan.root.of(table)
    return None if found is None else found.of(key)


def removed(text: str, table: str, key: str) -> str:
    """Without what stands under a key in several places: as a table of its own, or in keys with dots."""
    entry = _entry(Scan(text), table, key)
    if entry is None:
        return text
    lines = sorted({_line(text, at, stop) for at, stop in _statements(entry)}, reverse=True)
    for start, stop in lines:
        text = text[:start] + text[stop:]
    return text


def _statements(entry: Entry) -> Iterator[tuple[int, int]]:
    """Of all that an entry is made of, the key and the end: its header, its pairs."""
    if entry.headed or entry.start >= 0:
        yield entry.key, max(entry.stop, entry.key)
    if entry.start < 0 and isinstance(entry.inside, dict):
        for inner in entry.inside.values():
            yield from _statements(inner)


def _line(text: str, key: int, stop: int) -> tuple[int, int]:
    """The lines on which something stands."""
    end = text.find("\n", stop)
    return text.rfind("\n", 0, key) + 1, len(text) if end < 0 else end + 1


def _added(text: str, table: str, key: str, value: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    entry, pair = Scan(text).root.of(table), f"{_written(key)} = {value}"
    if entry is not None and entry.start >= 0:
        at = entry.start + 1
        return f"{text[:at]} {pair}{',' if entry.inside else ' '}{text[at:]}"
    if entry is not None and entry.headed:
        _, at = _line(text, entry.key, entry.key)
        return f"{text[:at]}{'' if text[:at].endswith(chr(10)) else end}{pair}{end}{text[at:]}"
    if entry is not None:
        at, _ = _line(text, entry.key, entry.key)
        if not text[at:].lstrip(" \t").startswith("["):
            return f"{text[:at]}{_written(table)}.{pair}{end}{text[at:]}"
    between = "" if not text or text.endswith("\n") else end
    return f"{text}{between}[{_written(table)}]{end}{pair}{end}"


def _written(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else quoted(key)


def _check(before: str, after: str, values: Mapping[Place, str]) -> None:
    """That the new text says what the old one does, with other values."""
    expected: dict[str, Any] = parse(before, "")[0]
    for (table, key), value in values.items():
        expected.setdefault(table, {})[key] = parse(f"value = {value}", "")[0]["value"]
    try:
        found = parse(after, "")[0]
    except ScenarioError:
        found = {}
    # As texts, because NaN is not equal to itself; sorted, because what is added need not stand at the end.
    if _sorted(found) != _sorted(expected):
        names = " and ".join(f"'{key}'" for _, key in values)
        raise CommandError(f"{names} cannot be written into this file; write each as one line, NAME = VALUE, first")


def _sorted(said: Any) -> str:
    if isinstance(said, dict):
        return f"{{{', '.join(f'{key!r}: {_sorted(said[key])}' for key in sorted(said))}}}"
    return repr(said)
