"""Long sums: a window of terms, the running sum, and no more memory than that."""

from __future__ import annotations

import tracemalloc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import pytest
from graphs import Array, Network, network, walkthrough

from gradstep.engine.graph.graph import Node
from gradstep.engine.index import Grid
from gradstep.engine.run.reading import forward_segments, gradient_segments, segments_at
from gradstep.engine.run.terms import WINDOW, Segment, Terms, enumerate_terms, total
from gradstep.engine.run.timeline import Phase, Timeline

DOUBLE = np.dtype(np.float64)
#: Anything that lays out a million numbers at once is above this.
FEW = 5_000_000


@contextmanager
def at_most(limit: int) -> Iterator[None]:
    """Fails where the block has more than `limit` bytes allocated at any time."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < limit, f"{peak / 1e6:.1f} MB were allocated at once"


def segment(numbers: Array, node: int = 0) -> Segment:
    """A run of terms that are just these numbers."""
    return Segment(node, 0, 7, Grid(0, numbers.shape, (1,)), lambda a, b: (numbers[a:b], np.ones(b - a), numbers[a:b]))


def node_of(net: Network, name: str) -> Node:
    return net.graph.nodes[net.value(name).node]


@cache
def long_sum(count: int) -> Network:
    """L = Σ w·x with as many products, in two nodes, and the same as one weighted sum y."""
    rng = np.random.default_rng(count)
    return network(
        {"x": rng.normal(size=count)},
        {"w": rng.normal(size=count), "W": rng.normal(size=(1, count)), "c": 1.5},
        {"m": "w * x", "s": "sum(m)", "z": "W @ x", "u": "c * x", "v": "mean(u)", "y": "sum(z) + s", "L": "y + v"},
    )


def check_window(terms: Terms, contributions: Array, around: int) -> None:
    count = contributions.size
    assert terms.total == count
    assert len(terms) == min(count, WINDOW)
    assert 0 <= terms.start <= count - len(terms)
    assert terms.start <= min(max(around, 0), count - 1) < terms.start + len(terms)
    here = slice(terms.start, terms.start + len(terms))
    np.testing.assert_allclose(terms.contribution, contributions[here], rtol=1e-15)
    exact = np.cumsum(contributions.astype(np.longdouble))
    bound = 1e-13 * np.abs(contributions).sum()
    assert np.abs(terms.running - exact[here]).max() <= bound


@pytest.mark.parametrize("count", [1, 2, 1000, WINDOW - 1, WINDOW, WINDOW + 1, 10_000])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.999, 1.0])
def test_a_window_has_the_term_asked_for_and_the_sum_so_far(count: int, share: float) -> None:
    numbers = np.random.default_rng(5).normal(size=count)
    around = round(share * (count - 1))
    check_window(enumerate_terms((segment(numbers),), DOUBLE, around), numbers, around)


@pytest.mark.parametrize("around", [0, 1, 1023, 1024, 1025, 65_535, 65_536, 65_537, 131_072, 500_000, 998_976, 999_999])
def test_a_window_into_a_million_terms(around: int) -> None:
    numbers = np.random.default_rng(6).normal(size=1_000_000)
    check_window(enumerate_terms((segment(numbers),), DOUBLE, around), numbers, around)


@pytest.mark.parametrize("around", [-5, 10**9])
def test_a_window_around_no_term_is_the_nearest_one(around: int) -> None:
    numbers = np.arange(10_000, dtype=np.float64)
    check_window(enumerate_terms((segment(numbers),), DOUBLE, around), numbers, around)


def test_short_sums_are_listed_whole_wherever_one_looks() -> None:
    numbers = np.arange(WINDOW, dtype=np.float64)
    for around in (0, 100, WINDOW - 1):
        terms = enumerate_terms((segment(numbers),), DOUBLE, around)
        assert terms.start == 0
        assert terms.contribution.tolist() == numbers.tolist()


@pytest.mark.parametrize("around", [0, 700, 2999, 3000, 3001, 5999, 6000, 6500, 80_000, 139_999])
def test_a_window_runs_across_segments(around: int) -> None:
    rng = np.random.default_rng(8)
    parts = [rng.normal(size=n) for n in (3000, 0, 3000, 1, 134_000)]
    segments = tuple(segment(p, node) for node, p in enumerate(parts))
    every = np.concatenate(parts)
    assert total(segments) == every.size == 140_001
    terms = enumerate_terms(segments, DOUBLE, around)
    check_window(terms, every, around)
    owner = np.repeat(np.arange(5), [len(p) for p in parts])
    offset = np.concatenate([np.arange(len(p)) for p in parts])
    here = slice(terms.start, terms.start + len(terms))
    assert terms.segment.tolist() == owner[here].tolist()
    assert terms.via.tolist() == offset[here].tolist()
    assert set(terms.via_value.tolist()) == {7}
    assert set(terms.factor_value.tolist()) == set(terms.factor.tolist()) == {-1}


def test_no_terms_at_all() -> None:
    terms = enumerate_terms((), DOUBLE)
    assert terms.total == len(terms) == terms.start == 0
    assert terms.running.size == 0


def test_the_running_sum_has_the_graphs_precision() -> None:
    numbers = np.full(100_000, 0.1, dtype=np.float32)
    terms = enumerate_terms((segment(numbers),), np.dtype(np.float32), 99_999)
    assert terms.running.dtype == terms.contribution.dtype == np.float32
    assert float(terms.running[-1]) == pytest.approx(10_000, rel=1e-4)


def test_terms_that_are_no_products_have_no_factors() -> None:
    net = network({"t": [1.0, 2.0, 4.0]}, {"y": [0.5, 2.5, 1.0]}, {"L": "half_squared_error(y, t)"})
    terms = enumerate_terms(forward_segments(net.trace, node_of(net, "L"), 0), DOUBLE)
    assert terms.contribution.tolist() == [0.125, 0.125, 4.5]
    assert terms.running.tolist() == [0.125, 0.25, 4.75]
    assert np.isnan(terms.upstream).all()
    assert np.isnan(terms.local).all()
    assert terms.via_value.tolist() == [net.value("y").id] * 3


def test_the_terms_of_a_weighted_sum_are_its_products_and_the_bias() -> None:
    net = walkthrough()
    terms = enumerate_terms(forward_segments(net.trace, node_of(net, "z1"), 1), DOUBLE)
    assert terms.upstream.tolist() == [0.5, 0.8, -0.1]  # the inputs and the bias
    assert terms.local.tolist() == [-0.2, 0.5, 1.0]  # their weights
    assert terms.contribution == pytest.approx([-0.1, 0.4, -0.1], abs=1e-16)
    assert terms.running == pytest.approx([-0.1, 0.3, 0.2], abs=1e-16)
    x, W1, b1 = (net.value(n).id for n in ("x", "W1", "b1"))
    assert terms.via_value.tolist() == [x, x, b1]
    assert terms.via.tolist() == [0, 1, 1]
    assert terms.factor_value.tolist() == [W1, W1, -1]
    assert terms.factor.tolist() == [2, 3, -1]
    assert terms.segment.tolist() == [0, 0, 1]


def test_each_step_of_the_walkthrough_is_made_of_its_terms() -> None:
    net = walkthrough()
    timeline = Timeline(net.graph)
    counts = []
    for step in range(1, timeline.total + 1):
        segments = segments_at(net.trace, timeline, step)
        counts.append(total(segments))
        sweep, flat = timeline.locate(step)
        if segments:
            terms = enumerate_terms(segments, DOUBLE)
            array = net.trace.grad[sweep.value] if sweep.phase is Phase.BACKWARD else net.trace.data[sweep.value]
            assert array is not None
            assert terms.running[-1] == pytest.approx(array.reshape(-1)[flat], abs=1e-15)
    # Two inputs and a bias for each sum; an activation is no sum; every gradient here has one path.
    assert counts[:7] == [3, 3, 0, 0, 3, 0, 1]
    assert counts[7:22] == [1] * 15
    assert counts[22:] == [0] * 9


def test_a_neuron_that_feeds_two_has_two_terms() -> None:
    net = network(
        {"x": [0.5, -1.0]}, {"W": [[0.2, 0.3], [-0.4, 0.1]], "V": [[1.0, 2.0], [3.0, 4.0]]},
        {"h": "tanh(W @ x)", "y": "V @ h", "L": "sum(y * y)"},
    )  # fmt: skip
    y = net.data("y")
    terms = enumerate_terms(gradient_segments(net.trace, net.value("h"), 0), DOUBLE)
    assert terms.upstream == pytest.approx(2 * y)
    assert terms.local.tolist() == [1.0, 3.0]
    assert terms.factor_value.tolist() == [net.value("V").id] * 2
    assert terms.factor.tolist() == [0, 2]
    assert terms.running[-1] == pytest.approx(2 * y[0] * 1 + 2 * y[1] * 3)


@pytest.mark.parametrize("count", [10_000, 1_000_000])
@pytest.mark.parametrize("share", [0.0, 0.37, 1.0])
def test_long_sums_of_a_graph(count: int, share: float) -> None:
    net = long_sum(count)
    around = round(share * (count - 1))
    x, w, W = net.data("x"), net.data("w"), net.data("W")
    terms = enumerate_terms(forward_segments(net.trace, node_of(net, "s"), 0), DOUBLE, around)
    check_window(terms, w * x, around)
    terms = enumerate_terms(forward_segments(net.trace, node_of(net, "z"), 0), DOUBLE, around)
    check_window(terms, W[0] * x, around)
    assert terms.via.tolist() == terms.factor.tolist() == list(range(terms.start, terms.start + len(terms)))
    terms = enumerate_terms(forward_segments(net.trace, node_of(net, "v"), 0), DOUBLE, around)
    check_window(terms, 1.5 * x / count, around)
    terms = enumerate_terms(gradient_segments(net.trace, net.value("c"), 0), DOUBLE, around)
    check_window(terms, x / count, around)
    assert terms.via.tolist() == list(range(terms.start, terms.start + len(terms)))


@pytest.mark.parametrize("around", [0, 500_000, 999_999])
@pytest.mark.parametrize("name", ["s", "z", "v"])
def test_explaining_one_element_of_a_million_term_sum_takes_little_memory(name: str, around: int) -> None:
    net = long_sum(1_000_000)
    net.trace  # noqa: B018 - computed before memory is counted
    with at_most(FEW):
        terms = enumerate_terms(forward_segments(net.trace, node_of(net, name), 0), DOUBLE, around)
    assert terms.total == 1_000_000


@pytest.mark.parametrize("around", [0, 999_999])
def test_explaining_a_gradient_of_a_million_terms_takes_little_memory(around: int) -> None:
    net = long_sum(1_000_000)
    net.trace  # noqa: B018
    with at_most(FEW):
        terms = enumerate_terms(gradient_segments(net.trace, net.value("c"), 0), DOUBLE, around)
    assert terms.total == 1_000_000


@pytest.mark.parametrize("loss", ["mse", "half_squared_error"])
def test_explaining_a_loss_over_a_million_pairs_takes_little_memory(loss: str) -> None:
    rng = np.random.default_rng(2)
    net = network({"t": rng.normal(size=1_000_000)}, {"y": 0.5}, {"L": f"{loss}(y, t)"})
    expected = (0.5 - net.data("t")) ** 2 * (0.5 if loss == "half_squared_error" else 1e-6)
    with at_most(FEW):
        forward = enumerate_terms(forward_segments(net.trace, node_of(net, "L"), 0), DOUBLE, 700_000)
        backward = enumerate_terms(gradient_segments(net.trace, net.value("y"), 0), DOUBLE, 700_000)
    check_window(forward, expected, 700_000)
    assert forward.total == backward.total == 1_000_000


def test_counting_terms_enumerates_none() -> None:
    net = long_sum(1_000_000)
    net.trace  # noqa: B018
    with at_most(100_000):
        assert total(forward_segments(net.trace, node_of(net, "s"), 0)) == 1_000_000
        assert total(gradient_segments(net.trace, net.value("c"), 0)) == 1_000_000
        assert total(gradient_segments(net.trace, net.value("w"), 123)) == 1


def test_terms_read_from_the_middle_of_a_batch() -> None:
    rng = np.random.default_rng(4)
    x, W, b = rng.normal(size=(40, 5)), rng.normal(size=(3, 5)), rng.normal(size=3)
    net = network({"x": x}, {"W": W, "b": b}, {"y": "x @ W.T + b", "L": "sum(y * y)"})
    y = np.einsum("nj,ij->ni", x, W) + b
    weight = enumerate_terms(gradient_segments(net.trace, net.value("W"), 1 * 5 + 2), DOUBLE)
    assert weight.contribution == pytest.approx(2 * y[:, 1] * x[:, 2])
    assert weight.factor.tolist() == [n * 5 + 2 for n in range(40)]
    bias = enumerate_terms(gradient_segments(net.trace, net.value("b"), 2), DOUBLE)
    assert bias.contribution == pytest.approx(2 * y[:, 2])
    assert bias.via.tolist() == [n * 3 + 2 for n in range(40)]


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"a": [0.0, 1.0]}, "log(a)"),
        ({"a": [-1.0, 2.0]}, "log(a)"),
        ({"a": [0.0, 1.0], "b": [0.0, 2.0]}, "a / b"),
        ({"a": [1.0, -1.0], "b": [0.0, 0.0]}, "a / b"),
        ({"a": [np.inf, -np.inf], "b": [0.0, 0.0]}, "a * b"),
        ({"a": [np.inf, -np.inf], "b": [np.inf, np.inf]}, "a + b"),
        ({"a": [0.0, 0.0]}, "a ** -1"),
        ({"a": [0.0, 1.0]}, "a ** 0"),
        ({"a": [0.0, -4.0]}, "a ** 0.5"),
        ({"a": [0.0, 0.0], "b": [0.0, -1.0]}, "a ** b"),
        ({"a": [1e300, 800.0]}, "exp(a)"),
        ({"a": [1e308, 1e200], "b": [1e308, 1e200]}, "a * b"),
        ({"a": [-1000.0, np.nan]}, "sigmoid(a)"),
        ({"a": [1e200, np.inf], "b": [-1e200, np.inf]}, "mse(a, b)"),
        ({"a": [1e200, np.inf], "b": [-1e200, np.inf]}, "half_squared_error(a, b)"),
        ({"a": [np.inf, 1.0], "b": [[0.0, 1.0], [1e308, 1.0]]}, "b @ a"),
    ],
)
def test_explaining_numbers_that_are_none_warns_of_nothing(parameters: dict[str, Array], text: str) -> None:
    """They flow through a run without a warning, and so they do when one asks where they came from."""
    net = network({}, parameters, {"y": text, "m": "y * y", "L": "sum(m)"})
    timeline = Timeline(net.graph)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for step in range(1, timeline.total + 1):
            sweep, flat = timeline.locate(step)
            segments = segments_at(net.trace, timeline, step)
            if segments:
                terms = enumerate_terms(segments, DOUBLE)
                array = net.trace.grad[sweep.value] if sweep.phase is Phase.BACKWARD else net.trace.data[sweep.value]
                assert array is not None
                np.testing.assert_allclose(terms.running[-1], array.reshape(-1)[flat], rtol=1e-12)
