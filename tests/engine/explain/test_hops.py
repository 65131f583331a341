"""Where a gradient came from, hop by hop: chains multiply up to it, and a trail has every way."""

from __future__ import annotations

from math import prod

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, Program, at, network, programs, recorded, walkthrough
from hypothesis import HealthCheck, given, settings
from recordings import written

from gradstep.engine.explain.hops import LONGEST, WIDEST, chain, hops, only_hops, slope_name, trail
from gradstep.engine.graph.element import Element


@given(programs())
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_hops_add_up_to_the_gradient_and_chains_multiply_to_it(program: Program) -> None:
    recording = recorded(program.network())
    for value in recording.graph.values:
        if not recording.graph.gets_gradient(value):
            continue
        for flat in range(value.size):
            element = Element(value.id, flat)
            count, ways = hops(recording, element, 10_000)
            assert count == len(ways)
            parts = [hop.contribution for hop in ways]
            size = sum(map(abs, parts))
            assert recording.trace.derivative(element) == pytest.approx(sum(parts), abs=1e-12 * size + 1e-300)
            for hop in ways:
                upstream = recording.trace.derivative(hop.target) if hop.target.value != recording.graph.loss.id else 1
                assert hop.contribution == pytest.approx(upstream * hop.local, rel=1e-13)
                found = chain(recording, hop)
                assert len(found.names) == len(found.factors)
                assert prod(found.factors) == pytest.approx(hop.contribution, rel=1e-12, abs=1e-300)
                assert found.product == hop.contribution


def test_a_use_that_leaves_an_element_out_hides_no_other() -> None:
    """Of p only the second row is taken by the line that uses it last."""
    lines = {"a": "abs(p)", "b": "p[1]", "L": "sum(a) + sum(b)"}
    recording = recorded(network({}, {"p": [[1.0, 2.0], [3.0, 4.0]]}, lines))
    found = [hops(recording, at(recording, "p", flat), 5) for flat in range(4)]
    assert [count for count, _ in found] == [1, 1, 2, 2]
    assert [[recording.graph.values[h.target.value].name for h in ways] for _, ways in found] == [
        ["a"], ["a"], ["b", "a"], ["b", "a"],
    ]  # fmt: skip


def test_the_chain_of_the_walkthrough_from_the_loss() -> None:
    recording = recorded(walkthrough())
    _, (hop,) = hops(recording, at(recording, "W1", 1))
    found = chain(recording, hop)
    assert found.names == ("∂L/∂y", "∂y/∂z₂", "∂z₂/∂h₁", "∂h₁/∂z₁₁", "∂z₁₁/∂w₁₁₂")
    y = 1 / (1 + np.exp(-(np.array([0.6, -0.4]) @ [0.54, 0.2] + 0.2)))
    assert found.factors == pytest.approx((y - 1, y * (1 - y), 0.6, 1, 0.8), rel=1e-14)
    assert slope_name(recording, hop) == "∂z₁₁/∂w₁₁₂"
    assert hop.factor == at(recording, "x", 1)


def test_a_chain_that_is_too_long_begins_at_a_gradient_on_the_way() -> None:
    lines = {"a0": "x * 2"} | {f"a{k}": f"a{k - 1} * 0.9" for k in range(1, 40)}
    recording = recorded(network({}, {"x": 1.0}, {**lines, "L": "a39 * 1"}))
    _, (hop,) = hops(recording, at(recording, "x"))
    assert len(only_hops(recording, hop.target)) == LONGEST
    found = chain(recording, hop)
    assert found.names[0].startswith("∂L/∂a")
    assert found.factors[0] == pytest.approx(0.9 ** (39 - LONGEST), rel=1e-12)
    assert prod(found.factors) == pytest.approx(2 * 0.9**39, rel=1e-12)


def test_where_ways_part_a_chain_begins_there() -> None:
    recording = recorded(network({}, {"x": 2.0}, {"a": "x * 3", "b": "a * 5", "c": "a * 7", "L": "b + c"}))
    _, (hop,) = hops(recording, at(recording, "x"))
    assert only_hops(recording, at(recording, "a")) == []
    assert chain(recording, hop) == (("∂L/∂a", "∂a/∂x"), (12, 3), 36)


def test_a_trail_has_each_hop_once_and_no_more_than_can_be_shown() -> None:
    lines = {"a": "x * 3", "b": "a * 5", "c": "a * 7", "d": "b + c", "L": "sum(d)"}
    recording = recorded(network({}, {"x": [2.0, 1.0]}, lines))
    names = [recording.graph.values[hop.source.value].name for hop in trail(recording, at(recording, "x"))]
    assert sorted(names) == ["a", "a", "b", "c", "d", "x"]
    lines = {"h": "W @ x", "z": "W @ h", "L": "sum(z)"}
    wide = recorded(network({"x": np.ones(300)}, {"W": np.ones((300, 300))}, lines))
    assert len(trail(wide, at(wide, "h"))) == WIDEST


def test_hops_are_counted_beyond_those_that_are_listed() -> None:
    recording = recorded(network({"x": np.arange(500.0)}, {"w": 2.0}, {"h": "w * x", "L": "sum(h)"}))
    count, ways = hops(recording, at(recording, "w"), 3)
    assert (count, [hop.local for hop in ways]) == (500, [0, 1, 2])


def test_a_use_that_leaves_an_element_out_ends_nothing() -> None:
    """w[0] is in the first use only, w[1] in the second only: L = 3·w₀ + 5·w₁, each along one way."""
    rec = written("w = [1.0, 2.0]", "L = 3 * w[0] + 5 * w[1]")
    w = rec.graph.by_name["w"].id
    for flat, slope in ((0, 3.0), (1, 5.0)):
        count, found = hops(rec, Element(w, flat))
        assert (count, len(found)) == (1, 1)
        assert found[0].contribution == slope
        assert prod(hop.local for hop in only_hops(rec, Element(w, flat))) == slope
