"""A graph in the making."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.graph.graph import Role
from gradstep.engine.ops import REGISTRY


def test_equal_numbers_are_one_value_and_minus_zero_is_another() -> None:
    builder = GraphBuilder(np.dtype(float))
    made = [builder.literal(n) for n in (2.0, 0.0, 2.0, -0.0, 0.1 + 0.2, math.inf, 1e-7, -3.5)]
    assert made[0] is made[2]
    assert made[1] is not made[3]
    assert [math.copysign(1, made[k].number) for k in (1, 3)] == [1, -1]  # type: ignore[arg-type]
    assert [v.name for v in made] == ["2", "0", "2", "−0", "0.30000000000000004", "∞", "1e−07", "−3.5"]
    assert [v.id for v in builder.values] == list(range(7))
    assert not builder.names


def test_what_is_applied_without_a_name_is_a_part_of_its_line() -> None:
    builder = GraphBuilder(np.dtype(float))
    x = builder.leaf("x", (3,), Role.INPUT, False)
    w = builder.leaf("w", (3,), Role.PARAMETER, True)
    first = builder.apply(REGISTRY["multiply"](), [x, w], "L", "x * w")
    second = builder.apply(REGISTRY["exp"](), [x], "L", "exp(x)")
    last = builder.apply(REGISTRY["sum"](), [first], "L", "sum(x * w)", "L")
    assert [v.name for v in (first, second, last)] == ["L:multiply", "L:exp", "L"]
    assert [v.differentiable for v in (first, second, last)] == [True, False, True]
    assert [(v.shape, v.node) for v in (first, second, last)] == [((3,), 0), ((3,), 1), ((), 2)]
    graph = builder.build("L")
    assert [node.inputs for node in graph.nodes] == [(0, 1), (0,), (2,)]
    assert [node.text for node in graph.nodes] == ["x * w", "exp(x)", "sum(x * w)"]


def test_a_comparison_is_not_differentiable_whatever_it_compares() -> None:
    builder = GraphBuilder(np.dtype(float))
    w = builder.leaf("w", (3,), Role.PARAMETER, True)
    assert not builder.apply(REGISTRY["greater"](), [w, builder.literal(0.0)], "y", "w > 0").differentiable


def test_shapes_that_do_not_fit_make_no_node() -> None:
    builder = GraphBuilder(np.dtype(float))
    a, b = builder.leaf("a", (3,), Role.INPUT, False), builder.leaf("b", (2,), Role.INPUT, False)
    with pytest.raises(OpError, match="axis -1"):
        builder.apply(REGISTRY["add"](), [a, b], "y", "a + b", "y")
    assert (len(builder.nodes), len(builder.values), list(builder.names)) == (0, 2, ["a", "b"])
