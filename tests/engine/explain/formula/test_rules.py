"""Every rule, read as it is printed and computed: it gives the number of its step, forward and backward.

`GRADSTEP_EXAMPLES=5000` draws as many random networks; all steps of all scenarios, instead of a sample of each array,
are read with `GRADSTEP_EVERY=1`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from graphs import EXAMPLES, REPEATABLE, NetworkBuilder, Program, programs, recorded
from hypothesis import HealthCheck, given, settings
from operations import ALL, Example, every_example
from ops.test_random_operations import built
from ops.test_random_operations import programs as of_all_operations
from rules import Names, Rule

from gradstep.engine.explain import formula
from gradstep.engine.explain.formula import Equation
from gradstep.engine.explain.hops import hops
from gradstep.engine.files import builtin, find
from gradstep.engine.graph.element import Element
from gradstep.engine.history.history import History
from gradstep.engine.ops.precision import EPS
from gradstep.engine.run.recording import Recording, record
from gradstep.engine.run.timeline import Phase

#: So many steps of each array are read.
EACH = 10**9 if os.environ.get("GRADSTEP_EVERY") else 24
SETTINGS = settings(
    deadline=None, derandomize=REPEATABLE, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def equations(recording: Recording, each: int = EACH) -> Iterator[tuple[Equation, str]]:
    """Those of all arrays that the forward and the backward pass write, of long ones the first and some others; each
    with the type of its number where that is narrower than the graph's."""
    for sweep in recording.timeline.sweeps:
        chosen = {*range(min(sweep.size, each // 2)), *range(0, sweep.size, max(sweep.size // (each // 2 + 1), 1))}
        narrower = recording.graph.values[sweep.value].kind
        for flat in sorted(chosen):
            if sweep.phase is Phase.BACKWARD:
                element = Element(sweep.value, flat)
                yield formula.backward(recording, element, *hops(recording, element, 5)), narrower
            elif sweep.phase is not Phase.UPDATE:
                yield formula.forward(recording, recording.graph.nodes[sweep.node], flat), narrower


def all_hold(recording: Recording, each: int = EACH) -> None:
    """What is printed gives the result; where that is no finite number, so is what is printed."""
    names, usual = Names(recording), 1e-9 if recording.graph.dtype == np.float64 else 2e-4
    for equation, narrower in equations(recording, each):
        rel = max(usual, EPS.get(narrower, 0.0))
        made = Rule(names, equation.right).value({})
        if math.isfinite(equation.result):
            near = math.isclose(made, equation.result, rel_tol=rel, abs_tol=rel)
            assert near, (equation.left, equation.right, made, equation.result)
        else:
            assert not math.isfinite(made), (equation.left, equation.right)


@pytest.mark.parametrize("name", builtin())
def test_the_rules_of_the_scenarios(name: str) -> None:
    recording = record(find(name))
    all_hold(recording)
    if recording.scenario.training.steps > 1 and recording.timeline.total < 500:
        later = History(find(name)).recording(4)
        all_hold(later)


def of_operation(example: Example, loss: bool = False) -> Recording:
    """A network of one operation on parameters, and a weighted sum of what it makes; or the operation alone."""
    builder = NetworkBuilder(np.float64)
    xs = example.inputs()
    inputs = [builder.parameter(f"x{k}", x) if example.free(k) else builder.input(f"x{k}", x) for k, x in enumerate(xs)]
    name = "L" if loss else "y"
    made = builder.graph.apply(example.op, inputs, name, name, name)
    if not loss:
        builder.input("c", np.random.default_rng(7).uniform(-2, 2, made.shape))
        builder.line("z", "y * c")
        builder.line("L", "sum(z)")
    return recorded(builder.done())


@every_example
def test_the_rules_of_every_operation(example: Example) -> None:
    if example.op.joint:  # made of all at once, as over all paths, it has words: its numbers are held against PyTorch's
        return
    recording = of_operation(example)
    all_hold(recording, 60)


def makes_one(example: Example) -> bool:
    return math.prod(example.op.shape(example.shapes)) == 1


@pytest.mark.parametrize("example", [p for p in ALL if makes_one(p.values[0])])
def test_the_rules_of_every_operation_that_is_the_loss(example: Example) -> None:
    if example.op.joint:
        return
    recording = of_operation(example, loss=True)
    all_hold(recording, 60)


@given(programs())
@settings(SETTINGS, max_examples=EXAMPLES)
def test_the_rules_of_random_networks(program: Program) -> None:
    recording = recorded(program.network())
    all_hold(recording, 12)


@given(of_all_operations())
@settings(SETTINGS, max_examples=EXAMPLES // 2 + 1)
def test_the_rules_of_random_networks_of_all_operations(program: Any) -> None:
    recording = recorded(built(program, np.float64))
    all_hold(recording, 12)
