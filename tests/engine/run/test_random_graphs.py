"""Random networks, against another implementation of reverse-mode differentiation (HIPS autograd).

GRADSTEP_EXAMPLES=5000 runs as many, newly drawn; see graphs.py.
"""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
from graphs import EXAMPLES, REPEATABLE, Array, Program, programs
from hypothesis import HealthCheck, given, settings

from gradstep.engine.graph.graph import Role
from gradstep.engine.ops import REGISTRY
from gradstep.engine.run.passes import run
from gradstep.engine.run.reading import forward_segments, gradient_segments
from gradstep.engine.run.terms import enumerate_terms

OTHER: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "power": lambda a, b: a**b,
    "negative": lambda x: -x,
    "exp": anp.exp,
    "log": anp.log,
    "tanh": anp.tanh,
    "sigmoid": lambda x: 1 / (1 + anp.exp(-x)),
    "relu": lambda x: anp.where(x > 0, x, 0.0),
    "sum": anp.sum,
    "mean": anp.mean,
    "mse": lambda y, t: anp.mean((y - t) ** 2),
    "half_squared_error": lambda y, t: anp.sum((y - t) ** 2) / 2,
    "linear": lambda x, W, b=0.0: anp.dot(x, W.T) + b,
}

SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def another(program: Program) -> tuple[dict[str, Array], dict[str, Array]]:
    """The values of all nodes, and the gradients of all values, as autograd has them.

    To every value a zero is added; the derivative by that zero is the value's gradient.
    """
    values: dict[str, Array] = {}

    def loss(added: dict[str, Array]) -> Any:
        known: dict[str, Any] = {}
        for name, array in {**program.inputs, **program.parameters}.items():
            known[name] = array + added[name]
        for line in program.lines:
            inputs = [known[i] if isinstance(i, str) else i for i in line.inputs]
            result = OTHER[line.op](*inputs, **line.options)
            values[line.name] = autograd.tracer.getval(result)
            known[line.name] = result + added.get(line.name, 0.0)
        return known["L"]

    added = {name: np.zeros(array.shape) for name, array in {**program.inputs, **program.parameters}.items()}
    loss(added)
    added |= {name: np.zeros(np.shape(value)) for name, value in values.items()}
    return values, autograd.grad(loss)(added)


@given(programs())
@SETTINGS
def test_values_and_gradients_are_autograds(program: Program) -> None:
    net = program.network()
    values, gradients = another(program)
    for name, expected in values.items():
        found = net.data(name)
        assert found.shape == np.shape(expected)
        assert np.abs(found - expected).max() <= 1e-10 * max(np.abs(expected).max(), 1e-3), name
    largest = max(float(np.abs(gradients[n]).max()) for n in (*program.parameters, *values))
    for value in net.graph.values:
        grad = net.trace.grad[value.id]
        if value.id == net.graph.loss.id:
            assert grad is not None
            assert np.all(grad == 1)
            continue
        if value.role is Role.LITERAL or not value.differentiable:
            assert grad is None
            continue
        expected = gradients[value.name]
        if grad is None:
            assert value.role is Role.NODE
            assert not np.any(expected), f"no gradient of '{value.name}' was written, but it has one"
            continue
        assert grad.shape == np.shape(expected)
        # Where large parts cancel, what is left is measured against the parts.
        bound = 1e-10 * max(float(np.abs(expected).max()), 1e-3 * largest)
        assert np.abs(grad - expected).max() <= bound, f"gradient of '{value.name}'"


@given(programs())
@SETTINGS
def test_every_gradient_is_the_sum_of_its_terms(program: Program) -> None:
    net = program.network()
    for value in net.graph.values:
        grad = net.trace.grad[value.id]
        if grad is None or value.id == net.graph.loss.id:
            continue
        for flat in range(value.size):
            terms = enumerate_terms(gradient_segments(net.trace, value, flat), net.graph.dtype)
            running = terms.running[-1] if len(terms) else 0.0
            size = np.abs(terms.contribution).sum()
            assert abs(running - grad.reshape(-1)[flat]) <= 1e-12 * size, (value.name, flat)
            assert (terms.contribution == terms.upstream * terms.local).all()
            # Upstream is the gradient of the element it names.
            for k in range(len(terms)):
                above = net.trace.grad[int(terms.via_value[k])]
                assert above is not None
                assert above.reshape(-1)[terms.via[k]] == terms.upstream[k]
                if terms.factor_value[k] >= 0:
                    factor = net.trace.data[int(terms.factor_value[k])]
                    assert factor.reshape(-1)[terms.factor[k]] == terms.local[k]


@given(programs())
@SETTINGS
def test_every_sum_is_the_sum_of_its_terms(program: Program) -> None:
    net = program.network()
    for node in net.graph.nodes:
        y = net.trace.data[node.output].reshape(-1)
        for flat in range(y.size):
            segments = forward_segments(net.trace, node, flat)
            if not segments:
                assert not node.op.summed
                continue
            terms = enumerate_terms(segments, net.graph.dtype)
            assert abs(terms.running[-1] - y[flat]) <= 1e-12 * np.abs(terms.contribution).sum()
            for k in range(len(terms)):
                if not np.isnan(terms.upstream[k]):
                    read = net.trace.data[int(terms.via_value[k])].reshape(-1)[terms.via[k]]
                    assert read == terms.upstream[k]


@given(programs())
@SETTINGS
def test_the_parts_of_a_gradient_add_up(program: Program) -> None:
    net = program.network()
    for value in net.graph.values:
        uses = net.graph.uses[value.id]
        if len(uses) < 2 or not value.differentiable:
            assert not any(use in net.trace.flow for use in uses)
            continue
        parts = np.array([net.trace.flow[use] for use in uses])
        grad = net.trace.grad[value.id]
        assert grad is not None
        assert (np.abs(parts.sum(axis=0) - grad) <= 1e-12 * np.abs(parts).sum(axis=0)).all()


@given(programs())
@SETTINGS
def test_uses_are_those_on_a_path_to_the_loss_nearest_the_loss_first(program: Program) -> None:
    graph = program.network().graph
    reaches = {graph.loss.id}
    for node in graph.nodes[::-1]:
        if node.output in reaches:
            reaches |= set(node.inputs)
    assert graph.active == reaches
    for value in graph.values:
        expected = [
            (node.id, slot)
            for node in graph.nodes
            for slot, i in enumerate(node.inputs)
            if i == value.id and node.output in reaches
        ]
        assert list(graph.uses[value.id]) == sorted(expected, key=lambda use: (-use[0], use[1]))


@given(programs())
@SETTINGS
def test_all_arrays_are_settled(program: Program) -> None:
    net = program.network()
    for value, data, grad in zip(net.graph.values, net.trace.data, net.trace.grad, strict=True):
        for array in (data, grad):
            if array is not None and value.role is not Role.LITERAL:
                assert isinstance(array, np.ndarray)
                assert array.shape == value.shape
                assert array.dtype == net.graph.dtype
                assert array.flags.c_contiguous
                assert not array.flags.writeable


@given(programs())
@SETTINGS
def test_single_precision_is_the_same_network(program: Program) -> None:
    double, single = program.network(), program.network(np.float32)
    for value in double.graph.values:
        a, b = double.trace.data[value.id], single.trace.data[value.id]
        assert b.dtype == np.float32
        assert np.abs(a - b).max() <= 1e-3 * max(1.0, float(np.abs(a).max()))
        grad, other = double.trace.grad[value.id], single.trace.grad[value.id]
        assert (grad is None) == (other is None)
        assert other is None or other.dtype == np.float32


@given(programs())
@SETTINGS
def test_a_run_without_the_backward_pass_has_the_same_values(program: Program) -> None:
    net = program.network()
    alone = run(net.graph, net.leaves, backward=False)
    assert all(g is None for g in alone.grad)
    assert not alone.flow
    assert alone.loss == net.trace.loss
    for a, b in zip(alone.data, net.trace.data, strict=True):
        assert np.array_equal(a, b)


def test_the_random_networks_use_every_operation_they_know() -> None:
    seen: set[str] = set()

    @given(programs())
    @settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    def collect(program: Program) -> None:
        seen.update(line.op for line in program.lines)

    collect()
    assert seen == set(OTHER)
    assert seen <= set(REGISTRY)
