"""Functions that are written by hand are found by their parts."""

from __future__ import annotations

import pytest
from graphs import written

from gradstep.engine.explain.advice.patterns import (
    after,
    followed,
    is_one_more,
    is_rest,
    is_sigmoid,
    is_softmax,
    is_tanh,
    maker,
    users,
)
from gradstep.engine.explain.advice.patterns import written as in_words
from gradstep.engine.graph.graph import Graph, Node


def graph_of(lines: str) -> Graph:
    return written("x = [1.0, 2.0]", lines).graph


def node(graph: Graph, name: str) -> Node:
    return graph.nodes[graph.by_name[name].node]


@pytest.mark.parametrize(
    ("line", "sigmoid", "softmax"),
    [
        ("sigmoid(x)", True, False),
        ("1 / (1 + exp(-x))", True, False),
        ("exp(x) / (exp(x) + 1)", True, False),
        ("softmax(x)", False, True),
        ("x / sum(x)", False, True),
        ("1 / (1 + x)", False, False),
        ("x / (2 + exp(x))", False, False),
        ("x * 2", False, False),
    ],
)
def test_sigmoid_and_softmax(line: str, sigmoid: bool, softmax: bool) -> None:
    graph = graph_of(f"y = {line}; L = sum(y)")
    assert is_sigmoid(graph, node(graph, "y")) is sigmoid
    assert is_softmax(graph, node(graph, "y")) is softmax
    assert not is_sigmoid(graph, None)
    assert not is_softmax(graph, None)


def test_tanh() -> None:
    graph = graph_of("a = (exp(x) - exp(-x)) / (exp(x) + exp(-x)); b = exp(x) / (exp(x) + 1); L = sum(a + b)")
    assert [is_tanh(graph, node(graph, name)) for name in ("a", "b", "L")] == [True, False, False]


def test_one_more_and_the_rest() -> None:
    graph = graph_of("a = 1 + x; b = x + 1; c = 1 - x; d = x - 1; L = sum(a + b + c + d)")
    assert [is_one_more(graph, node(graph, name)) for name in "abcd"] == [True, True, False, False]
    assert [is_rest(graph, node(graph, name)) for name in "abcd"] == [False, False, True, False]


def test_what_is_only_moved_on_the_way_does_not_count() -> None:
    graph = graph_of("y = exp(x); m = reshape(y, (2, 1)).T; p = m[0, 1] * 2; L = p + 1")
    assert maker(graph, graph.by_name["m"].id) == node(graph, "y")
    assert maker(graph, graph.by_name["x"].id) is None
    assert [user.op.name for user in users(graph, graph.by_name["y"].id)] == ["multiply"]
    assert [one.op.name for one in after(graph, node(graph, "y"))] == ["multiply", "add"]
    assert [one.op.name for one in followed(graph, node(graph, "y"))] == ["multiply", "add"]


def test_what_is_used_twice_is_not_followed_by_one() -> None:
    graph = graph_of("y = exp(x); L = sum(y) + sum(y * 2)")
    assert [one.op.name for one in followed(graph, node(graph, "y"))] == []
    assert {one.op.name for one in after(graph, node(graph, "y"))} == {"sum", "multiply", "add"}


def test_a_value_is_written_as_in_its_formula() -> None:
    graph = graph_of("y = exp(x ** 2 - 1.5); L = sum(y)")
    inner = node(graph, "y").inputs[0]
    assert in_words(graph, inner) == "x ** 2 - 1.5"
    assert in_words(graph, graph.by_name["y"].id) == "y"
    assert in_words(graph, graph.nodes[1].inputs[1]) == "1.5"
