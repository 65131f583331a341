"""Both passes where some of it is given, kept from another trace, or stopped; and the loss alone."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, Array, Program, network, programs, walkthrough
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradstep.engine.errors import Interrupted, OpError
from gradstep.engine.graph.graph import Graph, Role
from gradstep.engine.ops import Op
from gradstep.engine.run.passes import Part, loss, run
from gradstep.engine.run.trace import Trace

DRAWN = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def same(one: Trace, other: Trace) -> None:
    """Bit for bit."""
    for a, b in zip((*one.data, *one.grad), (*other.data, *other.grad), strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert a.shape == b.shape
            assert a.tobytes() == b.tobytes()
    assert one.flow.keys() == other.flow.keys()
    assert all(one.flow[use].tobytes() == other.flow[use].tobytes() for use in one.flow)


@given(programs(), st.data())
@DRAWN
def test_what_is_kept_of_another_trace_is_what_would_come_out(program: Program, data: st.DataObject) -> None:
    """With another number in one leaf: bit for bit the trace of a run that keeps nothing; and what does not
    depend on the leaf are the same arrays."""
    net = program.network()
    leaf = data.draw(st.sampled_from([v for v in net.graph.values if v.role in (Role.INPUT, Role.PARAMETER)]))
    leaves = {**net.leaves, leaf.id: net.leaves[leaf.id] * 1.25}
    found = run(net.graph, leaves, like=net.trace)
    same(found, run(net.graph, leaves))
    touched = {leaf.id}
    for node in net.graph.nodes:
        touched |= {node.output} if touched & set(node.inputs) else set()
    for value in net.graph.values:
        kept = found.data[value.id] is net.trace.data[value.id]
        assert kept == (value.id not in touched)


def counting(monkeypatch: pytest.MonkeyPatch, graph: Graph) -> list[str]:
    """The calls of forward and vjp of all operations in a graph, as they come, before its first run."""
    calls: list[str] = []
    for kind in {type(node.op) for node in graph.nodes}:
        for name in ("forward", "vjp"):
            call: Callable[..., Any] = getattr(kind, name)

            def noting(self: Op, *rest: Any, name: str = name, call: Callable[..., Any] = call) -> Any:
                calls.append(f"{name} {type(self).name}")
                return call(self, *rest)

            monkeypatch.setattr(kind, name, noting)
    return calls


def test_nothing_is_computed_where_nothing_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    net = walkthrough()
    calls = counting(monkeypatch, net.graph)
    before = net.trace
    assert len(calls) == 5 + 8  # five nodes, and the slots that get a gradient
    calls.clear()
    found = run(net.graph, net.leaves, like=before)
    assert calls == []
    assert all(a is b for a, b in zip((*found.data, *found.grad), (*before.data, *before.grad), strict=True))


def test_a_gradient_that_is_set_changes_only_what_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """∂L/∂h set by hand: W1's follows from it by the chain rule, and nothing nearer the loss is computed again."""
    net, h = walkthrough(), np.array([3.0, -2.0])
    calls = counting(monkeypatch, net.graph)
    before = net.trace
    calls.clear()
    found = run(net.graph, net.leaves, gradients={net.value("h").id: h}, like=before)
    assert calls == ["vjp relu", "vjp linear", "vjp linear"]
    z1 = np.array([[0.4, 0.3], [-0.2, 0.5]]) @ [0.5, 0.8] + [0.1, -0.1]
    expected = np.outer(h * (z1 > 0), [0.5, 0.8])
    assert found.gradient(net.value("W1").id) == pytest.approx(expected, rel=1e-14)
    assert found.gradient(net.value("W2").id) is before.gradient(net.value("W2").id)
    assert found.gradient(net.value("h").id) is h
    same(found, run(net.graph, net.leaves, gradients={net.value("h").id: h}))


def test_a_value_that_is_set_is_not_computed() -> None:
    """h set to what it never would be: the rest is that of a network which has h as an input."""
    net, h = walkthrough(), np.array([-1.0, 2.0])
    found = run(net.graph, net.leaves, instead={net.value("h").id: h})
    z2 = np.array([0.6, -0.4]) @ h + 0.2
    y = 1 / (1 + np.exp(-z2))
    assert found.loss == pytest.approx((y - 1) ** 2 / 2, rel=1e-14)
    assert found.data[net.value("z1").id].tobytes() == net.data("z1").tobytes()
    assert found.gradient(net.value("W2").id) == pytest.approx(((y - 1) * y * (1 - y) * h)[None], rel=1e-14)


def test_of_an_array_that_is_given_in_part_the_rest_is_computed() -> None:
    net = walkthrough()
    h, at = net.value("h").id, np.array([False, True])
    part = Part(at, np.array([np.nan, 2.0]))
    found = run(net.graph, net.leaves, instead={h: part}, like=net.trace)
    assert found.data[h].tolist() == [net.data("h")[0], 2.0]
    same(found, run(net.graph, net.leaves, instead={h: np.array([net.data("h")[0], 2.0])}))
    found = run(net.graph, net.leaves, gradients={h: part}, like=net.trace)
    assert found.gradient(h).tolist() == [net.grad("h")[0], 2.0]
    same(found, run(net.graph, net.leaves, gradients={h: np.array([net.grad("h")[0], 2.0])}))
    # Of copies along a new first axis each gets the numbers; a part that is all is its numbers.
    assert part.put(np.ones((3, 2))).tolist() == [[1.0, 2.0]] * 3
    assert part.all is part
    assert Part(np.array([True, True]), part.numbers).all is part.numbers


def test_the_gradient_of_a_parameter_can_be_set() -> None:
    net, g = walkthrough(), np.array([[1.0, 2.0], [3.0, 4.0]])
    found = run(net.graph, net.leaves, gradients={net.value("W1").id: g})
    assert found.gradient(net.value("W1").id) is g
    assert found.gradient(net.value("b1").id).tobytes() == net.grad("b1").tobytes()


def test_a_value_of_several_uses_keeps_its_gradient_where_each_brings_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = {"a": "tanh(x)", "p": "a * a", "q": "p + a", "e": "exp(w)", "f": "q * e", "L": "sum(f)"}
    net = network({}, {"x": [0.5, -1.0], "w": [0.2, 0.3]}, lines)
    calls, g = counting(monkeypatch, net.graph), np.array([1.0, -1.0])
    before = net.trace
    assert len(net.graph.uses[net.value("a").id]) == 3
    calls.clear()
    found = run(net.graph, net.leaves, gradients={net.value("e").id: g}, like=before)
    assert calls == ["vjp exp"]
    for name in ("x", "a", "p", "q", "f"):
        assert found.gradient(net.value(name).id) is before.gradient(net.value(name).id)
    assert found.gradient(net.value("w").id) == pytest.approx(g * np.exp([0.2, 0.3]), rel=1e-14)
    # Where one of the uses brings something else, the sum is another, of all parts in their order.
    found = run(net.graph, net.leaves, gradients={net.value("p").id: g}, like=before)
    a = np.tanh([0.5, -1.0])
    assert found.gradient(net.value("a").id) == pytest.approx(np.exp([0.2, 0.3]) + 2 * a * g, rel=1e-14)
    same(found, run(net.graph, net.leaves, gradients={net.value("p").id: g}))


def test_between_any_two_nodes_it_asks_whether_to_go_on() -> None:
    net, shares = walkthrough(), list[float]()

    def always(share: float) -> bool:
        shares.append(share)
        return True

    same(run(net.graph, net.leaves, go_on=always), net.trace)
    assert len(shares) == 2 * 5  # once a node and pass
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert shares[-1] < 1
    for most in range(len(shares)):
        asked = iter([True] * most)
        with pytest.raises(Interrupted):
            run(net.graph, net.leaves, go_on=lambda share, asked=asked: next(asked, False))  # type: ignore[misc]


@given(programs())
@DRAWN
def test_the_loss_alone_is_that_of_the_whole_run(program: Program) -> None:
    net, asked = program.network(), list[int]()

    def leaf(value: int) -> Array:
        asked.append(value)
        return net.leaves[value]

    assert loss(net.graph, leaf) == net.trace.loss
    assert len(asked) == len(set(asked))


def test_for_the_loss_alone_nothing_is_kept_longer_than_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(
        {}, {"x": np.ones(4)}, {"a0": "x * 2", **{f"a{k}": f"tanh(a{k - 1})" for k in range(1, 30)}, "L": "sum(a29)"}
    )
    made: list[weakref.ref[Array]] = []
    most = 0
    whole = net.trace.loss
    (tanh,) = {type(node.op) for node in net.graph.nodes if node.op.name == "tanh"}
    forward = tanh.forward

    def noting(self: Op, xs: Sequence[Array]) -> Array:
        nonlocal most
        y = forward(self, xs)  # type: ignore[arg-type]
        made.append(weakref.ref(y))
        most = max(most, sum(one() is not None for one in made))
        return y

    monkeypatch.setattr(tanh, "forward", noting)
    assert loss(net.graph, lambda v: net.leaves[v]) == whole
    assert len(made) == 29
    assert most == 2  # what comes out, and what goes in


def test_without_a_backward_pass_there_are_no_gradients() -> None:
    net = walkthrough()
    found = run(net.graph, net.leaves, backward=False)
    assert set(found.grad) == {None}
    assert found.loss == net.trace.loss


def test_a_computed_class_number_that_is_none_is_named_by_its_formula() -> None:
    net = network({"k": [1.0, 3.0]}, {"z": np.zeros((2, 3))}, {"t": "k * 1", "L": "cross_entropy(z, t)"})
    said = r"'cross_entropy\(z, t\)': class numbers.* are whole numbers from 0 to 2, but \[1\] is 3"
    with pytest.raises(OpError, match=said):
        run(net.graph, net.leaves)
