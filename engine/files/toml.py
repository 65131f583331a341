"""TOML texts: what they say, by the standard library, and where. What would take minutes to read is refused before."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from gradstep.engine.errors import Problem, ScenarioError, shortened
from gradstep.engine.files.places import Places
from gradstep.engine.files.scanner import Scan
from gradstep.engine.files.tokens import Refused


def parse(text: str, file: str) -> tuple[dict[str, Any], Places]:
    """What a TOML text says, and where. Raises ScenarioError with the one problem; `file` is named there."""
    try:
        scan = Scan(text)
        said = tomllib.loads(_without_long_arrays(scan))
    except Refused as error:
        raise ScenarioError([Problem(file, *Places.at(text, error.offset), str(error))]) from None
    except tomllib.TOMLDecodeError as error:
        raise ScenarioError([_syntax(error, text, file)]) from None
    for path, _, numbers in scan.large:
        holder: Any = said
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = numbers
    return said, Places(scan)


def _without_long_arrays(scan: Scan) -> str:
    if not scan.large:
        return scan.text
    from gradstep.engine.files.longarrays import masked  # here, because few scenarios hold one

    parts, done = [], 0
    for _, entry, _ in scan.large:
        parts += [scan.text[done : entry.start], masked(scan.text, entry.start, entry.stop)]
        done = entry.stop
    return "".join([*parts, scan.text[done:]])


#: A line of key = value, without what stands behind it.
_LINE = re.compile(r"\s*([^\s=#\"'\[]+|\"[^\"]*\")\s*=\s*([^\s#][^#]*?)\s*(?:#.*)?")


#: Some numbers, of which each is written by itself.
_NUMBERS = re.compile(r"[-+.\d][-+.\deE_]*(?:\s*[,\s]\s*[-+.\d][-+.\deE_]*)+,?")
#: What is said of what is wrong, and how it is put right.
_ENDS = {
    "Unclosed inline table": "a table in one line ends with }",
    "Unclosed array": "a list ends with ]",
    "Illegal character '\\n'": "text ends with the quote that it begins with, in the same line",
}


def _mended(message: str, line: str) -> str:
    """How a line is written right; nothing where that is not known."""
    if message == "Cannot overwrite a value":
        key = line.partition("=")[0].strip()
        return f"; '{shortened(key, 40)}' is there already: each name stands for one thing, and is given once"
    return f"; {_ENDS[message]}" if message in _ENDS else _unquoted(line)


def _unquoted(line: str) -> str:
    """How a line is written whose formula or name is in no quotes, or whose list in no brackets; nothing where that is
    not what is wrong."""
    found = _LINE.fullmatch(line)
    if found is None:
        return ""
    key, value = found[1], found[2]
    if not key.isascii() and key[0] != '"':
        written = shortened(f'"{key}" = {value}', 60)
        return f"; a name with other letters than a to z stands in quotes: {written}"
    if value[0] in "\"'[{":
        return ""
    if _NUMBERS.fullmatch(value):
        numbers = ", ".join(re.split(r"\s*[,\s]\s*", value.strip(", ")))
        return f"; several numbers stand in brackets: {shortened(f'{key} = [{numbers}]', 60)}"
    written = shortened(f'{key} = "{value}"', 60)
    return f"; a formula, as any text, stands in quotes: {written}"


def _syntax(error: tomllib.TOMLDecodeError, text: str, file: str) -> Problem:
    message = str(error)
    found = re.search(r"\s*\(at line (\d+), column (\d+)\)$", message)
    if found:
        number = int(found[1])
        written = text.split("\n")[number - 1]
        message = message[: found.start()]
        hint = _mended(message, written) if len(written) < 1000 else ""
        return Problem(file, number, int(found[2]), f"not TOML: {message}{hint}")
    last = text.rstrip("\n")
    line, column = last.count("\n") + 1, len(last) - last.rfind("\n")
    message = message.removesuffix(" (at end of document)")
    written = last[last.rfind("\n") + 1 :]
    hint = _mended(message, written) if len(written) < 1000 else ""
    return Problem(file, line, column, f"not TOML: {message}, at the end of the file{hint}")
