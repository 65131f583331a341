"""What is wrong in a file is said at its place: the expression, both shapes and the axis; for a wrong
call the operation's signature; for numbers that mean something else, which of them."""

from __future__ import annotations

import re

import pytest

from gradstep.engine.errors import Problem, ScenarioError, nearest, shortened
from gradstep.engine.files import loads
from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.composite import COMPOSITES

LEAVES = """format = 1
[inputs]
ids = [0.0, 2.0, 1.0]
late = [0.0, 3.0, 1.0]
half = [0.0, 0.5]
wild = [[0.0, nan], [1.0, 1.0]]
[parameters]
s = 2.0
x = [1.0, 2.0, 3.0]
z = [1.0, 2.0]
y = [[1.0, 2.0], [3.0, 4.0]]
rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]
img = [[[[1.0, 2.0], [3.0, 4.0]]]]
k = [[[[1.0, 2.0, 3.0], [3.0, 4.0, 5.0]]]]
[graph]
"""
LINE = LEAVES.count("\n") + 1


def problem(formula: str) -> Problem:
    with pytest.raises(ScenarioError) as refused:
        loads(f'{LEAVES}h = "{formula}"\nL = "sum(h)"\n', file="f.toml")
    (found,) = refused.value.problems
    return found


@pytest.mark.parametrize("name", sorted({**REGISTRY, **COMPOSITES}))
@pytest.mark.parametrize("call", ["{}()", "{}(x, x, x, x, x, x, x, x, bogus=1)", "{}(x, nonsense=1)"])
def test_a_wrong_call_is_answered_with_the_signature(name: str, call: str) -> None:
    found = problem(call.format(name))
    called = (REGISTRY.get(name) or COMPOSITES[name]).signature()
    assert found.text.endswith(f"it is called as {called}")
    assert (found.line, found.column) == (LINE, 6)


#: A formula, and what its message must name besides the expression: both shapes and the axis, or what
#: is allowed.
SHAPES = [
    ("x + y", "(3,)", "(2, 2)", "axis -1 has 2 and 3"),
    ("maximum(x, y)", "(3,)", "(2, 2)", "axis -1"),
    ("where(x, y, z)", "(3,)", "(2, 2)", "axis -1"),
    ("y @ x", "(2, 2)", "(3,)", "last axis"),
    ("matmul(y, x)", "(2, 2)", "(3,)", "axis -1"),
    ("linear(y, y, x)", "(2,)", "(3,)", "bias"),
    ("conv2d(img, k)", "(2, 3)", "(1, 1, 2, 2)", "axis -1 has 2"),
    ("conv2d(img, y)", "(1, 1, 2, 2)", "(2, 2)"),
    ("conv2d(img, img, x)", "(1,)", "(3,)"),
    ("max_pool2d(img, 3)", "(3, 3)", "(1, 1, 2, 2)", "axis -2"),
    ("concat(y, rows)", "(2, 2)", "(3, 3)", "on axis 1"),
    ("concat(x, y)", "(3,)", "(2, 2)", "number of axes"),
    ("stack(x, z)", "(3,)", "(2,)"),
    ("reshape(x, (2, 2))", "(3,)", "(2, 2)"),
    ("layer_norm(x, z)", "(3,)", "(2,)", "axis -1"),
    ("batch_norm(y, x)", "(2,)"),
    ("rms_norm(x, z)", "(3,)", "(2,)"),
    ("attention(y, rows, rows)", "(2, 2)", "(3, 3)", "width"),
    ("attention(x, x, x)", "(3,)", "positions"),
    ("mse(x, y)", "(3,)", "(2, 2)", "one by one"),
    ("cross_entropy(y, x)", "(2, 2)", "(3,)", "class numbers (2,)"),
    ("embedding(x, ids)", "(rows, width)", "(3,)"),
    ("sum(x, axis=3)", "axis 3", "(3,)"),
    ("softmax(x, axis=2)", "axis 2", "1 axes"),
    ("transpose(y, (0, 0))", "twice"),
    ("flatten(y, 5)", "axis 5", "(2, 2)"),
    ("x[7]", "axis 0 of shape (3,) has 3"),
    ("y[:, 5]", "axis 1 of shape (2, 2) has 2"),
    ("x[0, 0]", "2 indices for shape (3,)"),
    ("causal_mask(x)", "two axes", "(3,)"),
]


@pytest.mark.parametrize("case", SHAPES, ids=lambda c: c[0])
def test_shapes_that_do_not_fit_are_named_with_the_axis(case: tuple[str, ...]) -> None:
    formula, *named = case
    found = problem(formula)
    assert found.text.startswith(f"'{formula}': ")
    for word in named:
        assert word in found.text
    assert (found.line, found.column) == (LINE, 6)


@pytest.mark.parametrize(
    "formula",
    [
        "conv2d(img, img, stride=0)", "conv2d(img, img, padding=-1)", "max_pool2d(img, 0)", "sum(x, axis=1.5)",
        "reshape(x, 'a')", "reshape(x, (-1, -1))", "dropout(x, p=1.5)", "dropout(x, seed=-1)", "clip(x, 3, 1)",
        "leaky_relu(x, 'a')", "elu(x, alpha='q')", "huber(x, x, delta=-1)", "standardize(x, eps=-1)",
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_is_answered_with_the_signature(formula: str) -> None:
    found = problem(formula)
    assert "it is called as " + formula.partition("(")[0] in found.text


@pytest.mark.parametrize(
    ("formula", "leaf", "says"),
    [
        ("cross_entropy(rows, late)", "late", "whole numbers from 0 to 2, but [1] is 3"),
        ("nll(log_softmax(rows), late)", "late", "whole numbers from 0 to 2, but [1] is 3"),
        ("cross_entropy(y, half)", "half", "whole numbers from 0 to 1, but [1] is 0.5"),
        ("embedding(y, ids)", "ids", "whole numbers from 0 to 1, but [1] is 2"),
        ("embedding(y, wild)", "wild", "whole numbers from 0 to 1, but [0,1] is nan"),
    ],
)
def test_numbers_that_stand_for_classes_are_checked_where_they_are_written(formula: str, leaf: str, says: str) -> None:
    found = problem(formula)
    # Where it is written, and where it is used.
    assert found.text.startswith(f"'{leaf}' in '{formula}': ")
    assert says in found.text
    line = next(k for k, text in enumerate(LEAVES.splitlines(), 1) if re.match(rf"{leaf}\b", text))
    assert found.line == line


def test_all_samples_are_checked_and_not_only_the_first_batch() -> None:
    text = (
        'format = 1\nbatch = ["x", "t"]\n[inputs]\nx = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]\n'
        "t = [0.0, 1.0, 0.0, 2.0]\n[parameters]\nW = [[1.0, 0.0], [0.0, 1.0]]\n[graph]\n"
        'L = "cross_entropy(x @ W.T, t)"\n[training]\nbatch_size = 2\n'
    )
    with pytest.raises(ScenarioError, match=r"but \[3\] is 2") as refused:
        loads(text)
    assert refused.value.problems[0].line == 5


def test_no_nearest_word_is_looked_for_among_very_many_or_for_a_very_long_one() -> None:
    many = [f"w{n}" for n in range(100_000)]
    assert nearest("w1x", many) == ""
    assert nearest("W77777", many) == "; did you mean 'w77777'?"
    assert nearest("a" * 100_000, ["a" * 99_999]) == ""


def test_of_a_long_text_the_beginning_and_the_end_are_shown() -> None:
    assert shortened("a" * 120) == "a" * 120
    assert shortened("a" + "b" * 4000 + "c") == "a" + "b" * 59 + "…" + "b" * 39 + "c"
    assert shortened("a" + "b" * 4000 + "c", 60) == "a" + "b" * 29 + "…" + "b" * 19 + "c"
