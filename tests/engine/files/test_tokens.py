"""Where the tokens of a TOML text end, and which numbers are too large to be held."""

from __future__ import annotations

import tomllib

import pytest

from gradstep.engine.files.tokens import BARE, BLANK, STRING, Lost, overflows, unquoted


@pytest.mark.parametrize(
    "written",
    ['""', '"a"', '"\\""', '"a\\\\"', "''", "'\\'", "'\"'", '""""""', '"""a"""', '"""a""""', '"""a"""""', '"""a""b"""',
     '"""\\""""""', '"""\n\n"""', "''''''", "'''a''''", "'''a''b'''''", "'''\\'''"],
)  # fmt: skip
def test_a_text_ends_at_its_quotes(written: str) -> None:
    found = STRING.match(f"{written} # \" ' \"\"\" '''")
    assert found is not None
    assert found[0] == written
    assert isinstance(tomllib.loads(f"a = {written}")["a"], str)


@pytest.mark.parametrize("written", ["1", "-1.5e3", "true", "1979-05-27", "1979-05-27 07:32:00.5Z", "07:32:00", "inf"])
@pytest.mark.parametrize("behind", ["", " ", ",1", "]", "}", "#1", "\n", "\r\n"])
def test_other_values_end_where_something_else_begins(written: str, behind: str) -> None:
    found = BARE.match(written + behind)
    assert found is not None
    assert found[0] == written


def test_blanks_are_line_ends_and_comments_too() -> None:
    text = " \t\r\n# a = 1\n\n#\n  a"
    found = BLANK.match(text)
    assert found is not None
    assert text[found.end() :] == "a"


@pytest.mark.parametrize("key", ['"a"', "'a\\'", '"\\u0061\\U0001F600\\n\\t\\b\\f\\r\\\\\\""', '""'])
def test_a_key_is_what_stands_between_its_quotes(key: str) -> None:
    assert [unquoted(key)] == [*tomllib.loads(f"{key} = 1")]


def test_an_escape_of_no_character_ends_the_walk() -> None:
    with pytest.raises(Lost):
        unquoted('"\\UFFFFFFFF"')


@pytest.mark.parametrize(
    ("written", "too_large"),
    [
        ("9223372036854775807", False),
        ("9223372036854775808", True),
        ("-9223372036854775808", False),
        ("-9_223_372_036_854_775_809", True),
        ("0x7fffffffffffffff", False),
        ("0x8000000000000000", True),
        ("0b" + "1" * 64, True),
        ("0o777777777777777777777", False),
        ("1.7976931348623157e308", False),
        ("1.8e308", True),
        ("1e9_9_9", True),
        ("-1E999", True),
        ("1" * 400 + ".5", True),
        ("inf", False),
        ("-inf", False),
        ("+nan", False),
        ("1e-999", False),
        ("1979-05-27 07:32:00.000000", False),
        ("0x", False),
        ("true", False),
    ],
)
def test_numbers_that_are_too_large(written: str, too_large: bool) -> None:
    assert overflows(written) is too_large
