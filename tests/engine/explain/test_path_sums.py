"""How many paths there are, and what they bring together."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from every_path import layered
from graphs import at, network, recorded, walkthrough

from gradstep.engine.explain.paths import count, strongest, total
from gradstep.engine.ops.families.linear import Linear


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


def test_what_goes_back_from_the_loss_does_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    recording, pulled = recorded(layered([5, 4, 3])), []
    vjp = Linear.vjp
    monkeypatch.setattr(Linear, "vjp", lambda self, slot, *rest: pulled.append(slot) or vjp(self, slot, *rest))
    for flat in range(5):
        assert total(recording, at(recording, "x", flat)) != 0
    assert pulled == [0]  # of the input, which has no gradient in the trace; all others have
