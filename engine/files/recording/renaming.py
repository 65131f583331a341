"""The text of a recording under other names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

#: A text in quotes, or a name with its dots; behind it what tells a function or an option from a value.
_WORD = re.compile(r"""'[^']*'|"[^"]*"|(?<![\w.])[^\W\d]\w*(?:\.\w+)*(?=(\s*\(|\s*=(?!=))?)""")
_HEADER = re.compile(r"\[+([^\]]+)\]+\s*")


def renamed(formula: str, names: Mapping[str, str]) -> str:
    """A formula with other names for its values."""
    return _WORD.sub(lambda found: _other(found, names), formula)


def _other(found: re.Match[str], names: Mapping[str, str]) -> str:
    word, rest = found[0], ""
    if found[1] is not None:  # a function, or an option
        return word
    while word and word not in names:  # what is behind the name, as in W.T
        word, dot, last = word.rpartition(".")
        rest = dot + last + rest
    return names[word] + rest if word else found[0]


def tables(text: str, name: str) -> list[str]:
    """The lines of a table, and of those within it, of a TOML text that a program has written."""
    return list(_tables(text, name))


def _tables(text: str, name: str) -> Iterator[str]:
    inside = False
    for line in text.splitlines():
        header = _HEADER.fullmatch(line)
        if header is not None:
            inside = header[1].partition(".")[0] == name
        if inside and line:
            yield line
