"""What one step is made of: segments are held against gradients in test_random_graphs and test_terms; here the rest."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Network, network, walkthrough

from gradstep.engine.graph.graph import Node
from gradstep.engine.index import PIECE
from gradstep.engine.run.reading import numbers_at, segments_at, term_of
from gradstep.engine.run.timeline import Phase, Timeline


def node_of(net: Network, name: str) -> Node:
    return net.graph.nodes[net.value(name).node]


def test_the_numbers_that_enter_a_function_of_single_numbers() -> None:
    net = network({}, {"a": [[1.0, 2.0, 3.0]], "b": [[10.0], [20.0]]}, {"h": "a / b", "L": "mse(h, 2 * h)"})
    assert [float(x) for x in numbers_at(net.trace, node_of(net, "h"), 5)] == [3, 20]
    # Of a sum, those of one of its terms: (h₂₁ − 2 h₂₁)² is number 3.
    assert [float(x) for x in numbers_at(net.trace, node_of(net, "L"), 0, 3)] == [1 / 20, 2 / 20]
    assert [x.shape for x in numbers_at(net.trace, node_of(net, "h"), 0)] == [(), ()]


def test_which_term_an_element_is_in() -> None:
    net = network({}, {"a": np.arange(6.0).reshape(2, 3)}, {"s": "sum(a, axis=0)", "L": "sum(s)"})
    node = node_of(net, "s")
    assert [term_of(net.trace, node, 0, flat, flat % 3) for flat in range(6)] == [0, 0, 0, 1, 1, 1]
    assert term_of(net.trace, node, 0, 5, 0) == 0  # it is in none


@pytest.mark.parametrize("at", [0, PIECE - 1, PIECE, 2 * PIECE + 17])
def test_a_term_is_found_in_a_long_sum(at: int) -> None:
    net = network({}, {"a": np.ones(2 * PIECE + 18)}, {"L": "sum(a)"})
    assert term_of(net.trace, node_of(net, "L"), 0, at, 0) == at


def test_the_terms_of_each_phase_are_of_its_own_kind() -> None:
    net = walkthrough()
    timeline = Timeline(net.graph)
    z1, h, W1 = (net.value(name).id for name in ("z1", "h", "W1"))

    def counts(phase: Phase, value: int) -> list[int]:
        step = timeline.step_of(phase, value, 0)
        assert step is not None
        return [segment.count for segment in segments_at(net.trace, timeline, step)]

    assert counts(Phase.FORWARD, z1) == [2, 1]  # two products and the bias
    assert counts(Phase.FORWARD, h) == []  # a ReLU is no sum
    assert counts(Phase.BACKWARD, h) == [1]
    assert counts(Phase.UPDATE, W1) == []
