"""Texts of scenarios that many tests share, and what is said of those that are refused."""

from __future__ import annotations

import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files import loads

SMALL = 'format = 1\n[parameters]\nw = [2.0, 3.0]\n[graph]\nh = "w * w"\nL = "sum(h)"\n'

#: With a table to fill in: `TRAINED.format("training") + "lr = 1"`, whose line is number 12.
TRAINED = """format = 1
batch = ["x", "t"]
[inputs]
x = [[1.0], [2.0], [3.0], [4.0]]
t = [[1.0], [2.0], [3.0], [4.0]]
[parameters]
w = [[1.0]]
[graph]
y = "x @ w"
L = "mse(y, t)"
[{}]
"""

#: Five samples to draw batches from; the last table is [training], and its first line is number 11.
DRAWN = """format = 1
batch = ["x", "t"]
[inputs]
x = [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
t = [0, 1, 2, 3, 4]
[parameters]
w = [1.0, -1.0]
[graph]
L = "mse(x @ w, t)"
[training]
"""


def problems(text: str) -> list[str]:
    """`LINE:COLUMN: text` of every problem."""
    with pytest.raises(ScenarioError) as refused:
        loads(text, file="f.toml")
    return [str(p).removeprefix("f.toml:") for p in refused.value.problems]


def check_problems(text: str, *expected: str) -> None:
    """That the problems are as many as expected, and that each begins with, or contains, what is expected."""
    found = problems(text)
    assert len(found) == len(expected), found
    for said, wanted in zip(found, expected, strict=True):
        assert said.startswith(wanted) or wanted in said, said
