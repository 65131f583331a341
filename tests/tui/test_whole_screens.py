"""Whole screens as plain text, which a person can read: at 80×24 what a beginner sees first, and what falls apart first
where there is little room; at 100×30 and 160×45 a moment that matters of scenarios, each drawn in another way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.pilot import Pilot

from gradstep.tui.app import Gradstep
from gradstep.tui.loading import Loading

GOLDEN = Path(__file__).parent / "screens"
LONG = """format = 1
title = "long names"
[inputs]
measurement_vector = [0.5, 0.8]
target_value = [1.0]
[parameters]
first_layer_weights_of_the_encoder = [[0.4, 0.3], [-0.2, 0.5]]
first_layer_biases_of_the_encoder = [0.1, -0.1]
second_layer_weights_of_the_decoder = [[0.6, -0.4]]
[graph]
hidden = "first_layer_weights_of_the_encoder @ measurement_vector + first_layer_biases_of_the_encoder"
hidden_activations_of_encoder = "relu(hidden)"
prediction_of_decoder = "sigmoid(second_layer_weights_of_the_decoder @ hidden_activations_of_encoder)"
loss = "half_squared_error(prediction_of_decoder, target_value)"
"""
#: What each is called, the scenario, where, and the keys that are pressed there.
SCREENS = [
    ("help", "walkthrough", "h.grad[1]", ["question_mark"]),
    ("note", "walkthrough", "h.grad[1]", ["x"]),
    ("edit", "walkthrough", "W2.grad[0,1]", ["e"]),
    ("why", "walkthrough", "W1.grad[0,1]", ["y"]),
    ("neuron", "walkthrough", "h.grad[1]", ["enter"]),
    ("neuron-of-many", "digits", "h.grad[3,2]", ["enter", "enter"]),
    ("pixel", "conv-edge", "c[0,1,1]", ["enter"]),
    ("batch", "xor", "W1.grad[0,1]", []),
    ("other-sample", "xor-training", "h.grad[3,1]", []),
    ("tables", "batch-norm", "n[0,0]", []),
    ("probabilities", "softmax-cross-entropy", "z.grad[0]", []),
    ("probabilities-afar", "softmax-cross-entropy", "z.grad[0]", ["minus"]),
    ("afar", "digits", "W2.grad[3,2]", []),
    ("params-long", "LONG", "W", ["4"]),
    ("math-long", "LONG", "W", []),
]
#: Scenarios and moments, at each of the larger sizes.
MOMENTS = [
    ("fan-out", "h.grad[0]"),
    ("residual", "a.grad[0]"),
    ("xor", "W1.grad[0,1]"),
    ("vanishing", "h4.grad"),
    ("softmax-cross-entropy", "z.grad[0]"),
    ("conv-edge", "k.grad[0,0,0,1]"),
    ("attention-head", "v.grad[1,0]"),
    ("gpt-block", "a.grad[0,2,0]"),
]
LARGER = [(100, 30), (160, 45)]


def seen(pilot: Pilot[int]) -> str:
    """All lines of the terminal."""
    lines = ("".join(part.text for part in strip) for strip in pilot.app.screen._compositor.render_strips())
    return "\n".join(line.rstrip() for line in lines) + "\n"


@pytest.mark.parametrize(("name", "scenario", "where", "keys"), SCREENS, ids=[screen[0] for screen in SCREENS])
async def test_screens_look_as_agreed(name: str, scenario: str, where: str, keys: list[str], tmp_path: Path) -> None:
    """To accept a changed screen, look at it and run with GRADSTEP_GOLDEN=write."""
    if scenario == "LONG":
        scenario, where = str(tmp_path / "long.toml"), "first_layer_biases_of_the_encoder.grad[0]"
        Path(scenario).write_text(LONG, encoding="utf-8")
    await agreed(scenario, where, keys, (80, 24), name)


@pytest.mark.parametrize("size", LARGER, ids=str)
@pytest.mark.parametrize(("scenario", "where"), MOMENTS, ids=[moment[0] for moment in MOMENTS])
async def test_so_do_larger_ones(scenario: str, where: str, size: tuple[int, int]) -> None:
    await agreed(scenario, where, [], size, f"{scenario}-{size[0]}x{size[1]}")


async def agreed(scenario: str, where: str, keys: list[str], size: tuple[int, int], name: str) -> None:
    loading = Loading(scenario, at=where)
    assert loading.wait(60)
    loading.session()
    async with Gradstep(loading).run_test(size=size) as pilot:
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
        await pilot.pause()
        text = seen(pilot)
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("GRADSTEP_GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def test_every_screen_belongs_to_a_test() -> None:
    larger = {f"{scenario}-{width}x{height}" for scenario, _ in MOMENTS for width, height in LARGER}
    assert {file.stem for file in GOLDEN.iterdir()} == {screen[0] for screen in SCREENS} | larger
