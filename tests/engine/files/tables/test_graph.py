"""[graph], and which name is the loss."""

from __future__ import annotations

import pytest
from texts import SMALL, check_problems, problems

from gradstep.engine.files import loads


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SMALL.replace("sum(h)", "sum(hh)"), ["6:10: unknown name 'hh'; did you mean 'h'?"]),
        (SMALL.replace("sum(h)", "summ(h)"), ["6:6: unknown operation 'summ'; did you mean 'sum'?"]),
        (SMALL.replace('"sum(h)"', "'sum(h'"), ["6:9: cannot read 'sum(h'"]),
        (SMALL.replace('"sum(h)"', '"""\n  sum(h) + hh"""'), ["7:12: unknown name 'hh'"]),
        (SMALL.replace('"sum(h)"', '"\\u0073um(hh)"'), ["6:15: unknown name 'hh'"]),
        (SMALL.replace('"sum(h)"', '"sum(h) + größe"'), ["6:15: unknown name 'größe'"]),
        (SMALL.replace('"sum(h)"', "3"), ["6:5: 'L' must be a formula in quotes"]),
        (SMALL.replace("sum(h)", "h"), ["6:6: 'L' is only another name for 'h'"]),
        (SMALL.replace('L = "sum(h)"\n', ""), ["5:5: the loss must be one number, but 'h' has shape (2,)"]),
        (SMALL.replace('h = "w * w"', 'h = "h * w"'), ["5:6: 'h' uses itself"]),
        (SMALL.replace('h = "w * w"', 'h = "w * L"'), ["5:10: 'h' uses 'L', which is computed further down"]),
        (SMALL.replace("[graph]", "[grpah]"), ["1:1: [graph] is missing", "4:2: unknown key 'grpah'; did you mean"]),
    ],
)  # fmt: skip
def test_a_mistake_is_said_at_its_place(text: str, expected: list[str]) -> None:
    check_problems(text, *expected)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('"a, a" = "split(w, 1)"\nL = "sum(a)"', ["5:2: 'a' is named twice"]),
        ('"a, 2" = "split(w, 1)"\nL = "sum(a)"', ["5:2: '2' is no name"]),
        ('"a, w" = "split(w, 1)"\nL = "sum(a)"', ["5:2: 'w' is named twice"]),
        ('"a, b, c" = "split(w, 1)"\nL = "sum(a)"', ["5:14: 'split(w, 1)' has 2 results, and there are 3 names"]),
        ('"a, b" = "split(b, 1)"\nL = "sum(a)"', ["5:17: 'a, b' uses itself"]),
        ('y = "a * 2"\n"a, b" = "split(w, 1)"\nL = "sum(a)"', ["5:6: 'y' uses 'a', which is computed further down"]),
    ],
)
def test_several_names_in_one_line(lines: str, expected: list[str]) -> None:
    check_problems(SMALL.partition('h = "')[0] + lines + "\n", *expected)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("'K'", "2:8: unknown name 'K'"),
        ("'w'", "2:8: the loss must be one number"),
        ("3", "2:8: loss must be the name of a value of [graph], in quotes"),
    ],
)
def test_a_loss_that_is_none_is_refused_where_it_is_named(loss: str, expected: str) -> None:
    check_problems(SMALL.replace("format = 1", f"format = 1\nloss = {loss}"), expected)


def test_the_loss_is_the_last_line_or_the_one_that_is_named() -> None:
    text = SMALL + 'M = "L * 2"\n'
    assert loads(text).graph.loss.name == "M"
    assert loads(text.replace("format = 1", 'format = 1\nloss = "L"')).graph.loss.name == "L"


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_columns_do_not_depend_on_line_ends(ends: str) -> None:
    text = SMALL.replace("sum(h)", "sum(hh)").replace("\n", ends)
    assert problems(text)[0].startswith("6:10:")


def test_shapes_that_disagree_are_both_named() -> None:
    text = SMALL.replace('h = "w * w"', 'h = "w * b"').replace("[graph]", "b = [1.0, 2.0, 3.0]\n[graph]")
    (said,) = problems(text)
    assert said.startswith("6:6:")
    assert all(part in said for part in ("'w * b'", "(2,)", "(3,)", "axis -1"))


def test_limits() -> None:
    check_problems(SMALL.replace("sum(h)", "sum(h)" + " " * 10_001), "6:6: the formula is 10,007 characters long")
    check_problems(
        SMALL.replace("sum(h)", "-" * 300 + "h"), "6:6: the formula is nested too deeply; at most 200 levels"
    )
    many = "\n".join(f'k{n} = "w * w"' for n in range(4097))
    check_problems(
        f"format = 1\n[parameters]\nw = 1.0\n[graph]\n{many}\n", "4:2: [graph] has 4,097 lines; at most 4,096"
    )
