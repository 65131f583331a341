"""A scenario file of which it is not yet known whether it is sound: its tables, and the problems found in them.

What reads a table notes what is wrong and goes on, so that a person learns of all mistakes at once; a mistake that only
follows from another one is not noted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gradstep.engine.errors import Problem, ScenarioError, nearest
from gradstep.engine.files.places import Keys
from gradstep.engine.files.toml import parse
from gradstep.engine.index import Array
from gradstep.engine.notation import shown

MAX_PROBLEMS = 20
#: Lines of one table, or entries of one list.
MAX_LINES = 4096
#: Characters of what is said of a problem.
_LONGEST = 1000


class Bad(Exception):
    """A problem has been noted; what depends on it is left out."""


class Draft:
    """The tables of a TOML text. Arrays in files are looked for in `folder`, but for those that are `there` already, by
    the file and their name in it; whether it is of a recording says `recorded`; `broken` are the names of values that
    are unsound. Raises ScenarioError where the text is no TOML."""

    def __init__(
        self,
        text: str,
        file: str,
        folder: Path | None,
        there: Mapping[tuple[str, str], Array] = MappingProxyType({}),
        recorded: bool = False,
    ) -> None:
        self.text, self.file, self.folder, self.there, self.recorded = text, file, folder, there, recorded
        said, self._places = parse(text, file)
        self.problems: list[Problem] = []
        self.broken: set[str] = set()
        self.top = Table(self, (), said)
        self._tables: dict[str, Table] = {}

    def bad(self, path: Keys, text: str, key: bool = False, column: int | None = None) -> Bad:
        """Notes a problem at a value, at its key, or at a character inside it. Raises ScenarioError when there are
        as many as are told."""
        where = self._places
        at = where.key(path) if key else where.value(path) if column is None else where.inside(path, column)
        shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 300]} … {text[-297:]}"
        self.problems.append(Problem(self.file, *at, shown))
        if len(self.problems) >= MAX_PROBLEMS:
            self.stop_if_bad()
        return Bad()

    def where(self, path: Keys, column: int) -> tuple[int, int]:
        """The line and the column where character number `column` (from 0) of a text is written."""
        return self._places.inside(path, column)

    def missing(self, text: str) -> None:
        """Notes that something is nowhere in the file."""
        self.problems.append(Problem(self.file, 1, 1, text))

    def stop_if_bad(self) -> None:
        """Raises ScenarioError with all problems, if there are any."""
        if self.problems:
            raise ScenarioError(self.problems)

    def table(self, name: str) -> Table:
        """The table [name]; an empty one where there is none."""
        if name not in self._tables:
            said = self.top.said.get(name, {})
            if not isinstance(said, dict):
                self.bad([name], f"'{name}' must be a table, written [{name}]")
                said = {}
            self.check_length([name], len(said), f"[{name}] has {len(said):,} lines")
            self._tables[name] = Table(self, (name,), said)
        return self._tables[name]

    def check_length(self, path: Keys, length: int, what: str) -> None:
        """Raises ScenarioError where something is longer than what is read."""
        if length > MAX_LINES:
            self.bad(path, f"{what}; at most {MAX_LINES:,} are read", key=True)
            self.stop_if_bad()

    def entries(self, name: str) -> Sequence[Table]:
        """The tables [[name]], in the order of the file."""
        said = self.top.said.get(name, [])
        if not isinstance(said, list) or not all(isinstance(entry, dict) for entry in said):
            self.bad([name], f"'{name}' must be a list of tables, each written [[{name}]]")
            return ()
        self.check_length([name], len(said), f"there are {len(said):,} of [[{name}]]")
        return [Table(self, (name, number), entry) for number, entry in enumerate(said)]


class Table:
    """One table of a draft: the keys that lead to it, and what it says. What a key must be is asked here; where it is
    something else, that is noted, and the default stands in its place."""

    def __init__(self, draft: Draft, path: tuple[str | int, ...], said: Mapping[str, Any]) -> None:
        self.draft, self.path, self.said = draft, path, said

    def __contains__(self, key: str) -> bool:
        return key in self.said

    def bad(self, key: str, text: str, about_key: bool = False) -> Bad:
        """Notes a problem at the value of a key, or at the key."""
        return self.draft.bad([*self.path, key], text, key=about_key)

    def only(self, allowed: Iterable[str]) -> None:
        for key in self.said:
            if key not in allowed:
                hint = nearest(key, allowed) or f"; allowed are {', '.join(allowed)}"
                self.bad(key, f"unknown key '{key}'{hint}", about_key=True)

    def needs(self, keys: Sequence[str], what: str) -> bool:
        """Whether all the keys are there; `what` is what lacks one."""
        lacking = next((key for key in keys if key not in self.said), None)
        if lacking is not None:
            self.draft.bad(self.path, f"{what} needs '{lacking}'", key=True)
        return lacking is None

    def text(self, key: str) -> str:
        found = self.said.get(key, "")
        if isinstance(found, str):
            return found
        self.bad(key, f"{key} must be text in quotes")
        return ""

    def texts(self, key: str) -> tuple[str, ...]:
        found = self.said.get(key, [])
        if isinstance(found, list) and all(isinstance(text, str) for text in found):
            self.draft.check_length([*self.path, key], len(found), f"{key} lists {len(found):,}")
            return tuple(found)
        self.bad(key, f'{key} must be a list of texts, as in {key} = ["h.grad"]')
        return ()

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """One of `allowed`, whose first is the default."""
        found = self.said.get(key, allowed[0])
        if isinstance(found, str) and found in allowed:
            return found
        hint = nearest(found, allowed) if isinstance(found, str) else ""
        self.bad(key, f"{key} must be {' or '.join(map(repr, allowed))}, not {shown(found)}{hint}")
        return allowed[0]

    def flag(self, key: str, default: bool = False) -> bool:
        found = self.said.get(key, default)
        if isinstance(found, bool):
            return found
        self.bad(key, f"{key} must be true or false")
        return default

    def whole(self, key: str, least: int, most: int | None = None) -> int | None:
        """A whole number from `least` on, up to `most` where that is said; None where there is none."""
        found = self.said.get(key)
        if found is None or (type(found) is int and found >= least and (most is None or found <= most)):
            return found
        to = "on" if most is None else f"to {most:,}"
        self.bad(key, f"{key} must be a whole number from {least} {to}, not {shown(found)}")
        return None
