"""Which file a name means, and its text."""

from __future__ import annotations

import re
from pathlib import Path

from gradstep.engine.errors import Problem, ScenarioError, nearest
from gradstep.engine.files.draft import Draft
from gradstep.engine.files.reading import read
from gradstep.engine.files.shipped import SHIPPED
from gradstep.engine.run.scenario import Scenario

MAX_BYTES = 16 * 2**20


def builtin() -> dict[str, str]:
    """The scenarios that ship with gradstep, name to file name, in their order."""
    files = sorted(f.name for f in SHIPPED.glob("*.toml"))
    return {re.sub(r"^\d+-|\.toml$", "", name): name for name in files}


def find(name: str) -> Scenario:
    """The scenario that a person means by `name`: a built-in one, or a file.

    Raises ScenarioError.
    """
    known = builtin()
    if name in known:
        text = (SHIPPED / known[name]).read_text(encoding="utf-8")
        return loads(text, name, known[name])
    path = Path(name)
    if path.exists() or path.suffix or path.name != name:
        return load(path)
    hint = nearest(name, known) or f"; built in are {', '.join(known)}"
    raise ScenarioError([Problem(name, 0, 0, f"no such file or built-in scenario{hint}")])


def load(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError, also where the file cannot be read."""
    shown = str(path)
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ScenarioError([Problem(shown, 0, 0, f"cannot be read: {reason}")]) from None
    if len(content) > MAX_BYTES:
        raise ScenarioError([Problem(shown, 0, 0, "the file is larger than 16 MiB; put large arrays into files")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = Problem(
            shown, line, column, f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        )
        raise ScenarioError([problem]) from None
    return loads(text, path.name.removesuffix(".toml"), shown, path.parent)


def loads(text: str, name: str = "scenario", file: str = "scenario.toml", folder: Path | None = None) -> Scenario:
    """The scenario written in `text`; arrays in files are looked for in `folder`.

    Raises ScenarioError.
    """
    return read(Draft(text, file, folder), name)
