"""The types of values."""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
import pytest
from texts import check_problems

from gradstep.engine.errors import OpError
from gradstep.engine.files import loads
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.graph import Role
from gradstep.engine.ops.families.linear import Matmul

TEXT = """format = 1
dtype = "{dtype}"
[parameters]
W = [[0.5, -0.5], [1.5, 0.25]]
x = [0.75, 1.25]
s = 2.0
[graph]
{lines}
L = "sum(cast(a, '{dtype}'))"
"""


def kinds(lines: str, dtype: str = "float64") -> dict[str, str]:
    return {v.name: v.kind for v in loads(TEXT.format(lines=lines, dtype=dtype)).graph.values}


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("cast(x, 'float16') * 0.1", "float16"),
        ("cast(x, 'float16') * x", ""),
        ("cast(x, 'float16') * cast(x, 'bfloat16')", "float32"),
        # A number without axes does not widen what has some, as in PyTorch.
        ("cast(x, 'float16') * s", "float16"),
        ("exp(cast(s, 'float16')) + x", ""),
        ("relu(cast(x, 'bfloat16'))", "bfloat16"),
        ("cast(W, 'float16') @ cast(x, 'float16')", "float16"),
        ("softmax(cast(x, 'float16'))", "float16"),
        ("layer_norm(cast(x, 'float16'))", "float16"),
        ("where(x > 1, cast(x, 'float16'), cast(x, 'float16'))", "float16"),
        ("cast(cast(x, 'float16'), 'float32')", "float32"),
        ("detach(cast(x, 'float16'))", "float16"),
    ],
)
def test_what_is_computed_of_a_type_is_of_that_type(formula: str, kind: str) -> None:
    assert kinds(f'a = "{formula}"')["a"] == kind


def test_what_a_composite_computes_on_its_way_is_not_rounded() -> None:
    found = kinds("a = \"layer_norm(cast(x, 'float16'))\"")
    assert {name for name, kind in found.items() if kind} == {"a:cast", "a"}


def test_the_type_of_the_file_is_none_of_its_own() -> None:
    assert kinds("a = \"cast(x, 'float32')\"", "float32")["a"] == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a = \"W @ cast(x, 'float16')\"", "8:6: 'W @ cast(x, 'float16')': linear: a:cast is of float16 and W of "
         "float64; cast one of them, as in cast(W, \"float16\")"),
        ("a = \"cast(x, 'float8')\"", "8:6: cast: dtype is one of 'bfloat16', 'float16', 'float32', 'float64', 'bool', "
         "'uint8', 'int8', 'int16', 'int32', 'int64', not 'float8'"),
        ("a = \"cast(x, 16)\"", "8:6: cast: dtype is one of"),
        ("a = \"half(x)\"", "8:6: there is no operation 'half': it is written as in cast(x, \"float16\")"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_where_it_stands(line: str, expected: str) -> None:
    check_problems(TEXT.format(lines=line, dtype="float64"), expected)


def test_a_file_cannot_hold_what_is_wider() -> None:
    text = TEXT.format(lines="a = \"cast(x, 'float64')\"", dtype="float32")
    check_problems(text, "8:6: 'cast(x, 'float64')': cast: the file computes in float32, which holds no float64; write")


def test_what_was_recorded_may_mix_types() -> None:
    """There the types are told beside the formulas, and what is written took place."""
    for recorded in (True, False):
        builder = GraphBuilder(np.dtype("float64"), recorded=recorded)
        a = builder.leaf("a", (2,), Role.PARAMETER, True, "float32")
        b = builder.leaf("b", (2,), Role.PARAMETER, True)
        with nullcontext() if recorded else pytest.raises(OpError, match="a is of float32 and b of float64"):
            assert builder.apply(Matmul(), [a, b], "c", "a @ b").shape == ()
