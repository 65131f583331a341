"""What a value of the network may be called."""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Container

from gradstep.engine.ask.fields import FIELDS, SOFT
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.steps import CHANGES
from gradstep.engine.files.draft import Table
from gradstep.engine.graph.typed import ARRAYS

#: Words that mean something of a step in conditions: a value of that name would be meant there, or not.
STEP_WORDS = frozenset((*KINDS, *FIELDS, *CHANGES, "previous", "step")) - SOFT
#: What stands behind the dot of a name for one of its arrays.
KINDS_OF_NUMBERS = (*ARRAYS, "T")
#: Words that name a moment wherever one can be typed, and so cannot name a value.
RESERVED = ("forward", "backward", "update", "start", "end")
#: All names that no value of a network may have.
KEPT = frozenset((*RESERVED, *STEP_WORDS, "loss"))


def normal(key: str) -> str:
    """A key in the form in which formulas read it."""
    return unicodedata.normalize("NFKC", key)


def results(key: str) -> list[str]:
    """The names in a key of [graph]: one, or those of several results, as in "a, b"."""
    return [one.strip() for one in normal(key).split(",")]


def name_of(table: Table, key: str, taken: Container[str]) -> str:
    """A key of a table as the name of a value; what is `taken` already is the name of another one. Raises Bad."""
    return _checked(table, key, normal(key), taken)


def names_of(table: Table, key: str, taken: Container[str]) -> list[str]:
    """The names in a key of [graph]. Raises Bad."""
    found = list[str]()
    for name in results(key):
        if name in found:
            raise table.bad(key, f"'{name}' is named twice; every value has one name of its own", True)
        found.append(_checked(table, key, name, taken))
    return found


def _checked(table: Table, line: str, name: str, taken: Container[str]) -> str:
    """A name in the key of a line. Raises Bad."""
    draft, key = table.draft, name if "," in line else line
    first, *pieces = name.split(".")
    if not first.isidentifier() or any(not f"_{piece}".isidentifier() or not piece for piece in pieces):
        raise table.bad(line, f"'{key}' is no name: a name has letters, digits and _, and begins with a letter", True)
    if any(map(keyword.iskeyword, (first, *pieces))):
        raise table.bad(line, f"'{key}' is no name: Python keeps a word of it for itself", True)
    if pieces and pieces[-1] in KINDS_OF_NUMBERS:
        raise table.bad(line, f"'{key}' has a meaning of its own; behind a dot it is kept for that", True)
    if name in RESERVED:
        raise table.bad(line, f"'{key}' is kept for the moment of that name; choose another", True)
    if name in STEP_WORDS:
        raise table.bad(line, f"'{key}' has a meaning of its own in conditions; choose another, as {key}_", True)
    if name == "loss" and draft.top.said.get("loss", next(reversed([*draft.table("graph").said]), "")) != key:
        raise table.bad(line, "'loss' can only be the name of the loss; choose another", True)
    if name in taken or name in draft.broken:
        raise table.bad(line, f"'{key}' is named twice; every value has one name of its own", True)
    return name
