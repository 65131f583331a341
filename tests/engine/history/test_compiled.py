"""A training that goes on in the same arrays has the numbers of one that makes each iteration whole, to the bit."""

from __future__ import annotations

import sys
import tracemalloc
from types import FrameType
from typing import Any

import numpy as np
import pytest
from bits import same
from graphs import EXAMPLES, REPEATABLE, Program, programs
from histories import check, whole
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trainings import small

from gradstep.engine.files import find, loads
from gradstep.engine.history.history import History
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.training.optimizer import OPTIMIZERS
from gradstep.engine.training.options import OPTIONS, Training
from gradstep.engine.training.schedules import SCHEDULES

SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: What options are drawn from.
VALUES: dict[str, list[Any]] = {
    "lr": [0.05, 0.3],
    "momentum": [0.0, 0.9],
    "dampening": [0.0, 0.2],
    "weight_decay": [0.0, 0.1],
    "nesterov": [False, True],
    "betas": [(0.9, 0.999), (0.0, 0.5)],
    "eps": [1e-8, 1e-3],
    "amsgrad": [False, True],
    "alpha": [0.9],
    "centered": [False, True],
    "lr_decay": [0.0, 0.1],
    "initial_accumulator_value": [0.0, 0.5],
    "batch_size": [None, 8, 5],
    "shuffle": [None, 3],
    "warmup": [0, 4],
    "validation": [None, 0.3],
    "clip_value": [None, 0.05],
    "clip_norm": [None, 0.1],
    "zero_grad": [True, False],
    "validate": [None, 3],
    "step_size": [2],
    "gamma": [0.5],
    "t_max": [6],
    "eta_min": [0.0, 0.01],
}


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Any]:
    """A table of any training that there may be, and what goes together of it."""
    optimizer = draw(st.sampled_from(sorted(OPTIMIZERS)))
    schedule = draw(st.sampled_from(sorted(SCHEDULES)))
    names = [*OPTIMIZERS[optimizer].options, *SCHEDULES[schedule].options, *OPTIONS]
    table = {name: draw(st.sampled_from(VALUES[name])) for name in names if name != "steps"}
    if not table["batch_size"]:
        table["shuffle"] = None
    if not table["validation"]:
        table["validate"] = None
    if not table.get("momentum") or table.get("dampening"):
        table.pop("nesterov", None)
    return {"optimizer": optimizer, "schedule": schedule} | {k: v for k, v in table.items() if v is not None}


def written(table: dict[str, Any]) -> str:
    return "\n".join(
        f"{k} = {list(v) if isinstance(v, tuple) else str(v).lower() if isinstance(v, bool) else repr(v)}"
        for k, v in table.items()
    )


def compare(scenario: Scenario, to: int = 12) -> History:
    """A training, in two pieces, against one that makes each iteration whole."""
    history = History(scenario)
    history.make(to // 3)
    history.make(to)
    check(history, whole(History(scenario), to))
    return history


# All kinds ----------------------------------------------------------------------------------------


@given(tables(), st.sampled_from(["float64", "float32"]), st.sampled_from(["h", "dropout(h, 0.3, seed=1)"]))
@SETTINGS
def test_of_all_trainings(table: dict[str, Any], dtype: str, h: str) -> None:
    compare(small(written(table), dtype=dtype, h=h))


@given(programs(), tables(), st.sampled_from([np.float64, np.float32]))
@SETTINGS
def test_of_random_networks(program: Program, table: dict[str, Any], dtype: type) -> None:
    """Without samples to draw from; numbers may grow beyond all bounds."""
    training = {
        k: v for k, v in table.items() if k in OPTIONS and k not in ("batch_size", "shuffle", "validation", "validate")
    }
    optimizer = OPTIMIZERS[table["optimizer"]]
    scheduled = {k: table[k] for k in SCHEDULES[table["schedule"]].options}
    rule = optimizer(**{k: v for k, v in table.items() if k in optimizer.options})
    net = program.network(dtype)
    scenario = Scenario(
        "", "", "", "", "", net.graph, net.leaves, training=Training(rule, table["schedule"], scheduled, **training)
    )
    compare(scenario, 6)


#: One parameter that is updated by itself and summarised with others, one whose gradient is summarised by itself, and
#: one that nothing uses.
LARGE = """format = 1
dtype = "{dtype}"
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [24, 140], seed = 1 }}
t = {{ init = "normal(0, 1)", shape = [24, 80], seed = 2 }}
[parameters]
W1 = {{ init = "he_normal", shape = [128, 140], seed = 3 }}
b1 = {{ init = "normal(-1, 1)", shape = [128], seed = 5 }}
W2 = {{ init = "he_normal", shape = [80, 128], seed = 4 }}
unused = [1.0, 2.0]
[graph]
z = "x @ W1.T + b1"
L = "mse(relu(z) @ W2.T, t) + mean(z * z)"
[training]
{training}
"""


@given(tables(), st.sampled_from(["float64", "float32"]))
@settings(SETTINGS, max_examples=EXAMPLES // 10)
def test_of_large_parameters(table: dict[str, Any], dtype: str) -> None:
    compare(loads(LARGE.format(training=written(table), dtype=dtype)), 6)


@pytest.mark.parametrize("name", ["digits", "momentum-vs-sgd", "forgot-zero-grad", "vanishing-training"])
def test_of_scenarios(name: str) -> None:
    compare(find(name), 40)


# On the way ---------------------------------------------------------------------------------------


def test_what_is_computed_again_is_the_same() -> None:
    history = compare(small('optimizer = "adam"\nbatch_size = 8\nshuffle = 1'), 40)
    other = whole(History(history.scenario), 40)
    for k in (40, 3, 17):
        mine, theirs = history.recording(k).trace, other.recording(k).trace
        assert all(map(same, mine.data, theirs.data))
        assert all(map(same, mine.grad, theirs.grad))


# What it takes ------------------------------------------------------------------------------------


def test_an_iteration_makes_no_arrays_that_stay_and_hardly_any_at_all() -> None:
    """Memory that is taken on the way: less than one of the arrays that an iteration writes."""
    history = History(loads(LARGE.format(training="lr = 0.01\nbatch_size = 8", dtype="float64")))
    history.make(40)
    tracemalloc.start()
    try:
        for _ in history.onward(41, keep=False):
            pass
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        front = history._begun().front
        for _ in range(3):
            front.make()
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    largest = 8 * 128 * 140
    assert now - before < 4096
    assert peak - before < 1.5 * largest  # the step of the largest parameter, and W2's


def test_an_iteration_is_a_few_calls() -> None:
    """Of Python and of NumPy, whatever they do: two layers forward and backward, the update and all summaries."""
    history = History(small("lr = 0.01\nbatch_size = 8"))
    history.make(40)
    front, count = history._begun().front, 0

    def called(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(called)
    try:
        front.make()
    finally:
        sys.setprofile(None)
    assert count < 100
