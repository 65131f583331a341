"""Where in a TOML text something stands."""

from __future__ import annotations

import pytest

from gradstep.engine.files.places import Places

TEXT = """# a comment with title = in it
title = "über"
"quoted key" = [1, 2]
[inputs]
x = [[1.0], [2.0]]
[training]
betas = [0.9, 0.999]
[[notes]]
at = 1
[[notes]]
text = 'second'
"""


def place(text: str, path: list[str | int]) -> str:
    """What stands at the place of a value, up to the end of the line."""
    line, column = Places(text).value(path)
    return text.split("\n")[line - 1][column - 1 :]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (["title"], '"über"'),
        (["quoted key"], "[1, 2]"),
        (["inputs", "x"], "[[1.0], [2.0]]"),
        (["inputs", "x", 1], "[2.0]]"),
        (["training", "betas", 1], "0.999]"),
        (["notes", 0, "at"], "1"),
        (["notes", 1, "text"], "'second'"),
    ],
)
def test_a_value_is_where_it_begins(path: list[str | int], found: str) -> None:
    assert place(TEXT, path) == found


@pytest.mark.parametrize(
    ("path", "line", "column"),
    [
        (["title"], 2, 1),
        (["quoted key"], 3, 2),
        (["inputs", "x"], 5, 1),
        (["inputs"], 4, 2),
        (["training"], 6, 2),
        (["notes", 1], 10, 3),
        (["notes", 1, "text"], 11, 1),
    ],
)
def test_a_key_is_where_it_is_written(path: list[str | int], line: int, column: int) -> None:
    assert Places(TEXT).key(path) == (line, column)


def test_a_table_is_where_its_header_is() -> None:
    assert Places(TEXT).value(["inputs"]) == Places(TEXT).key(["inputs"])


@pytest.mark.parametrize(
    ("written", "number", "found"),
    [
        ('"abc"', 1, "bc"),
        ("'abc'", 2, "c"),
        ('"a\\tbc"', 2, "bc"),
        ('"\\u0061bc"', 1, "bc"),
        ('"\\U00000061bc"', 2, "c"),
        ('"""abc"""', 1, "bc"),
        ('"""\nabc"""', 1, "bc"),
        ("'''\na\nbc'''", 2, "bc"),
        ('"""a\\\n   bc"""', 1, "\\"),
        ('"größe"', 3, "ße"),
    ],
)  # fmt: skip
def test_a_character_inside_a_text_is_found_behind_escapes_and_line_ends(written: str, number: int, found: str) -> None:
    text = f"k = {written}\n"
    line, column = Places(text).inside(["k"], number)
    assert text.split("\n")[line - 1][column - 1 :].startswith(found)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_columns_do_not_depend_on_line_ends(ends: str) -> None:
    text = TEXT.replace("\n", ends)
    assert Places(text).value(["training", "betas"]) == (7, 9)
    assert Places(f"k = '''{ends}ab{ends}cd'''").inside(["k"], 4) == (3, 2)


def test_what_is_not_there_is_at_the_nearest_key_above() -> None:
    assert Places(TEXT).value(["training", "lr"]) == (6, 2)
    assert Places(TEXT).value(["nothing"]) == (1, 1)
