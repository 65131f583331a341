"""A room shows what its block for type checkers imports, and nothing is missed where it is read off the lines."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FACES = [
    "gradstep",
    *(
        f"gradstep.engine.{p.parent.name}"
        for p in sorted(ROOT.glob("engine/*/__init__.py"))
        if "face(" in p.read_text()
    ),
]


@pytest.mark.parametrize("face", FACES)
def test_a_face_shows_all_that_it_says(face: str) -> None:
    module = import_module(face)
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    blocks = [n for n in tree.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    said = {a.name: n.module for b in blocks for n in b.body if isinstance(n, ast.ImportFrom) for a in n.names}
    assert said
    assert set(said) <= set(module.__all__)
    for name, home in said.items():
        assert getattr(module, name) is getattr(import_module(str(home)), name)
    with pytest.raises(AttributeError, match="nothing_of_that_name"):
        _ = module.nothing_of_that_name
