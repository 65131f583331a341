"""Which sums and activations are one neuron."""

from __future__ import annotations

import numpy as np
from boards import arrows
from graphs import EXAMPLES, REPEATABLE, Program, network, programs, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.graph.graph import Role
from gradstep.engine.graph.layers import Layer
from gradstep.engine.graph.names import Blackboard


def test_layers_of_the_walkthrough() -> None:
    net = walkthrough()
    ids = {name: value.id for name, value in net.graph.by_name.items()}
    assert Blackboard(net.graph).layers == (
        Layer(ids["x"]),
        Layer(ids["t"]),
        Layer(ids["h"], ids["z1"], 0, ids["W1"], ids["b1"]),
        Layer(ids["y"], ids["z2"], 2, ids["W2"], ids["b2"]),
        Layer(ids["L"], -1, 4),
    )


def test_each_value_is_shown_by_its_layer() -> None:
    net = walkthrough()
    board = Blackboard(net.graph)
    shown = {n: net.graph.values[board.layer_of[v.id].output].name for n, v in net.graph.by_name.items()}
    expected = {"z1": "h", "W1": "h", "b1": "h", "z2": "y", "W2": "y", "b2": "y"}
    assert shown == {n: expected.get(n, n) for n in net.graph.by_name}


def test_a_sum_that_is_used_twice_is_a_layer_of_its_own() -> None:
    net = network({"x": [1.0, 2.0]}, {"W": np.eye(2)}, {"z": "W @ x", "h": "relu(z)", "s": "h + z", "L": "sum(s)"})
    layers = [net.graph.values[layer.output].name for layer in Blackboard(net.graph).layers]
    assert layers == ["x", "z", "h", "s", "L"]
    assert arrows(net, "W") == ["x₁ → z₁", "x₂ → z₁", "x₁ → z₂", "x₂ → z₂"]


def test_a_parameter_that_is_no_weight_is_a_layer_and_has_no_arrow() -> None:
    net = network({"x": [1.0, 2.0]}, {"s": [0.5, 0.5]}, {"y": "x * s", "L": "sum(y)"})
    layers = [net.graph.values[layer.output].name for layer in Blackboard(net.graph).layers]
    assert layers == ["x", "s", "y", "L"]
    assert arrows(net, "s") == [None, None]


def test_the_loss_is_a_layer_even_after_a_weighted_sum() -> None:
    net = network({"x": [1.0, 2.0]}, {"W": np.ones((1, 2))}, {"z": "W @ x", "L": "sigmoid(z)"})
    layers = [net.graph.values[layer.output].name for layer in Blackboard(net.graph).layers]
    assert layers == ["x", "z", "L"]


def test_the_loss_is_not_drawn_as_the_inside_of_what_follows_it() -> None:
    net = network({"x": [1.0, 2.0]}, {"W": np.ones((1, 2))}, {"L": "W @ x", "after": "sigmoid(L)"})
    layers = [net.graph.values[layer.output].name for layer in Blackboard(net.graph).layers]
    assert layers == ["x", "L", "after"]


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_every_value_has_one_layer(program: Program) -> None:
    net = program.network()
    board = Blackboard(net.graph)
    shown = [v for layer in board.layers for v in (layer.output, layer.pre) if v >= 0]
    assert len(set(shown)) == len(shown)
    for value in net.graph.values:
        if value.role is not Role.LITERAL:
            layer = board.layer_of[value.id]
            assert value.id in (layer.output, layer.pre, layer.weight, layer.bias)
    assert net.graph.loss.id in [layer.output for layer in board.layers]
