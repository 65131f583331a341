"""What stands in the manifest of a recording, and whether the files beside it are those that it was written with."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradstep.engine.errors import Problem, ScenarioError, shortened
from gradstep.engine.files.opening import content, ordinary, reason
from gradstep.engine.notation import shown

#: The endings and names that belong to a recording.
SUFFIX, MANIFEST, GRAPH, LEAVES, TRACE = (
    ".gradstep",
    "manifest.json",
    "graph.toml",
    "leaves.safetensors",
    "trace.safetensors",
)
FILES = (GRAPH, LEAVES, TRACE)
FORMAT = 1
#: How much of a step is in a recording, and what that is.
LEVELS: Mapping[str, str] = {
    "full": "all values and gradients",
    "graph": "what the step starts from and the gradients of parameters; all else is computed again",
    "params": "the parameters, their gradients and their update; no values in between",
}
_MOST = 16 << 20


def is_recording(path: Path) -> bool:
    """Whether a folder is meant to be a recording."""
    return os.path.isdir(path) and (path.suffix == SUFFIX or os.path.lexists(path / MANIFEST))


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """The manifest, once the files are there and of the sizes that it says. Raises ScenarioError."""
    try:
        found = json.loads(content(str(folder / MANIFEST), _MOST).decode("utf-8"))
    except OSError as error:
        raise bad(folder, f"it is no recording: {MANIFEST} cannot be read: {reason(error)}") from None
    except (ValueError, RecursionError):
        raise bad(folder, f"{MANIFEST} is damaged") from None
    if not isinstance(found, dict) or found.get("kind") != "gradstep recording":
        raise bad(folder, f"{MANIFEST} is that of something else, and no recording of gradstep")
    if found.get("format") != FORMAT:
        raise bad(folder, f"format {shown(found.get('format'))} is not known; this version reads format {FORMAT}")
    sizes = found.get("files")
    if not isinstance(sizes, dict):
        raise bad(folder, f"{MANIFEST} is damaged: it does not say how large the files are")
    for name in FILES:
        _check(folder, name, sizes.get(name))
    return found


def _check(folder: Path, name: str, size: object) -> None:
    """Raises ScenarioError where a file has another size than it was written with."""
    try:
        with ordinary(folder / name, links=False) as file:
            there = file.seek(0, 2)
    except OSError as error:
        raise bad(folder, f"{name} cannot be read: {reason(error)}") from None
    if there != size:
        raise bad(folder, f"{name} is damaged: it has {there:,} bytes, and was written with {shown(size)}")


def bad(folder: Path, text: str) -> ScenarioError:
    """A recording that cannot be used, in one line."""
    return ScenarioError([Problem(shortened(str(folder)), 0, 0, text)])
