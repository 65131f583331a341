"""One wrong gradient among many is found along a random direction, and named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from planted import Array, wrongly
from recordings import element

from gradstep.engine.ask.differences import sampling
from gradstep.engine.ask.differences.directions import along
from gradstep.engine.ask.differences.judging import Judge
from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.verdicts import Verdict
from gradstep.engine.ask.differences.verifying import every, verify
from gradstep.engine.files import loads
from gradstep.engine.graph.graph import Graph
from gradstep.engine.run.recording import Recording, record

TEXT = """format = 1
dtype = "{}"
[inputs]
x = {{ shape = [16, 300], init = "normal", seed = 1 }}
t = {{ shape = [16, 7], init = "uniform", seed = 2 }}
[parameters]
W = {{ shape = [60, 300], init = "he_normal", seed = 3 }}
b = {{ shape = [60], init = "zeros" }}
V = {{ shape = [7, 60], init = "he_normal", seed = 4 }}
[graph]
h = "relu(linear(x, W, b))"
L = "mse(softmax(h @ V.T), t)"
"""


def large(dtype: str = "float64", wrong: Callable[[Array], Array] | None = None) -> Recording:
    """A network of 18,000 weights; with something wrong in what comes back to W."""
    scenario = loads(TEXT.format(dtype))
    graph = scenario.graph
    if wrong is None:
        return record(scenario)
    W = graph.by_name["W"].id
    nodes = [n._replace(op=wrongly(n.op, n.inputs.index(W), wrong)) if W in n.inputs else n for n in graph.nodes]
    return record(dataclasses.replace(scenario, graph=Graph(graph.values, nodes, graph.loss.name, graph.dtype)))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_right_array_agrees_and_its_slope_is_that_of_all_its_gradients(dtype: str) -> None:
    rec = large(dtype)
    judge = Judge(Precise(rec))
    for value in rec.graph.parameters:
        found = along(judge, value)
        assert found.verdict is Verdict.RIGHT
        assert found.difference == pytest.approx(found.slope, rel=1e-5)
        assert not len(found.suspects)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("factor", [-1, 0, 2, 1.1, 1.01])
@pytest.mark.parametrize("at", [0, 7_777, 17_999])
def test_one_wrong_gradient_of_18000_is_found_and_named(dtype: str, factor: float, at: int) -> None:
    right = large(dtype).trace
    strong = int(np.argsort(abs(right.gradient(right.graph.by_name["W"].id)).reshape(-1))[-1 - at // 100])

    def wrong(g: Array) -> Array:
        made = g.copy()
        made.reshape(-1)[strong] *= factor
        return made

    rec = large(dtype, wrong)
    found = along(Judge(Precise(rec)), rec.graph.by_name["W"])
    assert found.verdict is Verdict.WRONG
    assert strong in found.suspects
    assert len(found.suspects) <= 8


def test_a_sample_is_compared_and_the_rest_along_directions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "WHOLE", 0)
    monkeypatch.setattr(sampling, "WORK", 1 << 20)
    found = verify(large())
    assert found.ok
    assert found.chosen < found.total == 18_000 + 60 + 420
    assert found.arrays == found.agree > 0
    lines = list(found.lines())
    assert f"{found.checked:,} of 18,480 gradients compared" in lines[0]
    assert "drawn at random" in lines[1]
    one = element(large(), "W[17,201]").flat

    def wrong(g: Array) -> Array:
        made = g.copy()
        made.reshape(-1)[one] -= 1e-3 * abs(g).max()
        return made

    found = verify(large(wrong=wrong))
    assert [w.of for w in found.failed] == ["W.grad[17,201]"]
    assert found.agree == found.arrays - 1


def test_the_cost_does_not_grow_with_the_number_of_elements(monkeypatch: pytest.MonkeyPatch) -> None:
    """How many numbers are computed for 18,000 weights, in passes of the network."""
    count, act = 0, Precise.losses

    def counting(self: Precise, value: int, copies: int, *rest: object) -> Array:
        nonlocal count
        count += copies * self.work(value)
        return act(self, value, copies, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Precise, "losses", counting)
    monkeypatch.setattr(sampling, "WHOLE", 0)
    monkeypatch.setattr(sampling, "WORK", 1 << 22)
    rec = large()
    assert every(rec).ok
    whole = Precise(rec).work(rec.graph.by_name["W"].id)
    assert count < 2 * sampling.WORK + 7 * 66 * whole  # a direction in each array, with all lengths of steps
