"""The loss when some numbers are others: against the whole network run again."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

import numpy as np
import pytest

from gradstep.engine.ask.differences.nudging import nudge
from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.files import builtin, find, loads
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array
from gradstep.engine.ops.narrow import wide
from gradstep.engine.run.passes import run
from gradstep.engine.run.recording import Recording, record


def loss_of_the_whole(rec: Recording, moved: Element, by: float) -> float:
    """The loss with one number moved, the whole network computed again from its leaves."""
    array = rec.trace.data[moved.value].copy()
    array.reshape(-1)[moved.flat] += by
    if any(node.op.agreed for node in rec.graph.nodes):
        return loss_along(rec, moved, by)
    leaves = {v: rec.trace.data[v] for v, number in rec.graph.leaves if number is None}
    if rec.graph.values[moved.value].node < 0:
        return run(rec.graph, {**leaves, moved.value: array}, backward=False).loss
    return run(rec.graph, leaves, backward=False, instead={moved.value: array}).loss


def loss_along(rec: Recording, moved: Element, by: float) -> float:
    """The same where gradients are agreed upon: numbers move as these say, in a straight line, and what is rounded to
    halves is as far off as it is in the run itself."""
    trace = Precise(rec).trace
    data = [array.copy() for array in trace.data]
    data[moved.value].reshape(-1)[moved.flat] += by
    for node in rec.graph.nodes:
        if node.output != moved.value:
            xs, before, y, op = [data[i] for i in node.inputs], trace.inputs(node), trace.output(node), wide(node.op)
            along = op.local(0, y, before) * (xs[0] - before[0]) if op.agreed else op.forward(xs) - op.forward(before)
            data[node.output] = np.asarray(y + along)
    return float(data[rec.graph.loss.id].item())


#: What is compared gets no gradient, and the loss depends on it all the same.
COMPARED = 'format = 1\n[parameters]\nx = 0.5\n[graph]\nm = "x * 2"\nL = "where(m > 0.999, x, 0) * 2"\n'


@pytest.mark.parametrize("name", [*builtin(), COMPARED])
def test_what_does_not_depend_on_a_number_is_not_computed_again_and_all_else_is(name: str) -> None:
    rec = record(find(name) if name in builtin() else loads(name))
    rng = np.random.default_rng(1)
    for value in rec.graph.values:
        if not rec.graph.gets_gradient(value):
            continue
        moved = Element(value.id, int(rng.integers(value.size)))
        if np.isfinite(rec.trace.data[value.id].reshape(-1)[moved.flat]):
            above, below = loss_of_the_whole(rec, moved, 0.01), loss_of_the_whole(rec, moved, -0.01)
            # A nudge is in float64; the whole run of a float32 scenario has the digits that it has.
            rel = 1e-12 if rec.graph.dtype == np.float64 else 1e-3
            assert nudge(rec, moved, 0.01).actual == pytest.approx((above - below) / 2, rel=rel, nan_ok=True)


#: Weights and biases of samples on several axes, groups on axes from the front, classes that are picked and ignored.
WIDE = """format = 1
[inputs]
t = [0.0, 2.0, 1.0]
[parameters]
x = { init = "normal(0, 1)", shape = [2, 3, 4], seed = 1 }
W = { init = "normal(0, 1)", shape = [5, 4], seed = 2 }
b = { init = "normal(0, 1)", shape = [5], seed = 3 }
[graph]
h = "softmax(linear(x, W, b), axis=1)"
s = "log_softmax(sum(h, axis=0) @ W, axis=0)"
L = "cross_entropy(s, t) + cross_entropy(s, t, ignore_index=2) + sum(softmax(sum(s)))"
"""

#: Operations that choose, of single numbers.
SINGLE = """format = 1
[parameters]
w = 2.0
[graph]
a = "w * w"
m = "median(a) * mode(a)[0]"
s = "sort(a)[0] + take(a, 0)"
L = "max(a) * m + sum(s)"
"""


@pytest.mark.parametrize("name", [*builtin(), WIDE, SINGLE])
def test_together_is_as_one_by_one(name: str) -> None:
    """The losses of many copies at once, against a run of the whole network for each."""
    precise = Precise(record(find(name) if name in builtin() else loads(name)))
    rng = np.random.default_rng(1)
    for value in precise.graph.values:
        if precise.trace.grad[value.id] is None or not value.size:
            continue
        flats = rng.integers(0, value.size, 5)
        offsets = rng.normal(size=5) * 1e-2

        def move(copies: Array, start: int, flats: Array = flats, offsets: Array = offsets) -> None:
            rows = np.arange(len(copies))
            copies[rows, flats[start + rows]] += offsets[start + rows]

        found = precise.losses(value.id, len(flats), move)
        for k, flat in enumerate(flats.tolist()):
            moved = precise.moved(value.id, flat, float(precise.trace.data[value.id].reshape(-1)[flat]) + offsets[k])
            assert found[k] == pytest.approx(precise.loss(moved), rel=1e-12, nan_ok=True), value.name


def test_all_copies_take_a_few_calls_whatever_is_moved() -> None:
    """Of a training of two layers and class numbers: as many copies of each parameter as there are."""
    precise = Precise(record(find("digits-training")))
    for parameter in precise.graph.parameters:
        count, copies = 0, 50

        def called(frame: FrameType, event: str, argument: Any) -> None:
            nonlocal count
            count += event == "call" and frame.f_code.co_name == "forward"

        sys.setprofile(called)
        try:
            precise.losses(parameter.id, copies, lambda rows, start: None)
        finally:
            sys.setprofile(None)
        assert count < copies, parameter.name
