"""What a trace is asked for by everyone."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import walkthrough

from gradstep.engine.graph.element import Element


def test_single_numbers() -> None:
    net = walkthrough()
    trace, W1, x = net.trace, net.value("W1").id, net.value("x").id
    assert [trace.number(Element(W1, k)) for k in range(4)] == [0.4, 0.3, -0.2, 0.5]
    assert [trace.derivative(Element(W1, k)) for k in range(4)] == net.grad("W1").reshape(-1).tolist()
    assert type(trace.number(Element(W1, 0))) is type(trace.derivative(Element(W1, 0))) is float
    assert trace.gradient(W1) is trace.grad[W1]
    assert trace.loss == float(net.data("L"))
    with pytest.raises(AssertionError, match="only what has a gradient"):
        trace.gradient(x)


def test_what_enters_and_leaves_a_node() -> None:
    net = walkthrough()
    trace, node = net.trace, net.graph.nodes[net.value("z1").node]
    assert [x.tolist() for x in trace.inputs(node)] == [[0.5, 0.8], [[0.4, 0.3], [-0.2, 0.5]], [0.1, -0.1]]
    assert trace.output(node).tobytes() == net.data("z1").tobytes()


def test_who_feeds_an_element_and_whom_it_feeds() -> None:
    """z₁₂ = w₁₂₁·x₁ + w₁₂₂·x₂ + b₁₂."""
    net = walkthrough()
    trace, node = net.trace, net.graph.nodes[net.value("z1").node]
    x, W, b = (grid.take(0, grid.size).tolist() for grid in trace.rows(node, 1))
    assert (x, W, b) == ([0, 1], [2, 3], [1])
    row = trace.row(node, 0, 1)
    assert row.grid.take(0, 2).tolist() == x
    assert row.local(0, 2).tolist() == [-0.2, 0.5]
    column = trace.column(node, 1, 3)
    assert column.grid.take(0, column.grid.size).tolist() == [1]
    assert np.array_equal(column.local(0, 1), [0.8])
