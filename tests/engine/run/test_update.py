"""The update of one parameter, or of one of its elements, is that of all of them; and it costs what it is about."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import numpy as np
import pytest
from trainings import small

from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.run import update
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.scenario import Scenario

RULES = [
    "",
    "weight_decay = 0.1\nclip_value = 0.01",
    "clip_norm = 0.05",
    'optimizer = "momentum"',
    'optimizer = "adam"\nzero_grad = false\nclip_norm = 0.05',
]


def later(rule: str) -> Recording:
    """The third iteration of a training: something is kept by then."""
    return History(small(f"lr = 0.05\nbatch_size = 8\n{rule}")).recording(3)


@pytest.mark.parametrize("rule", RULES)
def test_of_all_of_one_and_of_an_element_it_is_the_same(rule: str) -> None:
    recording = later(rule)
    every = recording.update.all().parameters
    assert list(every) == [p.id for p in recording.graph.parameters]
    for parameter in recording.graph.parameters:
        new = recording.updated(parameter.id)
        assert new.shape == parameter.shape
        assert np.array_equal(new, every[parameter.id])
        for flat in range(parameter.size):
            assert recording.updated(parameter.id, flat).item() == new.item(flat)
            *_, last = recording.update.stages(parameter.id, flat)
            assert (last.line.symbol, last.made) == ("w", new.item(flat))


def test_a_large_parameter_has_its_own_row() -> None:
    """More elements than are updated together: 100 × 100 beside 3, by momentum's rule written out."""
    scenario = loads("""format = 1
[parameters]
W = { init = "normal(0, 1)", shape = [100, 100], seed = 1 }
b = [1.0, 2.0, 3.0]
[graph]
L = "sum(W * W) + sum(b)"
[training]
optimizer = "momentum"
lr = 0.1
momentum = 0.5
steps = 3
""")
    history = History(scenario)
    W, v = np.array(scenario.leaves[scenario.graph.by_name["W"].id]), np.zeros((100, 100))
    for iteration in (1, 2, 3):
        v = 0.5 * v + 2 * W
        W = W - 0.1 * v
        recording = history.recording(iteration)
        w, b = (recording.graph.by_name[name].id for name in ("W", "b"))
        assert recording.updated(w) == pytest.approx(W, rel=1e-12)
        assert recording.updated(w, 4321).item() == pytest.approx(W.item(4321), rel=1e-12)
        assert recording.update.all().parameters[w] == pytest.approx(W, rel=1e-12)
    # 1 + 1.5 + 1.75 steps of 0.1 along a gradient of 1.
    assert recording.updated(b) == pytest.approx(np.array([1, 2, 3]) - 0.425, rel=1e-12)


def test_the_sizes_are_those_of_all_gradients_and_of_what_the_optimiser_gets() -> None:
    recording = later("clip_norm = 0.05")
    gradients = [recording.trace.gradient(p.id) for p in recording.graph.parameters]
    norm = float(np.sqrt(sum(np.sum(g**2) for g in gradients)))
    assert norm > 0.05
    assert recording.update.norm == pytest.approx(norm, rel=1e-12)
    assert recording.update.sizes() == pytest.approx((norm, 0.05), rel=1e-5)


def executed(call: Callable[[], object]) -> int:
    """How many instructions of the update's module a call takes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename != update.__file__:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def many(parameters: int, size: int, iteration: int) -> Recording:
    """So many parameters of `size` elements, in an iteration of a training by momentum."""
    names = [f"w{k}" for k in range(parameters)]
    leaves = "\n".join(f'{name} = {{ init = "normal(0, 1)", shape = [{size}], seed = 1 }}' for name in names)
    total = " + ".join(f"sum({name} * {name})" for name in names)
    scenario = loads(
        f'format = 1\n[parameters]\n{leaves}\n[graph]\nL = "{total}"\n[training]\noptimizer = "momentum"\n'
    )
    return History(scenario).recording(iteration)


@pytest.mark.parametrize("size", [3, 10_000])
def test_a_parameter_costs_the_same_however_many_there_are(size: int) -> None:
    """As `findings` asks for each of them; large ones have entries of their own in what is kept."""
    counts = {}
    for parameters in (10, 40):
        recording = many(parameters, size, 3)
        assert recording.state.kept
        mine, first = recording.graph.parameters, recording.graph.parameters[0]
        recording.updated(first.id)
        one = executed(lambda: recording.updated(first.id))  # noqa: B023  # called at once
        every = executed(lambda: [recording.updated(p.id) for p in mine])  # noqa: B023
        assert every == parameters * one > 0
        counts[parameters] = one
    assert counts[10] == counts[40]


def test_one_step_of_gradient_descent_and_the_loss_after_it() -> None:
    scenario: Scenario = loads('format = 1\n[parameters]\nw = 3.0\n[graph]\nL = "w * w"\n[training]\nlr = 0.25\n')
    recording = record(scenario)
    assert recording.updated(scenario.graph.by_name["w"].id).item() == 3 - 0.25 * 6
    assert recording.next_loss() == 1.5**2


@pytest.mark.parametrize("sizes", [(2, 3), (2, 2)])
def test_gradients_that_are_parts_of_one_array_go_to_their_own_parameters(sizes: tuple[int, int]) -> None:
    """Those of what is joined lie in the order in which it was, which is not that of the file."""
    c = [1.0, 2.0, 3.0, 4.0, 5.0][: sum(sizes)]
    text = (
        f"format = 1\n[inputs]\nc = {c}\n[parameters]\np = {[10.0] * sizes[0]}\nq = {[20.0] * sizes[1]}\n"
        '[graph]\nL = "sum(concat(q, p) * c)"\n[training]\nlr = 1.0\nsteps = 3\n'
    )
    names = {v.name: v.id for v in record(loads(text)).graph.values}
    data = History(loads(text)).recording(3).trace.data
    assert data[names["q"]].tolist() == [20.0 - 2 * g for g in c[: sizes[1]]]
    assert data[names["p"]].tolist() == [10.0 - 2 * g for g in c[sizes[1] :]]


def test_an_empty_parameter_is_updated_to_an_empty_one() -> None:
    text = 'format = 1\n[parameters]\nk = []\n[graph]\nL = "mean(k)"\n[training]\nsteps = 2\n'
    trace = History(loads(text)).recording(2).trace
    assert [a.shape for a in trace.data] == [(0,), ()]
