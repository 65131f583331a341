"""Long arrays of numbers are read as JSON only where TOML reads the same."""

from __future__ import annotations

import tomllib

import pytest

from gradstep.engine.files.longarrays import long_array, masked

MANY = "1.5, -2, 3e-2, 0, " * 400


@pytest.mark.parametrize("array", [f"[{MANY}4]", f"[{MANY}]", f"[[{MANY}4],\n[1,\n]]", f"[\r\n{MANY}\r\n]"])
def test_numbers_and_the_end_are_found(array: str) -> None:
    text = f"a = {array}\nb = 1"
    found = long_array(text, 4)
    assert found is not None
    assert repr(found.numbers) == repr(tomllib.loads(text)["a"])
    assert text[found.stop :] == "\nb = 1"


@pytest.mark.parametrize(
    "array",
    ["[1, 2]", f"[{MANY}+1]", f"[{MANY}1_000]", f"[{MANY}nan]", f"[{MANY}'a']", f"[{MANY}# 1\n]", f"[{MANY}\r1]",
     f"[{MANY}", f"[{MANY},]", f"[{MANY}01]", f"[{MANY}.5]", f"[{MANY}1 2]", "[" * 5000, MANY],
)  # fmt: skip
def test_what_is_short_or_is_not_the_same_in_both_is_left_to_the_other_reader(array: str) -> None:
    assert long_array(array, 0) is None


@pytest.mark.parametrize("number", ["1e999", "-1e999", "9223372036854775808", "-9223372036854775809", "9" * 400 + ".0"])
def test_a_number_that_is_too_large_is_found(number: str) -> None:
    array = f"[{MANY}{number}, 1]"
    found = long_array(array, 0)
    assert found is not None
    assert array[found.too_large :].startswith(f"{number},")


@pytest.mark.parametrize("array", [f"[{MANY}]", f"[\n{MANY}\n]", f"[1,\n {MANY}\n 3\n  ]", f"[\n{MANY}]"])
def test_for_the_other_reader_something_stands_there_of_as_many_lines_that_ends_in_the_same_column(array: str) -> None:
    text = f"k = {array} # behind"
    instead = text[:4] + masked(text, 4, 4 + len(array)) + text[4 + len(array) :]
    assert tomllib.loads(instead)["k"] != tomllib.loads(text)["k"]
    assert instead.count("\n") == text.count("\n")
    assert len(instead.rpartition("\n")[2]) == len(text.rpartition("\n")[2])
