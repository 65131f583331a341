"""What a run needs is known before it is taken, and is what it takes."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from gradstep.engine.errors import ScenarioError
from gradstep.engine.files.finding import find, loads
from gradstep.engine.run import memory
from gradstep.engine.run.passes import run


@pytest.fixture(autouse=True)
def no_limit() -> Iterator[None]:
    yield
    memory.allow(None)


@pytest.mark.parametrize("name", ["digits", "attention-head", "conv-edge", "residual"])
def test_a_run_takes_what_was_estimated(name: str) -> None:
    """Of the arrays that stay; the small objects around them are left out."""
    scenario = find(name)
    need = memory.needs(scenario.graph)
    kept = run(scenario.graph, scenario.leaves)
    arrays = {id(a): a.nbytes for a in [*kept.data, *(g for g in kept.grad if g is not None), *kept.flow.values()]}
    assert 0.5 * sum(arrays.values()) <= need.values + need.gradients <= 2 * sum(arrays.values())


def test_the_peak_stays_below_the_estimate() -> None:
    scenario = loads(
        """format = 1
[inputs]
x = { shape = [400, 300], init = "normal(0, 1)", seed = 1 }
[parameters]
W = { shape = [500, 300], init = "normal(0, 1)", seed = 2 }
v = { shape = [500], init = "zeros" }
[graph]
h = "tanh(x @ W.T + v)"
s = "softmax(h)"
L = "mean(s * s)"
"""
    )
    need = memory.needs(scenario.graph)
    tracemalloc.start()
    try:
        run(scenario.graph, scenario.leaves)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak <= 1.3 * need.total


OUTER = """format = 1
[parameters]
W = { shape = [30000, 1], init = "zeros" }
[graph]
p = "W * W.T"
q = "p * p"
r = "q * p"
L = "sum(r)"
"""


def test_outer_products_of_30_000_are_refused_before_anything_is_taken() -> None:
    memory.allow(24 << 30)
    tracemalloc.start()
    try:
        with pytest.raises(ScenarioError) as error:
            loads(OUTER)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 10 << 20
    # Three values, three gradients, three parts of the gradient of p, and two arrays besides, of 30,000² doubles.
    needed = f"{(3 + 3 + 3 + 2) * 30_000**2 * 8 / 2**30:.3g} GiB"
    said = str(error.value)
    assert said.startswith("scenario.toml:5:5: this needs " + needed)
    assert "'p' alone has 900,000,000 elements" in said


def test_more_may_be_allowed() -> None:
    text = OUTER.replace("30000", "300")
    memory.allow(1 << 20)
    with pytest.raises(ScenarioError, match="--max-memory"):
        loads(text)
    memory.allow(64 << 20)
    assert loads(text).graph.loss.name == "L"


@pytest.mark.parametrize(
    ("rows", "why"), [("40000000", "of memory"), ("9" * 18, "an array of more elements than there can be")]
)
def test_shapes_beyond_all_measure_are_refused_as_well(rows: str, why: str) -> None:
    with pytest.raises(ScenarioError, match=why):
        loads(OUTER.replace("30000", rows))
