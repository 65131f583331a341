"""What stands in the brackets behind an array."""

from __future__ import annotations

import re

import pytest
from graphs import NetworkBuilder, network

from gradstep.engine.errors import ExpressionError, OpError


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "y",
            "split(X, 1)",
            'split has 2 results: take one, as in split(…)[0], or name them, as in "a, b" = "split(…)"',
        ),
        ("y", "relu(split(X, 1))", "split has 2 results"),
        ("y", "split(X, 1)[2]", "one is taken by its number, from 0 on"),
        ("y", "split(X, 1)[:]", "one is taken by its number"),
        ("y", "split(X, 1).T", "split has 2 results"),
        ("a, b, c", "split(X, 1)", "has 2 results, and there are 3 names for it"),
        ("a, b", "X * 2", "has 1 result, and there are 2 names"),
        ("y", "X[X > 0]", "where(x > 0, x, 0) keeps the shape"),
        ("y", "X[[0, 2]]", "numbers on axis 0 of (2, 3) are whole numbers from -2 to 1, but [1] is 2"),
        ("y", "X[[True, False, True]]", "(3,) of True and False do not fit the axes from 0 on of shape (2, 3)"),
        ("y", "X[..., ...]", "'...' may stand once"),
        ("y", "X[[0.5]]", "a list in brackets has whole numbers"),
        ("y", "gather(X, 1, X[0])", "ids (3,) must have as many axes as x (2, 3)"),
        ("y", "scatter_add(X, 0, X, X[0])", "x is (2, 3), ids (2, 3), src (3,)"),
        ("y", "topk(X, 4)[0]", "k is a whole number from 0 to 3, what axis 1 of (2, 3) has, not 4"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(name: str, text: str, said: str) -> None:
    builder = NetworkBuilder()
    builder.parameter("X", [[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]])
    with pytest.raises(ExpressionError, match=re.escape(said)):
        builder.line(name, text)


def test_ids_that_are_computed_are_looked_at_when_they_are() -> None:
    net = network({"k": [0.0, 1.5]}, {"X": [1.0, 2.0]}, {"y": "X[k]", "L": "sum(y)"})
    with pytest.raises(OpError, match=r"whole numbers from -2 to 1, but \[1\] is 1.5"):
        net.data("y")


def test_an_axis_may_stand_where_pytorch_has_it() -> None:
    leaves = {"ids": [[0.0, 0.0]]}
    ours, theirs = (
        network(leaves, {"X": [[1.0, 2.0], [3.0, 4.0]]}, {"y": text, "L": "sum(y)"}).data("y").tolist()
        for text in ("gather(X, ids, axis=1)", "gather(X, 1, ids)")
    )
    assert ours == theirs == [[1.0, 1.0]]
