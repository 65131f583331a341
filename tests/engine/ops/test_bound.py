"""An operation that is bound to arrays writes into them what it gives otherwise, to the bit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from bits import same
from operations import Example, every_example

from gradstep.engine.index import Array
from gradstep.engine.ops import REGISTRY, Op
from gradstep.engine.ops.bound import Bound, Calls

#: What numbers are multiplied by, so that there are some of all kinds.
SPECIAL = np.array([1, -0.0, 1, np.inf, 1, np.nan, 1e30, -1, 1e-30, 0.0, 1, -np.inf])


def call(calls: Calls) -> None:
    with np.errstate(all="ignore"):
        for one in calls:
            one()


def check(
    op: Op, bound: Bound, slots: list[int], g: Array, backward: list[tuple[Array, Calls]], forward: Calls
) -> None:
    """Both passes, against those of the operation on copies of the same arrays."""
    xs = [x.copy() for x in bound.xs]
    call(forward)
    with np.errstate(all="ignore"):
        expected = np.asarray(op.forward(xs))
        assert same(bound.y, np.ascontiguousarray(expected).reshape(bound.y.shape))
        for slot, (flow, calls) in zip(slots, backward, strict=True):
            call(calls)
            found = np.asarray(op.vjp(slot, g, bound.y.copy(), xs))
            assert same(flow, np.ascontiguousarray(found).reshape(flow.shape)), f"slot {slot}"
    assert all(map(same, bound.xs, xs)), "an input is written to"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@every_example
def test_what_is_bound_is_what_the_operation_gives(example: Example, dtype: Any) -> None:
    """Several times over, with other numbers in the same arrays; ordinary ones, and others where they are allowed."""
    op, xs = example.op, [np.array(x) for x in example.inputs(dtype)]
    rng = np.random.default_rng(0)
    y = np.empty(op.shape([x.shape for x in xs]), dtype)
    g = rng.normal(size=y.shape).astype(dtype)
    bound = op.bound(op, y, xs, [None] * len(xs))
    slots = [slot for slot in range(len(xs)) if not (op.discrete or (slot and op.looks_up([x.shape for x in xs])))]
    forward, backward = bound.forward(), []
    for slot in slots:
        flow = np.full(xs[slot].shape, 7, dtype)
        backward.append((flow, bound.vjp(slot, g, flow)))
    for scale in (None, rng.uniform(0.5, 2, 12), SPECIAL):
        if scale is not None:
            xs[0][...] = (xs[0].reshape(-1) * np.resize(scale, xs[0].size)).reshape(xs[0].shape)
            g[...] = (g.reshape(-1) * np.resize(scale[::-1], g.size)).reshape(g.shape)
        check(op, bound, slots, g, backward, forward)


@pytest.mark.parametrize(
    "name", ["linear", "matmul", "relu", "sigmoid", "tanh", "softmax", "log_softmax", "nll", "mse", "dropout", "add"]
)
def test_what_most_networks_are_made_of_is_written_where_it_belongs(name: str) -> None:
    assert REGISTRY[name].bound is not Bound


def test_what_is_derived_is_bound_as_it_is_computed() -> None:
    """One that only has another name is bound as what it is derived from; one that computes something else anew."""
    relu, add = REGISTRY["relu"], REGISTRY["add"]

    class Renamed(relu, listed=False):  # type: ignore[misc,valid-type]
        label = "another"

    class Forward(relu, listed=False):  # type: ignore[misc,valid-type]
        def forward(self, xs: Sequence[Array]) -> Array:
            return xs[0] + 1

    class Twice(add, listed=False):  # type: ignore[misc,valid-type]
        def forward(self, xs: Sequence[Array]) -> Array:
            return 2 * xs[0] + 2 * xs[1]

    assert Renamed.bound is relu.bound
    assert Forward.bound is Bound
    x, y = np.ones(3), np.empty(3)
    call(Twice.bound(Twice(), y, [x, x], [None, None]).forward())
    assert y.tolist() == [4, 4, 4]
