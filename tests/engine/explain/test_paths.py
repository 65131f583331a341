"""Paths against brute force: all of them written out one by one, with exact products."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, pairwise
from math import inf, isfinite, isnan, nan
from typing import Any

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, Array, Network, Program, network, programs, walkthrough
from hypothesis import HealthCheck, given, settings

from gradstep.engine.explain import path_sizes
from gradstep.engine.explain.paths import SkipAndBlock, count, paths_from, skip_and_block, strongest, total
from gradstep.engine.files import find
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Role
from gradstep.engine.ops.families.linear import Linear
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.trace import Trace

Way = tuple[tuple[Element, ...], tuple[float, ...]]

#: So many paths of an element are written out at most.
FEW = 1500


def recorded(net: Network) -> Recording:
    return record(Scenario("", "", "", "", "", net.graph, net.leaves))


def at(recording: Recording, name: str, flat: int = 0) -> Element:
    return Element(recording.graph.by_name[name].id, flat)


def every_path(trace: Trace, element: Element) -> Iterator[Way]:
    """All paths to the loss in the order of the terms of the gradients on the way."""
    graph = trace.graph
    if element.value == graph.loss.id:
        yield (element,), ()
        return
    for number, slot in graph.uses[element.value]:
        node = graph.nodes[number]
        links = node.op.column(slot, element.flat, trace.data[node.output], [trace.data[i] for i in node.inputs])
        fed, local = links.grid.take(0, links.grid.size), links.local(0, links.grid.size)
        for flat, factor in zip(fed.tolist(), local.tolist(), strict=True):
            for through, factors in every_path(trace, Element(node.output, flat)):
                yield (element, *through), (factor, *factors)


def exact(factors: tuple[float, ...]) -> Fraction:
    product = Fraction(1)
    for factor in factors:
        product *= Fraction(factor)
    return product


def check(recording: Recording, element: Element) -> int:
    """Holds everything about one element against all of its paths; how many there were."""
    ways = list(islice(every_path(recording.trace, element), FEW + 1))
    if len(ways) > FEW:
        assert count(recording, element) > FEW
        return 0
    assert count(recording, element) == len(ways)
    found = strongest(recording, element, FEW)
    assert sorted((p.through, p.factors) for p in found) == sorted(ways)
    expected = sorted((exact(f) for _, f in ways), key=abs, reverse=True)
    gradient = sum(expected, Fraction(0))
    size = sum(map(abs, expected), Fraction(0))
    assert abs(Fraction(total(recording, element)) - gradient) <= Fraction(1, 10**12) * size
    for path, product in zip(found, expected, strict=True):
        # Two that agree in 14 digits may have changed places.
        assert abs(abs(exact(path.factors)) - abs(product)) <= Fraction(1, 10**14) * abs(product)
        assert path.product == pytest.approx(float(exact(path.factors)), rel=1e-14)
    if total(recording, element) != 0:
        shares = sum((Fraction(path.share) for path in found), Fraction(0))
        assert abs(shares - 1) * abs(gradient) <= Fraction(1, 10**12) * size
    for k in {0, 1, len(ways) // 2}:
        assert strongest(recording, element, k) == found[:k]
    return len(ways)


def check_all(net: Network) -> int:
    """All elements, but for numbers written in formulas, whose slopes need not be finite."""
    recording = recorded(net)
    values = [value for value in net.graph.values if value.role is not Role.LITERAL]
    return sum(check(recording, Element(value.id, flat)) for value in values for flat in range(value.size))


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_random_networks(program: Program) -> None:
    check_all(program.network())


RNG = np.random.default_rng(11)


def some(*shape: int) -> Array:
    return np.asarray(RNG.normal(size=shape))


#: inputs, parameters and lines of networks with every kind of operation.
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = {
    "convolution": (
        {"x": some(2, 4, 4), "t": some(2, 2, 2)},
        {"w": some(2, 2, 3, 3), "b": some(2), "v": some(2, 2, 2, 2)},
        {"c": "conv2d(x, w, b, padding=1)", "r": "relu(c)", "d": "conv2d(r, v, stride=2)", "L": "mse(d, t)"},
    ),
    "pooling": (
        {"x": some(1, 1, 5, 5)},
        {"w": some(2, 1, 2, 2)},
        {
            "c": "conv2d(x, w)", "m": "max_pool2d(c, 2, 1, 1)", "a": "avg_pool2d(c, 2)", "q": "sum(a * a)",
            "L": "sum(m) * q",
        },
    ),
    "softmax": (
        {"x": some(3, 4), "t": [0.0, 2.0, 1.0]},
        {"W": some(3, 4), "b": some(3)},
        {"z": "x @ W.T + b", "L": "cross_entropy(z, t)"},
    ),
    "layer norm, skip": (
        {"x": some(2, 3), "t": [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]},
        {"W": some(3, 3), "g": some(3), "b": some(3)},
        {"z": "x @ W.T", "n": "layer_norm(z, g, b)", "p": "softmax(n)", "s": "n + p", "L": "cross_entropy(s, t)"},
    ),
    "attention": (
        {"x": some(3, 2)},
        {"Q": some(2, 2), "K": some(2, 2), "V": some(2, 2)},
        {"q": "x @ Q", "k": "x @ K", "v": "x @ V", "a": "attention(q, k, v, causal=True)", "L": "sum(a * x)"},
    ),
    "max, min, embedding": (
        {"ids": [0.0, 2.0, 0.0]},
        {"E": some(4, 3)},
        {"e": "embedding(E, ids)", "m": "max(e, axis=0)", "n": "min(e)", "L": "sum(m) * n"},
    ),
    "moves": (
        {},
        {"a": some(2, 3), "b": some(2, 3)},
        {
            "c": "concat(a, b, axis=1)", "s": "stack(a, b, axis=1)", "t": "transpose(c)", "i": "t[1:5:2, 0]",
            "j": "s[:, 1]", "f": "flatten(j)", "k": "reshape(i, (2, 1))", "u": "k * j", "m": "sum(f * f)",
            "L": "sum(u) * m",
        },
    ),
    "left out by an index": (
        {},
        {"a": some(3, 4)},
        {"b": "a * 2", "p": "b[1]", "q": "b * 0.01", "r": "b[:, 3]", "u": "sum(q) + sum(p * p)", "L": "u * sum(r)"},
    ),
    "broadcasting": (
        {}, {"a": some(2, 1), "b": some(3), "s": some()}, {"c": "a * b", "d": "c * s + s", "L": "mse(d, s)"},
    ),
    "matrix products": (
        {},
        {"A": some(2, 2, 3), "B": some(3, 2), "v": some(2)},
        {"c": "A @ B", "d": "c @ v", "e": "v @ c", "L": "sum(d * e)"},
    ),
    "batch norm, masks": (
        {"x": some(2, 2, 2)},
        {"g": some(2), "b": some(2)},
        {
            "p": "x * 2", "n": "batch_norm(x, g, b)", "d": "dropout(n, p=0.3, seed=3)", "w": "where(d > 0, d * d, n)",
            "L": "mean(w) + sum(p) * sum(b)",
        },
    ),
    "shared weights": (
        {"x": some(3)},
        {"W": some(2, 3), "V": some(2, 2)},
        {"h": "x * x + 1", "z": "W @ h", "a": "maximum(z, -z)", "r": "a + V @ a", "q": "r + V @ r", "L": "sum(q ** 2)"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("piece", [1 << 16, 5])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_kind_of_operation(monkeypatch: pytest.MonkeyPatch, name: str, piece: int) -> None:
    """Whole, and in pieces smaller than any array."""
    monkeypatch.setattr(path_sizes, "_PIECE", piece)
    assert check_all(network(*NETWORKS[name])) > 40


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_walkthrough(dtype: type) -> None:
    recording = recorded(walkthrough(dtype))
    assert [count(recording, at(recording, name)) for name in ("x", "W1", "b1", "h", "W2", "y", "L")] == [
        2, 1, 1, 1, 1, 1, 1,
    ]  # fmt: skip
    (only,) = strongest(recording, at(recording, "W1"), 5)
    assert only.through == tuple(at(recording, name) for name in ("W1", "z1", "h", "z2", "y", "L"))
    assert only.product == pytest.approx(float(recording.trace.grad[at(recording, "W1").value][0, 0]), rel=1e-6)  # type: ignore[index]
    assert only.share == pytest.approx(1, rel=1e-6)


# Counts ---------------------------------------------------------------------------------------------


def layered(widths: list[int], batch: int = 0, weight: float | None = None) -> Network:
    """Fully connected layers with tanh between, their mean as the loss."""
    rng = np.random.default_rng(2)
    parameters, lines, last = {}, {}, "x"
    for k, (inner, outer) in enumerate(pairwise(widths)):
        shape = (outer, inner)
        parameters[f"W{k}"] = rng.normal(size=shape) / inner**0.5 if weight is None else np.full(shape, weight)
        lines[f"h{k}"] = f"tanh({last} @ W{k}.T)"
        last = f"h{k}"
    lines["L"] = f"mean({last})"
    return network({"x": rng.normal(size=(batch, widths[0]) if batch else widths[0])}, parameters, lines)


def test_layers_multiply_the_number_of_paths() -> None:
    recording = recorded(layered([784, 128, 10]))
    assert count(recording, at(recording, "x", 783)) == 128 * 10
    assert count(recording, at(recording, "W0", 5)) == 10
    recording = recorded(layered([64] * 13, batch=3))
    # More than 2**63: no machine integer and no float has this number.
    assert count(recording, at(recording, "x", 64)) == 64**12
    assert count(recording, at(recording, "W0")) == 3 * 64**11


def test_a_residual_block_doubles_the_number_of_paths_and_thousands_of_hops_are_no_recursion() -> None:
    depth = 700
    lines = {"v0": "x * 1"} | {f"v{k}": f"v{k - 1} + sigmoid(v{k - 1})" for k in range(1, depth + 1)}
    recording = recorded(network({}, {"x": -3.0}, lines | {"L": f"v{depth} + 0"}))
    x = at(recording, "x")
    assert count(recording, x) == 2**depth
    over_skips, once_through = strongest(recording, x, 2)
    assert over_skips.product == 1
    values = [float(recording.trace.data[at(recording, f"v{k}").value]) for k in range(depth)]
    sigmoid = 1 / (1 + np.exp(-np.array(values)))
    assert once_through.product == pytest.approx(float((sigmoid * (1 - sigmoid)).max()), rel=1e-14)


def test_a_shut_gate_is_on_a_path_and_what_is_left_out_is_not() -> None:
    lines = {"r": "relu(a)", "p": "r[:2]", "L": "sum(p)", "after": "L * a"}
    recording = recorded(network({}, {"a": [-1.0, 2.0, 3.0], "unused": 1.0}, lines))
    assert [count(recording, at(recording, "a", k)) for k in range(3)] == [1, 1, 0]
    assert [total(recording, at(recording, "a", k)) for k in range(3)] == [0, 1, 0]
    (shut,) = strongest(recording, at(recording, "a", 0), 3)
    assert shut.factors == (0, 1, 1)
    assert isnan(shut.share)
    for nowhere in (at(recording, "a", 2), at(recording, "unused"), at(recording, "after")):
        assert count(recording, nowhere) == total(recording, nowhere) == 0
        assert strongest(recording, nowhere, 3) == ()


def test_the_loss_is_a_path_of_no_hops() -> None:
    recording = recorded(walkthrough())
    loss = at(recording, "L")
    assert count(recording, loss) == total(recording, loss) == 1
    (only,) = strongest(recording, loss, 2)
    assert only == ((loss,), (), 1.0, 1.0)


def test_inputs_have_a_gradient_too() -> None:
    net = walkthrough()
    recording = recorded(net)
    expected = net.data("W1").T @ net.grad("z1")
    assert [total(recording, at(recording, "x", k)) for k in range(2)] == pytest.approx(expected.tolist(), rel=1e-14)
    # Also where what is computed from it gets none either.
    recording = recorded(network({"x": 3.0}, {"w": 2.0}, {"s": "x * x", "u": "s * 5", "L": "w * u + u"}))
    assert total(recording, at(recording, "x")) == 2 * 3 * 5 * (2 + 1)
    assert count(recording, at(recording, "x")) == 4


# The strongest ---------------------------------------------------------------------------------------


def test_shares_have_their_sign() -> None:
    recording = recorded(network({}, {"x": 7.0}, {"a": "3 * x", "b": "-5 * x", "L": "a * 2 + b"}))
    first, second = strongest(recording, at(recording, "x"), 9)
    assert (first.product, first.share) == (6, 6)
    assert (second.product, second.share) == (-5, -5)
    assert first.through[1] == at(recording, "a")
    assert second.factors == (-5, 1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_hundred_strongest_of_a_hundred_thousand(dtype: type) -> None:
    rng = np.random.default_rng(9)
    A, B, C, D = (
        rng.normal(size=(n, m)).astype(dtype).astype(float) for n, m in ((18, 5), (18, 18), (20, 18), (1, 20))
    )
    net = network(
        {"x": np.ones(5)},
        {"A": A, "B": B, "C": C, "D": D},
        {"a": "A @ x", "b": "B @ a", "c": "C @ b", "d": "D @ c", "L": "sum(d)"},
        dtype=dtype,
    )
    every = np.einsum("l,lk,kj,j->lkj", D[0], C, B, A[:, 3]).reshape(-1)
    expected = every[np.argsort(-np.abs(every))[:100]]
    recording = recorded(net)
    found = strongest(recording, at(recording, "x", 3), 100)
    assert [p.product for p in found] == pytest.approx(expected.tolist(), rel=1e-14)
    gradient = total(recording, at(recording, "x", 3))
    assert [p.share for p in found] == pytest.approx((expected / gradient).tolist(), rel=1e-14)


def test_equal_ones_come_in_the_order_of_the_terms() -> None:
    rng = np.random.default_rng(1)
    signs = {f"W{k}": rng.choice([-1.0, 0.5, 0.0, 1.0], size=(3, 3)) for k in range(3)}
    net = network(
        {"x": np.ones(3)}, signs, {"a": "W0 @ x", "b": "W1 @ a + a", "c": "W2 @ b", "L": "sum(c * 2) + sum(a)"}
    )
    recording = recorded(net)

    def rank(way: Way) -> tuple[int, Fraction]:
        """Fewer zeros first; then the larger product of the others."""
        return way[1].count(0.0), -abs(exact(tuple(f for f in way[1] if f)))

    for k in range(3):
        ways = sorted(every_path(recording.trace, at(recording, "x", k)), key=rank)
        assert len({rank(way) for way in ways}) < len(ways) / 4  # there are many ties
        found = strongest(recording, at(recording, "x", k), len(ways))
        assert [(p.through, p.factors) for p in found] == ways


def test_products_no_float_can_hold_are_compared_all_the_same() -> None:
    tiny = {
        "a": "x * 1e-200",
        "b": "a * 1e-200",
        "c": "x * 1e-250",
        "d": "c * 2e-150",
        "e": "d * 1e-100",
        "L": "b + d + e",
    }
    recording = recorded(network({}, {"x": 1.0}, tiny))
    found = strongest(recording, at(recording, "x"), 3)
    assert [p.product for p in found] == [0, 0, 0]
    assert [p.factors[:2] for p in found] == [(1e-250, 2e-150), (1e-200, 1e-200), (1e-250, 2e-150)]
    assert all(isnan(p.share) for p in found)

    huge = {"a": "x * 1e200", "b": "a * 1e200", "c": "x * -1e250", "d": "c * 2e150", "L": "b * 1e-300 + d * 1e-300"}
    recording = recorded(network({}, {"x": 1e-200}, huge))
    found = strongest(recording, at(recording, "x"), 3)
    assert [p.product for p in found] == [pytest.approx(-2e100), pytest.approx(1e100)]
    assert [p.share for p in strongest(recording, at(recording, "x"), 1)] == [pytest.approx(2)]

    recording = recorded(network({}, {"x": 1e-300}, {"a": "x * 1e200", "b": "a * -1e200", "L": "b + a"}))
    assert [p.product for p in strongest(recording, at(recording, "x"), 2)] == [-inf, 1e200]


def test_what_is_not_finite_comes_first_and_zeros_last() -> None:
    parameters = {"x": [1.0, 1.0, 1.0, 1.0, 1.0]}
    inputs = {"w": [2.0, nan, 0.0, inf, -3.0], "v": [1.0, 0.5, 1.0, 0.0, 1.0]}
    recording = recorded(network(inputs, parameters, {"s": "x[0] * w", "p": "s * v", "L": "sum(p)"}))
    found = strongest(recording, at(recording, "x"), 9)
    assert [p.through[2].flat for p in found] == [1, 3, 4, 0, 2]
    products = [p.product for p in found]
    assert products[2:] == [-3, 2, 0]
    assert isnan(products[0])
    assert isnan(products[1])  # ∞ × 0
    assert all(isnan(p.share) for p in found)


def test_few_elements_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten paths of 64¹² are found with the columns on their way, and a few beside."""
    looked: list[int] = []
    column = Linear.column

    def counting(self: Linear, slot: int, flat: int, y: Array, xs: Any) -> Any:
        looked.append(flat)
        return column(self, slot, flat, y, xs)

    for weight in (None, 0.1):
        recording = recorded(layered([64] * 13, weight=weight))
        x = at(recording, "x", 7)
        hidden = {n.output for n in recording.graph.nodes if n.output != recording.graph.loss.id}
        with monkeypatch.context() as patch:
            patch.setattr(Linear, "column", counting)
            looked.clear()
            found = strongest(recording, x, 10)
            assert 12 <= len(looked) <= 10 * 12
        best = np.full(64, 1 / 64)
        for k in range(11, -1, -1):
            slope = 1 - recording.trace.data[at(recording, f"h{k}").value] ** 2
            weights = recording.trace.data[at(recording, f"W{k}").value]
            best = (np.abs(weights) * (slope * best)[:, None]).max(axis=0)
        assert abs(found[0].product) == pytest.approx(float(best[7]), rel=1e-13)
        sizes = [abs(p.product) for p in found]
        assert all(a >= b * (1 - 1e-13) for a, b in pairwise(sizes))
        assert len({p.through for p in found}) == 10
        if weight is not None:  # all are equal, so those come first that part last
            turns = [[e.flat for e in p.through if e.value in hidden] for p in found]
            assert turns == [[0] * 22 + [rank] * 2 for rank in range(10)]


def test_numbers_of_the_scenarios() -> None:
    """The strongest path of each parameter is at least the mean one, and all shares are of one sum."""
    for name in ("walkthrough", "masked-where-nan", "log-of-zero", "conv-edge", "attention-head"):
        recording = record(find(name))
        for parameter in recording.graph.parameters:
            element = Element(parameter.id, 0)
            number, gradient = count(recording, element), total(recording, element)
            found = strongest(recording, element, 3)
            assert len(found) == min(number, 3)
            if isfinite(gradient) and number:
                assert abs(found[0].product) >= abs(gradient) / number * (1 - 1e-12)
            elif number:
                assert not isfinite(found[0].product)


# What is told, and what is kept ----------------------------------------------------------------------


def test_paths_are_told_to_people_and_to_programs() -> None:
    recording = recorded(network({}, {"x": 7.0}, {"a": "3 * x", "b": "-5 * x", "L": "a * 2 + b"}))
    found = paths_from(recording, at(recording, "x"), 2)
    assert list(found.lines()) == [
        "2 paths lead from x to L; together +1.0000",
        "    +6.0000   600.0%  x → a → e#1 → L   +3.0000 × +2.0000 × +1.0000",
        "    −5.0000   −500.0%  x → b → L   −5.0000 × +1.0000",
    ]
    told = found.document()
    assert (told["count"], told["sum"]) == (2, 1)
    assert told["paths"][1] == {"through": ["x", "b", "L"], "factors": [-5, 1], "product": -5, "share": -5}
    assert len(paths_from(recording, at(recording, "x"), 1).document()["paths"]) == 1
    # A share of nothing is none: as JSON has it, null.
    recording = recorded(network({}, {"x": 7.0}, {"a": "3 * x", "b": "-3 * x", "L": "a + b"}))
    told = paths_from(recording, at(recording, "x")).document()
    assert [path["share"] for path in told["paths"]] == [None, None]
    assert json.loads(json.dumps(told)) == told


def test_where_a_residual_block_begins_its_skip_is_told() -> None:
    recording = record(find("residual"))
    *_, last = paths_from(recording, at(recording, "a")).lines()
    assert last == "  the skip brings −0.7132, the block −0.0815"  # PyTorch's numbers, as above


def test_a_run_that_was_left_is_not_kept() -> None:
    recording = recorded(layered([5, 4, 3]))
    assert paths_from(recording, at(recording, "x")).count == 12
    trace, graph = weakref.ref(recording.trace.data[0]), weakref.ref(recording)
    del recording
    gc.collect()
    assert graph() is None
    assert trace() is None


def test_what_goes_back_from_the_loss_does_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recording, pulled = recorded(layered([5, 4, 3])), []
    vjp = Linear.vjp
    monkeypatch.setattr(Linear, "vjp", lambda self, slot, *rest: pulled.append(slot) or vjp(self, slot, *rest))
    for flat in range(5):
        assert total(recording, at(recording, "x", flat)) != 0
    assert pulled == [0]  # of the input, which has no gradient in the trace; all others have


# Skip and block --------------------------------------------------------------------------------------


def test_the_skip_brings_the_gradient_above_it() -> None:
    """Numbers of the scenario, which are PyTorch's: ∂L/∂s over the skip, the rest of ∂L/∂a by the block."""
    recording = record(find("residual"))
    s, a = [-0.7131885238, 0.5094203742], [-0.7946957837, 0.4768174702]
    for k in range(2):
        found = skip_and_block(recording, at(recording, "a", k))
        assert found == pytest.approx((s[k], a[k] - s[k]), rel=1e-8)
    assert all(skip_and_block(recording, at(recording, name)) is None for name in ("x", "W0", "h", "s", "L"))


def test_a_block_may_be_wide_and_have_several_beginnings() -> None:
    rng = np.random.default_rng(4)
    W = rng.normal(size=(3, 300)) / 10
    net = network(
        {}, {"x": rng.normal(size=3), "U": W.T, "V": W, "G": rng.normal(size=(3, 3))},
        {"a": "x * 2", "h": "tanh(U @ a)", "g": "sigmoid(G @ a)", "r": "V @ h * g", "s": "a + r", "L": "sum(s * s)"},
    )  # fmt: skip
    recording = recorded(net)
    for k in range(3):
        found = skip_and_block(recording, at(recording, "a", k))
        assert found is not None
        assert found.skip == net.grad("s")[k]
        assert found.block == pytest.approx(float(net.grad("a")[k] - net.grad("s")[k]), rel=1e-12)


@pytest.mark.parametrize(
    "lines",
    [
        {"r": "relu(a)", "u": "a * 3", "L": "sum(r) + sum(u)"},  # an open gate is no skip
        {"u": "a * 3", "L": "sum(a) + sum(u)"},  # what is added up does not meet again element by element
        {"L": "sum(a + a)"},
        {"u": "a * 0.5", "m": "maximum(a, u)", "L": "sum(m)"},  # chosen, and not added
        {"u": "3 * a", "s": "u - a", "L": "sum(s)"},  # −1 is no skip
        {"u": "a + 3", "s": "u * 2", "L": "sum(s)"},
        {"u": "tanh(a)", "s": "a + u", "v": "a + s", "L": "sum(v)"},  # two skips
    ],
)
def test_no_skip(lines: dict[str, str]) -> None:
    recording = recorded(network({}, {"x": [1.0, 2.0]}, {"a": "x * 1", **lines}))
    assert skip_and_block(recording, at(recording, "a")) is None


def test_what_is_subtracted_from_a_skip_is_a_block_too() -> None:
    recording = recorded(network({}, {"x": [0.0, 2.0]}, {"a": "x * 1", "u": "a * 3", "s": "a - u", "L": "sum(s)"}))
    assert skip_and_block(recording, at(recording, "a")) == SkipAndBlock(1, -3)
