"""Fifty iterations of every optimiser, with clipping and schedules, against PyTorch's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Phase
from gradstep.engine.training.optimizer import OPTIMIZERS
from gradstep.engine.training.schedules import SCHEDULES

#: Written by tests/peers/torch_optimizers.py.
PEER = json.loads((Path(__file__).parents[2] / "peers/torch_optimizers.json").read_text(encoding="utf-8"))
CASES: dict[str, Any] = PEER["cases"]
TOLERANCE = 1e-9


def toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {toml(one)}' for key, one in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value).replace("Infinity", "inf")


def scenario(training: dict[str, Any], dtype: str = "float64") -> Scenario:
    network = PEER["network"]
    lines = [
        f'format = 1\ndtype = "{dtype}"\nbatch = ["x", "t"]\n[inputs]',
        f"x = {network['x']}",
        f"t = {network['t']}",
    ]
    lines += ["[parameters]", *(f"{name} = {value}" for name, value in network["parameters"].items())]
    lines += ["[graph]", 'h = "tanh(x @ W1.T + b1)"', 'L = "mse(h @ W2.T + b2, t)"', "[training]"]
    return loads("\n".join([*lines, *(f"{key} = {toml(value)}" for key, value in training.items())]))


def apart(ours: Any, theirs: Any) -> float:
    """The largest difference relative to the largest of their numbers."""
    a, b = np.asarray(ours, float), np.asarray(theirs, float)
    return float(abs(a - b).max() / abs(b).max())


@pytest.mark.parametrize("name", CASES)
def test_fifty_iterations_are_those_of_pytorch(name: str) -> None:
    case = CASES[name]
    history = History(scenario(case["training"]))
    history.make(len(case["losses"]))
    for k, (ours, theirs) in enumerate(zip(history.summaries.loss.low, case["losses"], strict=True), 1):
        assert abs(ours - theirs) <= TOLERANCE * abs(theirs), f"loss of iteration {k}"
    assert apart(history.summaries.rate.low, case["rates"]) < 1e-12
    for k, parameters in case["after"].items():
        leaves = history.snapshot(int(k) + 1).leaves
        for parameter, theirs in parameters.items():
            value = history.start.graph.by_name[parameter].id
            assert apart(leaves[value], theirs) <= TOLERANCE, f"{parameter} after {k}"
    for k, parameters in case["averages"].items():
        update = history.recording(int(k)).update
        for parameter, theirs in parameters.items():
            value = history.start.graph.by_name[parameter].id
            assert apart(update.averaged(value), theirs) <= TOLERANCE, f"average of {parameter} after {k}"


def test_the_cases_have_every_optimiser_and_schedule() -> None:
    named = {case["training"]["optimizer"] for case in CASES.values()}
    assert named == set(OPTIMIZERS)
    assert {case["training"].get("schedule", "constant") for case in CASES.values()} == set(SCHEDULES)
    for name, one in OPTIMIZERS.items():
        used = {key for case in CASES.values() if case["training"]["optimizer"] == name for key in case["training"]}
        shared = {"momentum", "dampening", "nesterov", "weight_decay", "lr", "betas", "eps", "amsgrad", "maximize"}
        assert set(one.options) - used <= shared, name
    for name, schedule in SCHEDULES.items():
        used = {key for c in CASES.values() if c["training"].get("schedule") == name for key in c["training"]}
        assert set(schedule.options) - used <= {"gamma", "start_factor"}, name


@pytest.mark.parametrize("name", CASES)
def test_an_elements_lines_end_in_what_the_whole_update_writes(name: str) -> None:
    """Bit for bit: what the screen derives line by line is what training goes on with."""
    history = History(scenario(CASES[name]["training"]))
    for k in (1, 2, 7):
        recording, after = history.recording(k), history.snapshot(k + 1) if k < history.made else None
        history.make(k)
        after = history.snapshot(k + 1)
        for parameter in recording.graph.parameters:
            new = after.leaves[parameter.id]
            assert np.array_equal(recording.updated(parameter.id), new)
            for flat in range(parameter.size):
                last = list(recording.update.stages(parameter.id, flat))[len(recording.update.rule(parameter.id)) - 1]
                assert last.made == new.reshape(-1)[flat]
                assert recording.updated(parameter.id, flat)[0] == new.reshape(-1)[flat]


def test_an_update_keeps_the_dtype_and_is_there_for_every_parameter() -> None:
    for case in CASES.values():
        history = History(scenario(case["training"], "float32"))
        history.make(3)
        for parameter in history.start.graph.parameters:
            assert history.snapshot(4).leaves[parameter.id].dtype == np.float32
        assert all(array.dtype == np.float32 for array in history.snapshot(4).state.kept.values())


def test_the_rule_of_adam_is_written_line_by_line() -> None:
    history = History(scenario({"optimizer": "adam", "lr": 0.02}))
    recording = history.recording(3)
    value = recording.graph.by_name["W1"].id
    made = {stage.line.symbol: stage.made for stage in recording.update.stages(value, 4)}
    assert list(made) == ["m", "v", "m′", "v′", "w"]
    # Kingma and Ba, algorithm 1, in plain Python.
    m = v = 0.0
    w = PEER["network"]["parameters"]["W1"][1][1]
    for k in (1, 2, 3):
        grad = history.recording(k).trace.grad[value]
        assert grad is not None
        g = float(grad.reshape(-1)[4])
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        w -= 0.02 * (m / (1 - 0.9**k)) / ((v / (1 - 0.999**k)) ** 0.5 + 1e-8)
    assert made["m"] == pytest.approx(m, rel=1e-12)
    assert made["v"] == pytest.approx(v, rel=1e-12)
    assert made["w"] == pytest.approx(w, rel=1e-12)
    step = recording.timeline.step_of(Phase.UPDATE, value, 4)
    assert step is not None
