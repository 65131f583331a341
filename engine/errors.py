"""What went wrong, in words for people.

    GradstepError
    ├── ScenarioError     a scenario file that cannot be used; carries every problem found
    ├── GraphError        shapes, names or values that do not fit together
    │   ├── ExpressionError   a formula that cannot be read; knows the column
    │   └── OpError           an operation called the wrong way
    │       └── Uncomputed    the same, of numbers that came out on the way; knows the formula
    └── CommandError      a debugger command that cannot be carried out

and Interrupted, which is no error.

Every message says what is wrong, where, and what to try.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from typing import NamedTuple


class GradstepError(Exception):
    """The base of all errors that are the input's fault, not the program's."""


class GraphError(GradstepError):
    """Values, shapes or names that do not fit together."""


class OpError(GraphError):
    """An operation called with the wrong arguments; the message ends in its signature."""


class Uncomputed(OpError):
    """What cannot be computed of the numbers that came out, as of a class number that is none. `name` is the line of
    the graph, and `column` counts characters from 0 in its formula."""

    def __init__(self, message: str, name: str = "", column: int = 0) -> None:
        super().__init__(message)
        self.name, self.column = name, column


class ExpressionError(GraphError):
    """A formula that cannot be read. `column` counts characters from 0 inside the formula."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.column = column


class CommandError(GradstepError):
    """A debugger command that cannot be carried out."""


class UnknownName(CommandError):
    """Nothing is called so."""


class Interrupted(Exception):
    """Something that takes time was given up because it was asked to; nothing has changed."""


#: Told the share of the way that is done, it says whether to go on; where not, Interrupted is raised.
GoOn = Callable[[float], bool]


class Problem(NamedTuple):
    """One mistake in a file. Lines and columns count from 1, columns in characters; line 0 is the
    file as a whole."""

    file: str
    line: int
    column: int
    text: str

    def __str__(self) -> str:
        place = f":{self.line}:{self.column}" if self.line else ""
        return printable(f"{self.file}{place}: {self.text}")


class ScenarioError(GradstepError):
    """A scenario that cannot be used, with every problem that was found, in file order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'W1'?` for the known word most like `word`, or nothing."""
    import difflib  # here, because most runs have nothing to suggest

    listed = list(known)
    found = [k for k in listed if k.lower() == word.lower()]
    if not found and len(word) <= 100 and len(listed) <= 5000:  # comparing takes the product of both
        found = difflib.get_close_matches(word, listed, 1, cutoff=0.5)
    return f"; did you mean '{found[0]}'?" if found else ""


def shortened(text: str, most: int = 120) -> str:
    """`text` as far as a line has room for it: of a long one the beginning and the end."""
    return text if len(text) <= most else f"{text[: most // 2]}…{text[-(most // 3) :]}"


def printable(text: str) -> str:
    """`text` with every character that a terminal could act on made visible.

    Names and notes come from files: an escape sequence in them must be seen, not obeyed, and so
    must the marks that turn the direction of the text round.
    """
    if text.isprintable():  # nearly every text
        return text
    return "".join(
        c if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c.encode("unicode_escape").decode()
        for c in text
    )
