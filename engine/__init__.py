"""The engine: networks, numbers, time and questions. It knows nothing of a screen.

Nine rooms in one line, each importing only from those after it: debugger, files, history, ask, explain, run,
training, graph, ops; and three foot files, errors, index and notation. What a room shows to others stands in its
`__init__`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any


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


def _homes(room: str) -> dict[str, str]:
    """Each name that a package shows, and the module that it comes from."""
    spec = find_spec(room)
    assert spec is not None, "it is being imported"
    assert spec.origin is not None, "and has an __init__.py"
    with open(spec.origin, encoding="utf-8") as source:
        tree = ast.parse(source.read())
    blocks = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    imports = [n for block in blocks for n in block.body if isinstance(n, ast.ImportFrom)]
    return {alias.name: str(n.module) for n in imports for alias in n.names}
