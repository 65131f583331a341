"""What follows from how values and nodes hang together, read off a small network by hand."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Network, NetworkBuilder, network

from gradstep.engine.errors import GraphError
from gradstep.engine.files import loads
from gradstep.engine.graph.graph import Role


def branched() -> Network:
    """h is used twice, `unused` by nothing, s only by a comparison, and `after` follows the loss."""
    builder = NetworkBuilder()
    builder.input("x", [1.0, 2.0])
    for name in ("w", "s", "unused"):
        builder.parameter(name, [0.5, -0.5])
    for name, formula in (
        ("h", "x * w"), ("gate", "where(s > 0, h, h * h)"), ("L", "sum(gate)"), ("after", "L * 2"),
    ):  # fmt: skip
        builder.line(name, formula)
    return builder.done()


def test_paths_to_the_loss_end_at_comparisons() -> None:
    net = branched()
    on_a_path = {net.graph.values[v].name for v in net.graph.active}
    assert {"x", "w", "h", "gate", "L"} <= on_a_path
    assert not {"s", "unused", "after"} & on_a_path


def test_gradients_arrive_from_the_uses_nearest_the_loss_first() -> None:
    net = branched()
    names = [net.graph.nodes[node].op.name for node, _ in net.graph.uses[net.value("h").id]]
    assert names == ["where", "multiply", "multiply"]
    assert [slot for _, slot in net.graph.uses[net.value("h").id]] == [1, 0, 1]
    assert net.graph.uses[net.value("unused").id] == ()


def test_who_gets_a_gradient() -> None:
    net = branched()
    found = {v.name for v in net.graph.values if net.graph.gets_gradient(v)}
    # The loss is on the path and its own 1 is not written; a parameter without a path gets exactly 0; an input none.
    assert found == {"w", "s", "unused", "h", "gate", "gate:multiply"}
    assert net.grad("unused").tolist() == [0.0, 0.0]
    assert net.grad("s").tolist() == [0.0, 0.0]


def test_the_backward_pass_goes_through_nodes_in_reverse() -> None:
    net = branched()
    steps = [(p.node.op.name, [(slot, net.graph.values[v].name, joined) for slot, v, joined in p.slots])
             for p in net.graph.pullbacks]  # fmt: skip
    assert steps == [
        ("sum", [(0, "gate", None)]),
        ("where", [(1, "h", ""), (2, "gate:multiply", None)]),
        ("multiply", [(0, "h", ""), (1, "h", "")]),
        ("multiply", [(1, "w", None)]),
    ]


def test_what_depends_on_the_loss() -> None:
    net = branched()
    assert {net.graph.values[net.graph.nodes[n].output].name for n in net.graph.after_loss} == {"L", "after"}


def test_leaves_and_literals() -> None:
    graph = branched().graph
    assert [(graph.values[v].name, number) for v, number in graph.leaves] == [
        ("x", None), ("w", None), ("s", None), ("unused", None), ("0", 0.0), ("2", 2.0),
    ]  # fmt: skip
    assert sorted(float(array) for array in graph.literals.values()) == [0.0, 2.0]
    assert not any(array.flags.writeable for array in graph.literals.values())
    assert all(v.role is not Role.LITERAL for v in graph.by_name.values())


def test_small_parameters_lie_in_one_row() -> None:
    net = network(
        {}, {"a": np.ones((2, 3)), "big": np.ones(8193), "b": np.ones(8192), "c": 1.0},
        {"L": "sum(a) + sum(big) + sum(b) + c"},
    )  # fmt: skip
    ids = {name: net.value(name).id for name in ("a", "big", "b", "c")}
    assert net.graph.packed == (
        (ids["a"], slice(0, 6), (2, 3)), (ids["b"], slice(6, 8198), (8192,)), (ids["c"], slice(8198, 8199), ()),
    )  # fmt: skip


def test_a_graph_is_another_one_in_each_iteration_only_where_it_varies() -> None:
    still = branched().graph
    assert still.at(7) is still
    net = network({"x": np.ones(50)}, {}, {"y": "dropout(x)", "L": "sum(y)"})
    assert net.graph.at(1) is net.graph
    first, later = (net.graph.at(k).nodes[0].op.forward([np.ones(50)]) for k in (1, 2))
    assert first.tolist() != later.tolist()
    assert net.graph.at(2).values == net.graph.values


@pytest.mark.parametrize(
    ("loss", "said"), [("h", "must be one number, but 'h' has shape (2,)"), ("k", "'k' is a leaf")]
)
def test_what_is_no_loss_is_refused(loss: str, said: str) -> None:
    builder = NetworkBuilder()
    builder.parameter("w", [1.0, 2.0])
    builder.parameter("k", 1.0)
    builder.line("h", "w * k")
    with pytest.raises(GraphError) as caught:
        builder.graph.build(loss)
    assert said in str(caught.value)


def test_a_frozen_parameter_gets_no_gradient_and_neither_does_what_it_alone_makes() -> None:
    text = """format = 1
[inputs]
x = {{ value = [1.0, 2.0]{} }}
[parameters]
W1 = {{ value = [[0.5, -0.5]], requires_grad = false }}
W2 = [[2.0]]
[graph]
h = "W1 @ x"
L = "sum(W2 @ h)"
"""
    graph = loads(text.format("")).graph
    assert [(v.name, v.trained, v.frozen) for v in graph.values[:3]] == [
        ("x", False, False), ("W1", False, True), ("W2", True, False),
    ]  # fmt: skip
    assert [v.name for v in graph.parameters] == ["W2"]
    assert [v.name for v in graph.values if graph.gets_gradient(v)] == ["W2", "L:linear"]
    through = loads(text.format(", requires_grad = true")).graph
    assert [v.name for v in through.values if through.gets_gradient(v)] == ["x", "W2", "h", "L:linear"]
