"""Sentences of the forward pass, for single kinds of steps; that all are true is tested with sentences."""

from __future__ import annotations

import pytest
from graphs import network, recorded, walkthrough

from gradstep.engine.explain import narrate
from gradstep.engine.explain.narrate import Narration
from gradstep.engine.run.recording import Recording


def told(recording: Recording, name: str, flat: int = 0) -> Narration:
    return narrate.forward(recording, recording.graph.nodes[recording.graph.by_name[name].node], flat)


def test_a_weighted_sum_names_its_biggest_term() -> None:
    """0.3 · 0.8 = 0.24 is more than 0.4 · 0.5."""
    found = told(recorded(walkthrough()), "z1")
    assert found.headline == "weighted sum into h₁"
    assert found.caption.endswith("plus the bias. Biggest term: w₁₁₂·x₂ = +0.240.")
    # Of a bias alone nothing is biggest, and without one it is not named.
    found = told(recorded(network({"x": [0.0, 0.0]}, {"W": [[1.0, 2.0]]}, {"z": "W @ x", "L": "sum(z)"})), "z")
    assert found.caption == "z adds up its inputs: each input times its weight."


@pytest.mark.parametrize(
    ("x", "formula", "says"),
    [
        (2.0, "relu(x)", "x is positive, so the gate is open"),
        (-2.0, "relu(x)", "x is negative (−2.000), so the gate is shut: h is 0"),
        (0.0, "relu(x)", "x is exactly 0, so the gate counts as shut."),
        (0.0, "tanh(x)", "tanh turns 0 into 0. The slope here, 1.000, is kept"),
        (2.0, "x + 3", "h is x plus 3: 5.000."),
        (2.0, "x * x", "h is x times x: 4.000."),
    ],
)
def test_functions_of_single_numbers(x: float, formula: str, says: str) -> None:
    assert told(recorded(network({}, {"x": x}, {"h": formula, "L": "h * 1"})), "h").caption.startswith(says)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (3.0, "The prediction is 1.000 above the target."),
        (1.5, "The prediction is 0.500 below the target."),
        (2.0, "The prediction meets the target exactly: there is nothing to learn from this sample."),
    ],
)
def test_a_loss_of_one_prediction_says_how_far_off_it_is(y: float, says: str) -> None:
    assert told(recorded(network({"t": 2.0}, {"y": y}, {"L": "mse(y, t)"})), "L").caption.startswith(says)


def test_a_loss_of_several_says_what_it_is() -> None:
    found = told(recorded(network({"t": [2.0, 0.0]}, {"y": [0.0, 0.0]}, {"L": "mse(y, t)"})), "L")
    assert found.caption.startswith("The loss is 2.000. The backward pass asks")
