"""Dead and saturated units, counted in NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from evidence import seen_by
from recordings import recording, written

from gradstep.engine.diagnosis.rules.gates import dead, saturated
from gradstep.engine.files import loads
from gradstep.engine.run.recording import record


def test_dead_units_of_a_batch_are_those_that_are_shut_in_every_sample() -> None:
    rec = recording("digits")
    z = rec.trace.data[rec.graph.by_name["z1"].id]
    shut = np.flatnonzero((z <= 0).all(axis=0))
    (found,) = seen_by(dead, rec, {})
    assert found.numbers == {"dead": len(shut), "of": z.shape[1], "share": len(shut) / z.shape[1]}
    assert found.at == f"h[{len(z) - 1},{shut[0]}]"
    assert f"in all {len(z)} samples" in found.text


def test_a_gate_at_0_is_shut() -> None:
    rec = written("z = [0.0, 1.0, -1.0]", "h = relu(z)", "L = sum(h)")
    (found,) = seen_by(dead, rec, {})
    assert (found.at, found.numbers["dead"], found.numbers["of"]) == ("h[0]", 2, 3)
    assert not list(seen_by(dead, written("z = [0.1, 1.0]", "h = relu(z)", "L = sum(h)"), {}))
    assert not list(seen_by(dead, written("z = [-1.0, 1.0]", "h = leaky_relu(z)", "L = sum(h)"), {}))


@pytest.mark.parametrize(("limit", "count"), [(0.01, 2), (0.1, 3), (1e-5, 0)])
def test_saturated_units_are_those_with_a_small_slope(limit: float, count: int) -> None:
    z = np.array([0.0, 2.0, -4.0, 5.0])
    assert int(((1 - np.tanh(z) ** 2) < limit).sum()) == count
    rec = written(f"z = {z.tolist()}", "h = tanh(z)", "L = sum(h)")
    found = list(seen_by(saturated, rec, {"saturated": limit}))
    assert [(one.at, one.numbers) for one in found] == (
        [("h[3]", {"saturated": count, "of": 4, "input": 5.0})] if count else []
    )


def test_of_a_sigmoid_the_slope_is_that_of_its_output() -> None:
    # σ(3) = 0.9526, so its slope is 0.0452; σ(5) has 0.0066.
    rec = written("z = [3.0, 5.0, -5.0]", "h = sigmoid(z)", "L = sum(h)")
    (found,) = seen_by(saturated, rec, {"saturated": 0.01})
    assert (found.at, found.numbers["saturated"]) == ("h[1]", 2)
    assert "slope below 0.01" in found.text


def test_samples_are_named_only_where_they_are_counted() -> None:
    """What has another axis than the batch is shut, and not in so many samples."""
    text = (
        'format = 1\nbatch = ["x"]\n[inputs]\nx = [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]\n[parameters]\n'
        'w = [-1.0, -1.0]\n[graph]\nmine = "relu(w)"\neach = "relu(x * w)"\nL = "sum(mine) + sum(each) + 1"\n'
    )
    told = {one.at.partition("[")[0]: one.text for one in seen_by(dead, record(loads(text)), {})}
    assert {name: "in all 3 samples" in said for name, said in told.items()} == {"mine": False, "each": True}
