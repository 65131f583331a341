"""Where in a TOML text something stands."""

from __future__ import annotations

import pytest
from tomltexts import made

from gradstep.engine.files.places import Places
from gradstep.engine.files.scanner import Scan

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


def places(text: str) -> Places:
    return Places(Scan(text))


def place(text: str, path: list[str | int]) -> str:
    """What stands at the place of a value, up to the end of the line."""
    line, column = places(text).value(path)
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
    assert places(TEXT).key(path) == (line, column)


def test_a_table_is_where_its_header_is() -> None:
    assert places(TEXT).value(["inputs"]) == places(TEXT).key(["inputs"])


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
        ('"""a\\\n   bc"""', 1, "bc"),
        ('"""\\\r\n \\\n abc"""', 0, "abc"),
        ("""'a\\\\bc'""", 3, "bc"),
        ('"größe"', 3, "ße"),
    ],
)  # fmt: skip
def test_a_character_inside_a_text_is_found_behind_escapes_and_line_ends(written: str, number: int, found: str) -> None:
    text = f"k = {written}\n"
    line, column = places(text).inside(["k"], number)
    assert text.split("\n")[line - 1][column - 1 :].startswith(found)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_columns_do_not_depend_on_line_ends(ends: str) -> None:
    text = TEXT.replace("\n", ends)
    assert places(text).value(["training", "betas"]) == (7, 9)
    assert places(f"k = '''{ends}ab{ends}cd'''").inside(["k"], 4) == (3, 2)


def test_what_is_not_there_is_at_the_nearest_key_above() -> None:
    assert places(TEXT).value(["training", "lr"]) == (6, 2)
    assert places(TEXT).value(["nothing"]) == (1, 1)


#: Tables out of order, dotted keys, inline tables, lists of tables, and names that are parts of other words.
ODD = """[parameters.W]  # before the table that it is in
shape = [2]
[graph]
lossy = "x"
"loss" = "loss + x"
'a.b' = 1
training.lr = 0.5
[parameters]
b = { shape = [3], "init" = 'loss' }
[[expect]]
of = "loss"
[graph.more]
loss = 1
[[expect]]
value = [
  1,  # of = 2
  [2, 'of'],
]
"""


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (["parameters"], (8, 2), (8, 2)),
        (["parameters", "W"], (1, 13), (1, 13)),
        (["parameters", "W", "shape"], (2, 1), (2, 9)),
        (["graph", "loss"], (5, 2), (5, 10)),
        (["graph", "a.b"], (6, 2), (6, 9)),
        (["graph", "training"], (7, 1), (7, 1)),
        (["graph", "training", "lr"], (7, 10), (7, 15)),
        (["parameters", "b", "init"], (9, 21), (9, 29)),
        (["expect", 0, "of"], (11, 1), (11, 6)),
        (["graph", "more", "loss"], (13, 1), (13, 8)),
        (["expect", 1], (14, 3), (14, 3)),
        (["expect", 1, "value", 1], (17, 3), (17, 3)),
        (["expect", 1, "value", 1, 1], (17, 7), (17, 7)),
    ],
)
def test_tables_out_of_order_dotted_keys_and_names_in_other_words(
    path: list[str | int], key: tuple[int, int], value: tuple[int, int]
) -> None:
    assert places(ODD).key(path) == key
    assert places(ODD).value(path) == value


def test_every_key_and_every_value_of_any_text_is_where_it_was_written() -> None:
    """`made` notes the offsets while it writes; where it writes what is no TOML, the text is left out."""
    values = 0
    for text in made(1000):
        found = places(text.text)
        for path, at in text.values.items():
            assert found.value(path) == Places.at(text.text, at), (text.text, path)
            span = found.span(path)
            assert span is not None
            assert span[0] == at
        for path, at in text.keys.items():
            assert found.key(path) == Places.at(text.text, at), (text.text, path)
        values += len(text.values)
    assert values > 5000


def test_elements_of_a_long_array_have_places_too() -> None:
    text = "k = [" + "1, " * 2000 + "\n  2]\n"
    assert places(text).value(["k", 2000]) == (2, 3)
    assert places(text).value(["k", 1]) == (1, 9)


def test_a_value_that_is_not_written_in_one_place_has_no_span() -> None:
    assert places(ODD).span(["graph"]) is None
    assert places(ODD).span(["nothing"]) is None
    start, stop = places(ODD).span(["parameters", "b"]) or (0, 0)
    assert ODD[start:stop] == "{ shape = [3], \"init\" = 'loss' }"
