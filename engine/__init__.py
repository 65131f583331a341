"""The engine: networks, numbers, time and questions. It knows nothing of a screen.

Ten rooms in one line, each importing only from those after it: debugger, files, diagnosis, history, ask, explain,
run, training, graph, ops; and three foot files, errors, index and notation. What a room shows to others stands in its
`__init__`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

#: A name that a face shows, as ruff's formatting writes it: one a line, with the same name twice.
_SHOWN = re.compile(r"^    from (\S+) import (\w+) as \2$", re.MULTILINE)


def face(room: str) -> tuple[Callable[[str], Any], Sequence[str]]:
    """The module functions `__getattr__` and `__all__` of a package that shows what its `if TYPE_CHECKING:` block
    imports. Each name is loaded when it is first used, so that a screen which needs one function of a room does not
    wait for the others; and stands in one place, where type checkers read it too."""
    homes = _homes(room)

    def __getattr__(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module '{room}' has no attribute '{name}'")
        return getattr(import_module(homes[name]), name)

    return __getattr__, sorted(homes)


class Later:
    """A module that is loaded when something of it is first used: what says why and what was, where a person waits for
    the first picture. Beside it stands the import, for type checkers, which read it too."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.modules.get(self._module) or import_module(self._module), name)


def _homes(room: str) -> dict[str, str]:
    """Each name that a package shows, and the module that it comes from. Read off the lines, because a parser loads
    for longer than all faces are read."""
    file = sys.modules[room].__file__
    assert file is not None, "a room has an __init__.py"
    with open(file, encoding="utf-8") as source:
        return {name: module for module, name in _SHOWN.findall(source.read())}
