"""The reading of expressions: what is written differently and means the same, and what is refused."""

from __future__ import annotations

import ast

import pytest

from gradstep.engine.ask.language import FUNCTIONS, MAX_DEPTH, MAX_LENGTH, parse
from gradstep.engine.errors import CommandError


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("∂L/∂h", "h.grad"),
        ("∂L/∂h₂ > 0", "h2.grad > 0"),
        ("∂loss/∂W1[0, 1] == 0", "W1.grad[0, 1] == 0"),
        ("a − b × c·d", "a - b * c * d"),
        ("x₁₀", "x10"),
        (" 1 ", "1"),
    ],
)
def test_what_is_written_as_on_paper_is_read_as_typed(text: str, same: str) -> None:
    assert ast.dump(parse(text.strip())) == ast.dump(ast.parse(same, mode="eval").body)


def test_what_a_formula_computes_on_the_way_has_a_name_too() -> None:
    tree = parse("abs(y:add.grad[0]) > y₁:conv2d2 and y > 0 and name == 'ǃy:*' or name == 'y:add'")
    assert {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} == {
        "abs",
        "y:add",
        "y1:conv2d2",
        "y",
        "name",
    }
    assert ast.unparse(tree) == "abs(y:add.grad[0]) > y1:conv2d2 and y > 0 and (name == 'ǃy:*') or name == 'y:add'"
    assert ast.unparse(parse("∂L/∂y:add > 0")) == "y:add.grad > 0"
    assert ast.unparse(parse("W1[0:2,:][1:]")) == "W1[0:2, :][1:]"  # a slice is no part


def test_nothing_is_run() -> None:
    tree = parse("__import__('os').system('false')")
    assert isinstance(tree, ast.Call)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "an expression is needed"),
        ("grad = 0", "cannot read 'grad = 0'"),
        ("a +", "cannot read"),
        ("a\0b", "cannot read"),
        ("1 +" * (MAX_LENGTH // 3) + "1 ", "characters long"),
        ("-" * MAX_DEPTH + "1", "nested too deeply"),
        ("(" * 5000 + ")" * 5000, "cannot read"),
    ],
)
def test_what_is_no_expression_is_refused_in_a_line(text: str, says: str) -> None:
    with pytest.raises(CommandError) as refused:
        parse(text)
    assert says in str(refused.value)
    assert "\n" not in str(refused.value).replace(text, "")


def test_as_deep_as_is_allowed_is_read() -> None:
    assert isinstance(parse("-" * (MAX_DEPTH - 1) + "1"), ast.UnaryOp)


def test_functions_have_one_name_each() -> None:
    assert len(FUNCTIONS) == len(set(FUNCTIONS))
