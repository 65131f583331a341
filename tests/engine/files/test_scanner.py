"""One walk over a TOML text finds all that the standard library reads, and what can only be no TOML ends it."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from tomltexts import made

from gradstep.engine.files import builtin
from gradstep.engine.files.scanner import Entry, Scan
from gradstep.engine.files.shipped import SHIPPED
from gradstep.engine.files.tokens import MAX_DEPTH, MAX_PARTS, MAX_PIECES, Refused


def check(text: str, entry: Entry, said: Any) -> None:
    """That an entry and all that is in it are what was read, and that each value stands between its offsets."""
    if isinstance(said, dict):
        assert isinstance(entry.inside, dict)
        assert set(entry.inside) == set(said)
        for key, value in said.items():
            check(text, entry.inside[key], value)
    elif isinstance(said, list):
        assert isinstance(entry.inside, list)
        assert len(entry.inside) == len(said)
        for one, value in zip(entry.inside, said, strict=True):
            check(text, one, value)
    else:
        assert repr(tomllib.loads(f"a = {text[entry.start : entry.stop]}")["a"]) == repr(said)


@pytest.mark.parametrize("name", builtin().values())
def test_what_ships_is_found_as_it_is_read(name: str) -> None:
    text = (SHIPPED / name).read_text(encoding="utf-8")
    check(text, Scan(text).root, tomllib.loads(text))


def test_any_text_is_found_as_it_is_read() -> None:
    for text in made(500, first=100_000):
        check(text.text, Scan(text.text).root, tomllib.loads(text.text))


@pytest.mark.parametrize(
    "text", ["a", "a =", "[a", "a = [1", "a = {b = 1", 'a = "', "a = '''x''", '"\\UFFFFFFFF" = 1', "= 1"]
)
def test_where_it_is_no_toml_the_walk_ends(text: str) -> None:
    before = "z = 1\n"
    assert Scan(before + text).root.of("z") is not None


def test_the_limits_are_what_is_still_read() -> None:
    for text in ("a = " + "[" * MAX_DEPTH + "]" * MAX_DEPTH, ".".join("a" * MAX_PARTS) + " = 1", "\n" * MAX_PIECES):
        assert Scan(text).at == len(text)
        with pytest.raises(Refused):
            Scan(text.replace("[", "[[", 1).replace("a.", "a.a.", 1).replace("\n", "\n\n", 1))
