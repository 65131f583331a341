"""What a TOML text says, and what is refused before it is read."""

from __future__ import annotations

import random
import tomllib
from contextlib import suppress

import pytest
from tomltexts import made

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files.toml import parse

SIGNS = ("", '"', "'", "[", "]", "{", "}", "#", "=", ".", "\\", "\n", "\r", ",", '"""', "1", "-")


def said(text: str) -> str:
    """`LINE:COLUMN: text` of the one problem."""
    with pytest.raises(ScenarioError) as refused:
        parse(text, "f.toml")
    (problem,) = refused.value.problems
    return str(problem).removeprefix("f.toml:")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("format = 1\n[graph\n", "2:7: not TOML: "),
        ("format = ", "1:10: not TOML: "),
        ("format = 1\nx = [1,\n", "2:8: not TOML: "),
        ("format = 1\r\nx = 1 2\r\n", "2:7: not TOML: "),
        ("x = 1.0, 2", "1:8: not TOML: Expected newline or end of document after a statement; several numbers stand in "
                       "brackets: x = [1.0, 2]"),
        ("x = -1 2e3  # both", "1:8: not TOML: Expected newline or end of document after a statement; several numbers "
                               "stand in brackets: x = [-1, 2e3]"),
        ("h = 'a'\nh = 'b'\ny = 1", "2:8: not TOML: Cannot overwrite a value; 'h' is there already: each name stands "
                                    "for one thing, and is given once"),
        ("h = 'a'\nh = 'b'", "2:8: not TOML: Cannot overwrite a value, at the end of the file; 'h' is there already"),
        ("b = { init = 'zeros'\nx = 1", "1:21: not TOML: Unclosed inline table; a table in one line ends with }"),
        ('h = "relu(x)\nx = 1', "1:13: not TOML: Illegal character '\\n'; text ends with the quote that it begins "
                                "with, in the same line"),
        ("x = [" + "1," * 4000 + "\n 2] 3", "2:5: not TOML: "),
        ("x = [" + "1," * 4000 + "2] 3", "1:8009: not TOML: "),
    ],
)  # fmt: skip
def test_what_is_no_toml_is_said_where_it_stops_being_some(text: str, says: str) -> None:
    assert said(text).startswith(says)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = " + "[" * 5000, "1:69: arrays are nested too deeply; at most 64 levels are read"),
        ("a = " + "[" * 65 + "]" * 65, "1:69: arrays are nested too deeply"),
        ("a = " + "{a=" * 100, "1:197: arrays are nested too deeply"),
        ("a = 1\n" + "a." * 20_000 + "b = 1", "2:1: the key has more than 16 parts"),
        ("[" + "a." * 20_000 + "b]", "1:2: the key has more than 16 parts"),
        ("a = { " + "a . " * 20_000 + "b = 1}", "1:7: the key has more than 16 parts"),
        ("a = [\n 1, " + "9" * 400 + "]", "2:5: the number is too large"),
        ("a = 0x" + "f" * 400, "1:5: the number is too large"),
        ("a = 1e999", "1:5: the number is too large"),
        ("a = -1e999", "1:5: the number is too large"),
        ("a = { b = -9223372036854775809 }", "1:11: the number is too large"),
        ("a = [" + "1.5, " * 2000 + "\n1e999]", "2:1: the number is too large"),
        ("a = [" + "1.5, " * 2000 + "\n9223372036854775808]", "2:1: the number is too large"),
        ("a = 1." + "9" * 5000, "1:5: a number of 5,002 characters"),
        ("a = " + "9" * 5000, "1:5: a number of 5,000 characters"),
        ("a = [" + "[]," * 300_000 + "nan]", "1:750000: the file has more than 250,000 values"),
        ("\n" * 300_000 + "a", "300001:1: the file has more than 250,000 values, keys and lines"),
        ("[[a]]\n" * 300_000, "250001:4: the file has more than 250,000 values"),
    ],
    ids=lambda text: text[:12],
)
def test_what_would_take_minutes_or_cannot_be_held_is_refused_where_it_stands(text: str, says: str) -> None:
    assert said(text).startswith(says)


def test_the_largest_numbers_are_read() -> None:
    text = "a = [9223372036854775807, -9223372036854775808, 0x7fffffffffffffff, 1.7e308, inf, -inf, 1e-400]"
    assert parse(text, "f")[0] == {"a": [2**63 - 1, -(2**63), 2**63 - 1, 1.7e308, float("inf"), -float("inf"), 0.0]}


@pytest.mark.parametrize("row", ["1,", "[1.5, -2e-3],\n", "[[0], [-0.0]],\r\n", "\n\n 3 ,"])
def test_a_long_array_is_read_as_the_standard_library_reads_it(row: str) -> None:
    array = f"[{row * 1500}]"
    text = f"b = 1 # [1,\n[[t]]\na = 1\n[[t]]\nx.y = {array}\n[c]\nz = {array} # ]\nw = [1, 2]\n"
    found, places = parse(text, "f")
    assert found == tomllib.loads(text)
    assert repr(found) == repr(tomllib.loads(text))
    assert places.value(["c", "w"])[0] == text[: text.index("w = ")].count("\n") + 1


def test_any_text_is_read_as_the_standard_library_reads_it_or_refused_as_there() -> None:
    pick, both = random.Random(1), [0, 0]
    for one in made(400):
        text = one.text
        for _ in range(pick.choice((0, 1, 2))):
            at = pick.randrange(len(text) + 1)
            sign = pick.choice(
                ("", '"', "'", "[", "]", "{", "}", "#", "=", ".", "\\", "\n", "\r", ",", '"""', "1", "-")
            )
            text = text[:at] + sign + text[at + pick.choice((0, 1, 5)) :]
        expected = None
        with suppress(tomllib.TOMLDecodeError):
            expected = tomllib.loads(text)
        both[expected is None] += 1
        if expected is None:
            assert "not TOML" in said(text)
        else:
            assert repr(parse(text, "f")[0]) == repr(expected)
    assert min(both) > 50


@pytest.mark.parametrize(
    ("line", "advice"),
    [
        ("h = relu(W @ x)  # the first", 'h = "relu(W @ x)"'),
        ('"h₁" = relu(x)', '"h₁" = "relu(x)"'),
        ("title = my net", 'title = "my net"'),
        ("θ = [0.4, 0.3]", '"θ" = [0.4, 0.3]'),
        ('θ = "w * 2"', '"θ" = "w * 2"'),
    ],
)
def test_what_lacks_its_quotes_is_told_how_it_is_written(line: str, advice: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse(f"a = 1\n{line}\nb = 2\n", "f")
    said = str(raised.value)
    assert said.startswith("f:2:")
    assert said.endswith(f" in quotes: {advice}")
    assert parse(f"a = 1\n{advice}\nb = 2\n", "f")[0]["b"] == 2


@pytest.mark.parametrize("line", ["h = [1, 2", "h = {a = 1", "h = 'x", "= 3", "[a", "h = 1 = 2 ]" * 200])
def test_other_mistakes_are_not_told_so(line: str) -> None:
    with pytest.raises(ScenarioError) as raised:
        parse(f"{line}\n", "f")
    assert "in quotes" not in str(raised.value)
