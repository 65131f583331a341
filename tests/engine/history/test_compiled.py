"""A training that goes on in the same arrays has the numbers of one that makes each iteration whole, to the bit."""

from __future__ import annotations

import sys
import tomllib
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
from gradstep.engine.training import reading
from gradstep.engine.training.optimizer import OPTIMIZERS
from gradstep.engine.training.options import OPTIONS
from gradstep.engine.training.schedules import SCHEDULES

SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=REPEATABLE,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
#: What options are drawn from; of others, what is true or false is drawn, and the rest is as it is.
VALUES: dict[str, list[Any]] = {
    "lr": [0.05, 0.3],
    "momentum": [0.0, 0.9],
    "dampening": [0.0, 0.2],
    "weight_decay": [0.0, 0.1],
    "betas": [(0.9, 0.999), (0.0, 0.5)],
    "eps": [1e-8, 1e-3],
    "initial_accumulator_value": [0.0, 0.5],
    "lr_decay": [0.0, 0.1],
    "batch_size": [None, 8, 5],
    "shuffle": [None, 3],
    "warmup": [0, 4],
    "accumulate": [1, 1, 3],
    "clip_value": [None, 0.05],
    "clip_norm": [None, 0.1],
    "norm_type": [2.0, 1.0],
    "validation": [None, 0.3],
    "validate": [None, 3],
    "step_size": [2],
    "gamma": [0.5],
    "milestones": [(2, 5)],
    "schedules": [
        [
            {"schedule": "linear", "total_iters": 3},
            {"schedule": "exponential", "gamma": 0.9},
            {"schedule": "cosine", "t_max": 4, "eta_min": 0.01},
        ]
    ],
    "max_lr": [0.2],
    "step_size_up": [3],
    "swa_lr": [0.01],
    "anneal_epochs": [0, 4],
    "avg_fn": [None, "ema", "swa"],
    "swa_start": [0, 4],
    "decay": [0.9, 0.2],
    "t_0": [3],
    "patience": [0, 1],
}
GROUPS = (
    "",
    "groups = [{ parameters = ['*1'], optimizer = 'adam', lr = 0.1 }]",
    "groups = [{ parameters = ['*1'], optimizer = 'rprop' }, { parameters = ['W2'], lr = 0.01 }]",
)


@st.composite
def trainings(draw: st.DrawFn) -> str:
    """The table of any training of parameters of all shapes, as it is written."""
    optimizer = draw(st.sampled_from(sorted(name for name in OPTIMIZERS if not OPTIMIZERS[name].whole)))
    schedule = draw(st.sampled_from(sorted(SCHEDULES)))
    table: dict[str, Any] = {"optimizer": optimizer, "schedule": schedule}
    for name, option in {**OPTIMIZERS[optimizer].options, **SCHEDULES[schedule].options, **OPTIONS}.items():
        if name in VALUES or isinstance(option.default, bool):
            value = draw(st.sampled_from(VALUES.get(name, [False, True])))
            if value is not None:
                table[name] = value
    if table.get("avg_fn") == "swa":
        table.pop("decay")
    together = {
        "decay": "avg_fn",
        "swa_start": "avg_fn",
        "use_buffers": "avg_fn",
        "shuffle": "batch_size",
        "validate": "validation",
        "nesterov": "momentum",
        "norm_type": "clip_norm",
    }
    for name, needed in together.items():
        if not table.get(needed):
            table.pop(name, None)
    if table.get("dampening"):
        table.pop("nesterov", None)
    if table["accumulate"] > 1:
        table.pop("zero_grad")
    groups = draw(st.sampled_from(GROUPS))
    if schedule in ("one_cycle", "cyclic"):  # it moves a momentum where all parameters have one
        table["cycle_momentum"] &= optimizer != "nadam" and ("betas" in table or bool(table.get("momentum")))
        groups = ""
    return f"{written(table)}\n{groups}"


def written(table: dict[str, Any]) -> str:
    return "\n".join(f"{k} = {value(v)}" for k, v in table.items())


def value(v: Any) -> str:
    if isinstance(v, dict):
        return f"{{ {', '.join(f'{k} = {value(one)}' for k, one in v.items())} }}"
    if isinstance(v, tuple | list):
        return f"[{', '.join(map(value, v))}]"
    return str(v).lower() if isinstance(v, bool) else repr(v)


def compare(scenario: Scenario, to: int = 12) -> History:
    """A training, in two pieces, against one that makes each iteration whole."""
    history = History(scenario)
    history.make(to // 3)
    history.make(to)
    check(history, whole(History(scenario), to))
    return history


# All kinds ----------------------------------------------------------------------------------------


@given(trainings(), st.sampled_from(["float64", "float32"]), st.sampled_from(["h", "dropout(h, 0.3, seed=1)"]))
@SETTINGS
def test_of_all_trainings(training: str, dtype: str, h: str) -> None:
    compare(small(training, dtype=dtype, h=h))


@given(programs(), trainings(), st.sampled_from([np.float64, np.float32]))
@SETTINGS
def test_of_random_networks(program: Program, training: str, dtype: type) -> None:
    """Without samples to draw from; numbers may grow beyond all bounds."""
    table = tomllib.loads(training)
    for name in ("batch_size", "shuffle", "validation", "validate"):
        table.pop(name, None)
    read = reading.read(table, lambda key, text, about: pytest.fail(f"{key}: {text}"))
    net = program.network(dtype)
    compare(Scenario("", "", "", "", "", "", net.graph, net.leaves, training=read), 6)


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


@given(trainings(), st.sampled_from(["float64", "float32"]))
@settings(SETTINGS, max_examples=EXAMPLES // 10)
def test_of_large_parameters(training: str, dtype: str) -> None:
    compare(loads(LARGE.format(training=training, dtype=dtype)), 6)


@pytest.mark.parametrize("name", sorted(name for name in OPTIMIZERS if OPTIMIZERS[name].whole))
@pytest.mark.parametrize("more", ["", "zero_grad = false\nclip_norm = 0.1\nmomentum = 0.0\n"])
def test_of_matrices_that_are_updated_as_a_whole(name: str, more: str) -> None:
    rest = "{{ parameters = ['{}'], optimizer = 'adam' }}"
    more = more if "momentum" in OPTIMIZERS[name].options else more.replace("momentum = 0.0\n", "")
    training = f"optimizer = '{name}'\nlr = 0.05\n{more}avg_fn = 'ema'\ngroups = [{rest.format('b*')}"
    compare(small(f"{training}]\nbatch_size = 8", dtype="float32"))
    compare(loads(LARGE.format(training=f"{training}, {rest.format('unused')}]", dtype="float64")), 6)


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
    assert count < 130


@pytest.mark.parametrize("shuffle", ["", "shuffle = 1"])
def test_class_numbers_in_batches_stay_whole(shuffle: str) -> None:
    """What only chooses is kept as whole numbers, whatever the network computes in."""
    text = f"""format = 1
dtype = "float32"
batch = ["x", "t"]
[inputs]
x = {{ init = "normal(0, 1)", shape = [12, 3], seed = 1 }}
t = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2]
[parameters]
W = {{ init = "normal(0, 1)", shape = [3, 3], seed = 2 }}
[graph]
L = "cross_entropy(x @ W.T, t)"
[training]
steps = 12
batch_size = 4
{shuffle}
"""
    history = compare(loads(text))
    t = history.start.graph.by_name["t"].id
    assert history.recording(5).trace.data[t].dtype == np.int64
