"""What is composed is what a scenario's reader finds in it."""

from __future__ import annotations

import tomllib

from gradstep.engine.files.composing import scenario_text


def test_every_part_is_read_as_it_was_given() -> None:
    text = scenario_text(
        {"title": 'a "net"\n\x07\x7f', "batch": ["x"]},
        {"inputs": ["x"], "parameters": ["fc.weight", "ä"]},
        {"fc.0, fc.1": "split(x @ fc.weight, 2)", "loss": "sum(fc.0)"},
        ["[training]", "lr = 0.5"],
        {"fc.0": {"module": "fc", "op": 'a\\b"'}},
        frozen=["ä"],
    )
    said = tomllib.loads(text)
    assert said["format"] == 1
    assert said["title"] == 'a "net"\n\x07\x7f'
    assert said["batch"] == ["x"]
    assert said["inputs"] == {"x": {"file": "leaves.safetensors", "key": "x"}}
    assert said["parameters"] == {
        "fc.weight": {"file": "leaves.safetensors", "key": "fc.weight"},
        "ä": {"file": "leaves.safetensors", "key": "ä", "requires_grad": False},
    }
    assert said["graph"] == {"fc.0, fc.1": "split(x @ fc.weight, 2)", "loss": "sum(fc.0)"}
    assert said["training"] == {"lr": 0.5}
    assert said["origin"] == {"fc.0": {"module": "fc", "op": 'a\\b"'}}


def test_tables_of_nothing_are_left_out() -> None:
    assert scenario_text({}, {"inputs": [], "parameters": []}, {"a": "1"}) == 'format = 1\n\n[graph]\na = "1"\n'
