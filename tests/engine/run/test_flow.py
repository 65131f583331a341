"""What arrives where, against Jacobians of PyTorch and products worked out by hand."""

from __future__ import annotations

from math import inf, log

import numpy as np
import pytest
import torch
from graphs import EXAMPLES, REPEATABLE
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import recording, written

from gradstep.engine.run import flow
from gradstep.engine.run.flow import Hop


def test_the_norms_are_those_of_jacobians_times_the_gradient_at_the_output() -> None:
    """Six sigmoid layers: J of the last sum by each station, from torch, times the gradient of the loss by that sum."""
    rec = recording("vanishing-training")
    data = {name: torch.tensor(rec.trace.data[value.id]) for name, value in rec.graph.by_name.items()}

    def onward(h: torch.Tensor, first: int) -> torch.Tensor:
        """The last sum from the output of layer `first`."""
        for k in range(first + 1, 7):
            z = h @ data[f"W{k}"].T + data[f"b{k}"]
            h = torch.sigmoid(z)
        return z

    z6 = data["z6"].requires_grad_()
    (near,) = torch.autograd.grad(torch.nn.functional.mse_loss(torch.sigmoid(z6), data["t"]), z6)
    expected = [float(near.norm())]
    for k in range(5, 0, -1):
        J = torch.autograd.functional.jacobian(lambda h, k=k: onward(h, k), data[f"h{k}"])
        expected.append(float(torch.einsum("ab,abcd->cd", near, J).norm()))
    J = torch.autograd.functional.jacobian(lambda z: onward(torch.sigmoid(z), 1), data["z1"])
    expected.append(float(torch.einsum("ab,abcd->cd", near, J).norm()))
    assert flow.norms(rec) == pytest.approx(expected[::-1], rel=1e-10)
    ratios = {rec.graph.values[v].name: ratio for v, ratio in flow.ratios(rec).items()}
    assert ratios["W1"] == ratios["b1"] == ratios["z1"] == pytest.approx(expected[-1] / expected[0], rel=1e-10)
    assert ratios["h5"] == pytest.approx(expected[1] / expected[0], rel=1e-10)
    assert ratios["W6"] == 1


def test_of_several_uses_the_one_that_is_furthest_off_counts() -> None:
    ratios = {recording("exploding").graph.values[v].name: r for v, r in flow.ratios(recording("exploding")).items()}
    assert ratios == pytest.approx({"h1": 4**5, "h2": 4**4, "h3": 4**3, "h4": 4**2, "h5": 4, "W": 4**5})


@pytest.mark.parametrize(("dtype", "size"), [("float64", 1e-200), ("float64", 1e200), ("float32", 1e-30)])
def test_norms_neither_overflow_nor_underflow(dtype: str, size: float) -> None:
    assert flow.norm(np.array([3 * size, 4 * size], dtype=dtype)) == pytest.approx(5 * size, rel=1e-6)
    assert flow.norm(np.array([0.0, 0.0])) == 0
    assert flow.norm(np.array([inf, 0.0])) == inf


def test_what_is_0_or_not_finite_ends_the_way() -> None:
    assert flow.sizes([1.0, 0.0, 2.0, 4.0]) == [log(2), log(4)]
    assert flow.sizes([inf, 3.0]) == [log(3)]
    assert flow.sizes([1.0, 0.0]) == []
    rec = written("x = [1.0]\nc0 = 0.0\nc1 = 2.0", "a = x * 1", "b = a * c0", "c = b * c1", "L = sum(c)")
    assert flow.norms(rec) == (0.0, 2.0, 1.0)


def test_what_is_taken_back_is_one_hop() -> None:
    assert [Hop(h.far, h.near, round(h.factor, 9)) for h in flow.hops([0.0, -9.0, 0.0])] == [Hop(0, 2, 1.0)]
    assert [(h.far, h.near) for h in flow.hops([-4.0, -3.0, -8.0, -1.0, 0.0])] == [(3, 4), (1, 3), (0, 1)]
    assert [(h.far, h.near) for h in flow.hops([3.0, 8.0, 1.0, 0.0])] == [(2, 3), (0, 2)]
    assert flow.hops([1.0]) == []


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=9))
@settings(max_examples=EXAMPLES, derandomize=REPEATABLE)
def test_hops_follow_one_another_and_multiply_to_what_is_left(logs: list[float]) -> None:
    found = flow.hops(logs)
    assert [h.near for h in found] == [len(logs) - 1, *(h.far for h in found[:-1])]
    assert found[-1].far == 0
    assert sum(log(h.factor) for h in found) == pytest.approx(logs[0] - logs[-1], abs=1e-9)
    grows = logs[0] > logs[-1]
    assert all(h.factor >= 1 if grows else h.factor <= 1 for h in found)
    for hop in found[:-1]:  # no station further on goes back behind where a hop has come to
        assert all((one >= logs[hop.far]) == grows or one == logs[hop.far] for one in logs[: hop.far])
