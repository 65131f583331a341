"""Kinds of steps: those that are not held against every step of every run, one by one."""

from __future__ import annotations

import pytest
from brute import CONDITIONS
from recordings import all_of, recording, written

from gradstep.engine.ask.kinds import KINDS


def test_every_kind_is_compared_or_has_a_test_of_its_own() -> None:
    told = {k for text in CONDITIONS for k in KINDS if k in text}
    assert set(KINDS) - told == {"dead", "saturated", "nonfinite"}


def test_dead_units_are_those_whose_gate_is_shut() -> None:
    assert all_of(recording("dead-relu"), "dead") == ["forward h[1]", "backward z1[1]"]
    assert all_of(recording("dead-relu"), "dead(h[1])") == ["forward h[1]", "backward z1[1]"]
    assert all_of(recording("dead-relu"), "dead(h[0])") == []
    assert all_of(recording("walkthrough"), "dead") == []


def test_over_a_batch_a_unit_is_dead_if_it_is_in_every_sample() -> None:
    rec = recording("digits")
    z = rec.trace.data[rec.graph.by_name["z1"].id]
    dead = [k for k in range(z.shape[1]) if all(z[s, k] <= 0 for s in range(len(z)))]
    assert dead, "the batch has dead units"
    assert all_of(rec, "dead") == [*(f"forward h[31,{k}]" for k in dead), *(f"backward z1[31,{k}]" for k in dead)]


def test_saturated_units_have_a_small_slope() -> None:
    rec = recording("saturated")
    found = [
        (node, flat)
        for node in rec.graph.nodes
        if node.op.name in ("tanh", "sigmoid")
        for flat, y in enumerate(rec.trace.data[node.output].reshape(-1))
        if (1 - y * y if node.op.name == "tanh" else y * (1 - y)) < 0.01
    ]
    assert found
    names = [f"forward {rec.board.typed(node.output, flat)}" for node, flat in found]
    assert [line for line in all_of(rec, "saturated") if line.startswith("forward")] == names


def test_nonfinite_is_the_first_of_each_pass() -> None:
    assert all_of(recording("log-of-zero"), "nonfinite")[:2] == ["forward l[0]", "backward p[0]"]


def test_slopes_that_cancel_neither_vanish_nor_explode() -> None:
    """The slopes of exp and of the logarithm after it are 3e8 and 3e-9; what arrives is the same before and after."""
    rec = written("x = [20.0]\nw = 1.0\nv = 1.0", "a = x * w", "b = log(exp(a))", "y = b * v", "L = sum(y)")
    assert all_of(rec, "vanish") == []
    assert all_of(rec, "explode") == []


def test_the_slope_of_the_loss_is_not_the_networks() -> None:
    rec = written("x = [1.0]\nw = 1.0\nv = 1.0", "h = x * w", "y = h * v", "L = mean((y - 3000) ** 2)")
    assert abs(rec.trace.gradient(rec.graph.by_name["w"].id)) == 5998
    assert all_of(rec, "explode") == []


def test_a_parameter_is_judged_by_what_it_learns_from_and_not_by_the_size_of_its_input() -> None:
    """The input is 1e-5, and so is the gradient of w: no gradient has faded on its way."""
    rec = written("x = [1e-5]\nw = 1.0\nv = 1.0\nu = 1.0", "h = x * w", "g = h * v", "y = g * u", "L = sum(y)")
    assert rec.trace.gradient(rec.graph.by_name["w"].id) == pytest.approx(1e-5)
    assert all_of(rec, "vanish") == []


def test_only_what_is_about_units_and_terms_says_so() -> None:
    assert {name for name, kind in KINDS.items() if kind.by_term} == {"flip"}
    assert {name for name, kind in KINDS.items() if kind.units} == {"dead"}
    for kind in KINDS.values():
        assert (kind.default is not None) == ("{r" in kind.says)
