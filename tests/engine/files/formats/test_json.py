"""The run as JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gradstep.engine.debugger import Session
from gradstep.engine.files import find, loads
from gradstep.engine.files.formats.json import write
from gradstep.engine.run import Scenario, record

SQUARES = 'format = 1\n[parameters]\nw = [2.0, 3.0]\n[graph]\nL = "sum(w * w)"\n'


def exported(scenario: Scenario) -> Any:
    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is not JSON")

    return json.loads(write(record(scenario)), parse_constant=refuse)


def test_it_is_the_run() -> None:
    found = exported(loads(SQUARES))
    assert set(found) == {"gradstep", "format", "title", "dtype", "loss", "steps", "nodes", "next", "findings"}
    assert found["loss"] == {"name": "L", "value": 13.0}
    assert found["steps"] == 2 + 1 + 4 + 2
    by_name = {node["name"]: node for node in found["nodes"]}
    assert by_name["w"] == {
        "name": "w",
        "op": None,
        "role": "parameter",
        "inputs": [],
        "shape": [2],
        "value": [2.0, 3.0],
        "grad": [4.0, 6.0],
    }
    assert by_name["L:multiply"]["op"] == "multiply"
    assert by_name["L:multiply"]["inputs"] == ["w", "w"]
    assert found["next"] == {"w": [2.0 - 0.1 * 4.0, 3.0 - 0.1 * 6.0]}


def test_what_was_set_by_hand_is_named() -> None:
    session = Session(find("walkthrough"))
    for text in ("h[1] = 1", "h.grad[0] = 2", "x = [1, 2]", "W2[0,1] = 3"):
        session.edit(text)
    assert json.loads(write(session.recording))["set"] == ["h[1]", "h.grad[0]", "x", "W2[0,1]"]


def test_it_has_no_gradient_where_there_is_none_and_spells_what_json_has_not() -> None:
    text = 'format = 1\n[inputs]\nx = [nan, inf, -inf, 1.0]\n[parameters]\nw = 2.0\n[graph]\nL = "sum(x * w)"\n'
    by_name = {node["name"]: node for node in exported(loads(text))["nodes"]}
    assert by_name["x"]["value"] == ["NaN", "Infinity", "-Infinity", 1.0]
    assert by_name["x"]["grad"] is None
    assert by_name["w"]["grad"] == "NaN"


@pytest.mark.parametrize("name", ["walkthrough", "digits"])
def test_the_numbers_of_a_scenario_come_back_bit_for_bit(name: str) -> None:
    scenario = find(name)
    by_name = {node["name"]: node for node in exported(scenario)["nodes"]}
    for value, array in scenario.leaves.items():
        read = np.array(by_name[scenario.graph.values[value].name]["value"], dtype=array.dtype)
        np.testing.assert_array_equal(read.reshape(array.shape), array)
