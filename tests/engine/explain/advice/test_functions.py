"""What to write instead of a risky function; that it helps is tested where it is advised (test_nonfinite)."""

from __future__ import annotations

import numpy as np
from graphs import written

from gradstep.engine.explain.advice.functions import (
    choosers,
    inside_the_root,
    instead_of_division,
    instead_of_exp,
    instead_of_log,
    rewritten,
    risky_input,
    takes,
)
from gradstep.engine.graph.graph import Graph, Node


def made(lines: str, op: str) -> tuple[Graph, Node]:
    graph = written("x = [1.0, 2.0]; y = [3.0, 4.0]", lines).graph
    return graph, next(node for node in graph.nodes if node.op.name == op)


def test_without_an_operation_there_is_still_something_to_say() -> None:
    graph, _ = made("L = sum(x)", "sum")
    for told in (
        instead_of_log(graph, None),
        instead_of_exp(graph, None, False),
        instead_of_division(graph, None, np.dtype(float)),
        inside_the_root(graph, None),
    ):
        assert told


def test_a_smaller_learning_rate_is_no_advice_before_anything_is_trained() -> None:
    graph, node = made("L = sum(exp(x))", "exp")
    assert "learning rate" not in instead_of_exp(graph, node, False)
    assert "learning rate" in instead_of_exp(graph, node, True)


def test_the_root_of_a_divisor_gets_the_number_inside() -> None:
    graph, node = made("L = sum(x / sqrt(y))", "divide")
    assert instead_of_division(graph, node, graph.dtype) == "a small number inside the root: sqrt(y + 1e-12)"
    graph, node = made("L = sum(x / y)", "divide")
    assert "x / (y + 1e-12)" in instead_of_division(graph, node, graph.dtype)


def test_what_a_choice_takes_and_the_same_operation_with_another_input() -> None:
    graph, node = made("r = log(x * y); s = where(x > 0, r * 2, 0); L = sum(s)", "log")
    (chooser,) = choosers(graph, node)
    assert chooser.op.name == "where"
    assert takes(graph, chooser, node)
    value, safe = risky_input(graph, node)
    assert rewritten(graph, node, value, f"where(x > 0, x, {safe})") == "log(where(x > 0, x, 1))"
    graph, node = made("s = where(x > 0, 0, x / y); L = sum(s)", "divide")
    (chooser,) = choosers(graph, node)
    assert not takes(graph, chooser, node)
    value, safe = risky_input(graph, node)
    assert (value, safe) == (graph.by_name["y"].id, "1")
    assert rewritten(graph, node, value, "d") == "x / d"
    assert risky_input(graph, made("L = sum(x * y)", "multiply")[1])[0] == -1
