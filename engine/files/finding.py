"""Which file a name means, and its text."""

from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path

from gradstep.engine.errors import Problem, ScenarioError, nearest, shortened
from gradstep.engine.files.composing import SCENARIO
from gradstep.engine.files.draft import Draft
from gradstep.engine.files.opening import STANDARD_INPUT, content, reason
from gradstep.engine.files.reading import read
from gradstep.engine.files.shipped import SHIPPED, builtin
from gradstep.engine.run.scenario import Scenario

MAX_BYTES = 16 * 2**20


def starter() -> str:
    """A commented scenario for a person to begin with."""
    return (SHIPPED / "starter.toml").read_text(encoding="utf-8")


def find(name: str) -> Scenario:
    """The scenario that a person means by `name`: a built-in one, a file, or `-` for standard input.

    Raises ScenarioError.
    """
    known = builtin()
    if name in known:
        text = (SHIPPED / known[name]).read_text(encoding="utf-8")
        return loads(text, name, known[name])
    if name == STANDARD_INPUT:
        return loads(text_of(name, name), "scenario", name)
    if os.path.lexists(name) or Path(name).suffix or Path(name).name != name:
        return load(Path(name))
    hint = nearest(name, known) or f"; built in are {', '.join(known)}"
    raise ScenarioError([Problem(shortened(name), 0, 0, f"no such file or built-in scenario{hint}")])


def load(path: Path) -> Scenario:
    """The scenario in a file, or in a folder of its own. Raises ScenarioError, also where it cannot be read."""
    if os.path.isdir(path):  # what a recording is made of is loaded only where there may be one
        from gradstep.engine.files.recording.manifest import is_recording
        from gradstep.engine.files.recording.opening import open_recording

        if is_recording(path):
            return open_recording(path, read)
        if (path / SCENARIO).is_file():
            return dataclasses.replace(load(path / SCENARIO), name=path.resolve().name)
    # With its folder, so that a file that is called - is not standard input.
    text = text_of(os.path.join(path.parent, path.name), shortened(str(path)))
    return loads(text, path.name.removesuffix(".toml"), str(path), path.parent)


def text_of(name: str, shown: str, most: int = MAX_BYTES) -> str:
    """What stands in a file of at most so many bytes, `-` for standard input; errors call it as `shown`. Raises
    ScenarioError."""
    try:
        found = content(name, most)
    except OSError as error:
        hint = "; put large arrays into files" if error.errno == errno.EFBIG and most == MAX_BYTES else ""
        raise ScenarioError([Problem(shown, 0, 0, f"cannot be read: {reason(error)}{hint}")]) from None
    try:
        return found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = found[: error.start].decode("utf-8", errors="replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        problem = Problem(shown, line, column, f"byte 0x{found[error.start]:02x} is not UTF-8; save the file as UTF-8")
        raise ScenarioError([problem]) from None


def loads(text: str, name: str = "scenario", file: str = "scenario.toml", folder: Path | None = None) -> Scenario:
    """The scenario written in `text`; arrays in files are looked for in `folder`.

    Raises ScenarioError.
    """
    return read(Draft(text, file, folder), name)
