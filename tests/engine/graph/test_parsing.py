"""From text to a tree: the limits, and what is no formula."""

from __future__ import annotations

import ast
import re
import warnings

import pytest
from formula_lines import outcome, read, refused

from gradstep.engine.errors import ExpressionError
from gradstep.engine.graph.parsing import MAX_DEPTH, MAX_LENGTH, parse, written


def test_the_limits_are_those_promised() -> None:
    assert (MAX_LENGTH, MAX_DEPTH) == (10_000, 200)


def test_a_formula_of_ten_thousand_characters_is_read() -> None:
    text = "x + c".ljust(10_000)
    assert read(text) == [("add", ["x", "c"], "y")]
    assert "10,000" in str(refused_long(text + " "))


def refused_long(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize("wrap", ["-{}", "exp({})", "({} + x)", "(x * {})", "relu(-{})"])
def test_two_hundred_levels_are_read_and_no_more(wrap: str) -> None:
    each = 2 if wrap.count("(") and "-" in wrap else 1
    text = "c"
    for _ in range(200 // each):
        text = wrap.format(text)
    assert len(read(text)) == 200
    refused(wrap.format(text))


@pytest.mark.parametrize(
    "text",
    [
        "-" * 201 + "x", "-" * 5000 + "x", "-" * 9999 + "x", "(" * 5000 + "x" + ")" * 4999, "(" * 9999 + "x",
        "x" + "+x" * 4999,
        "x" + "**x" * 3333, "exp(" * 1999 + "x" + ")" * 1999, "x" + "@x" * 4000, "x" + ".T" * 4999, "[" * 9999,
        "{" * 9999,
        "x" + "[0]" * 3000, "not " * 2000 + "x", "lambda:" * 1400 + "x",
        "sum(x, axis=" + "(" * 150 + "0" + ",)" * 150 + ")",
        "sum(x, axis=" + "-" * 9000 + "1)", "sum(x, axis=1" + "+1" * 4000 + ")", "9" * 10_000, "x + " + "9" * 4000,
        "x + " + "9" * 9000,
    ],
)  # fmt: skip
def test_deep_and_huge_formulas_are_refused(text: str) -> None:
    refused(text)


def test_a_long_formula_is_not_printed_whole() -> None:
    assert len(str(refused("x + " * 200 + "zz["))) < 300
    assert len(str(refused(f"sum({' + '.join(['x'] * 100)} + b)"))) < 300


@pytest.mark.parametrize("text", ["x +", "x + c *", "größe +", "x @", "-", "x +\n c -"])
def test_the_column_of_what_is_missing_is_the_end(text: str) -> None:
    assert refused(text).column == len(text)


@pytest.mark.parametrize("text", ["x * 2 # doubled\n + c", "x * 2 # doubled", "relu(x # the input\n)"])
def test_nothing_after_a_hash_is_lost_in_silence(text: str) -> None:
    """A comment may be refused or read; but if it is read, then the next line counts too."""
    if not isinstance(outcome(text), ExpressionError):
        assert read(text) == read(re.sub(r"#[^\n]*", "", text))


@pytest.mark.parametrize("text", ["x +\n c", "x\n+ c", "\n\tx + c\n", "x +\r\nc", "  x + c  "])
def test_a_formula_may_run_over_lines(text: str) -> None:
    assert read(text) == [("add", ["x", "c"], "y")]


@pytest.mark.parametrize("text", ["'\\d'", "1if x else c", "0x1or x", "x is 1", "1 in x", "'a'('b')", "1[0]"])
def test_reading_prints_no_warning_of_the_parsers(text: str) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        refused(text)
    assert [str(w.message) for w in caught] == []


@pytest.mark.parametrize("text", ["a + \0", "a + '\ud800'"])
def test_characters_that_no_formula_has(text: str) -> None:
    with pytest.raises(ExpressionError, match="cannot read"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["007", "0777 + x", "1__0", "0x", "1e", "9" * 5000, "'''", '"', "f'{x", "\\", "x \\ y", "1.e.", "\u00b2"]
)
def test_what_python_reads_as_no_number_or_text_is_said_with_its_column(text: str) -> None:
    with pytest.raises(ExpressionError, match=r"cannot read|too large") as refused:
        parse(text)
    assert 0 <= refused.value.column <= len(text)


def test_what_cannot_be_written_again_can_still_be_spoken_of() -> None:
    tree = ast.parse("f'{x!r:{y}}' f\"{a['b']}\\n'\"", mode="eval").body
    assert written(tree)
    assert written(ast.parse("a+b", mode="eval").body) == "a + b"
