"""Sentences of the backward pass about what is computed, for single kinds of steps."""

from __future__ import annotations

import pytest
from graphs import at, network, recorded, walkthrough

from gradstep.engine.explain import narrate
from gradstep.engine.explain.hops import hops
from gradstep.engine.explain.narrate import Narration
from gradstep.engine.run.recording import Recording


def told(recording: Recording, name: str, flat: int = 0) -> Narration:
    element = at(recording, name, flat)
    return narrate.backward(recording, element, *hops(recording, element, 5))


def test_the_loss_asks_what_it_is_computed_from() -> None:
    found = told(recorded(walkthrough()), "y")
    assert found.headline == "the loss asks y"
    assert found.caption == "If y grows a little, the loss changes −0.391 times as much: to learn, raise y."
    mean = recorded(network({}, {"x": [1.0, 2.0]}, {"h": "x * 2", "L": "mean(h)"}))
    assert told(mean, "h").caption.endswith("The loss is a mean over 2, which divides by 2.")
    flat = recorded(network({"t": 3.0}, {"x": 3.0}, {"h": "x * 1", "L": "mse(h, t)"}))
    assert told(flat, "h").caption.startswith("The slope of the loss along h is exactly 0 here")


def test_a_weight_passes_a_share_on_or_turns_it_or_stops_it() -> None:
    lines = {"z": "W @ h", "L": "sum(z)"}
    recording = recorded(network({}, {"x": [1.0] * 4, "W": [[0.5, -0.5, 0.0, 2.0]]}, {"h": "x * 1", **lines}))
    says = [told(recording, "h", flat).caption for flat in range(4)]
    assert says[0] == "w₁ is positive (+0.500): h₁ gets that share of the gradient, sign unchanged."
    assert says[1] == "w₂ is negative (−0.500), so the gradient flips sign on its way to h₂."
    assert says[2] == "w₃ is exactly 0, so h₃ has no influence: the gradient stops here."
    assert says[3] == "w₄ is above 1 (+2.000), so the gradient grows on its way to h₄."


@pytest.mark.parametrize(
    ("x", "formula", "says"),
    [
        (2.0, "relu(x)", "The gate is open: the gradient passes unchanged."),
        (-2.0, "relu(x)", "The gate is shut: the gradient stops here, and nothing is learned through it."),
        (0.0, "relu(x)", "x is exactly 0: the gate counts as shut, and the gradient stops here."),
        (0.0, "sigmoid(x)", "The sigmoid's slope here is 0.250, so the gradient shrinks to 25 % of its size."),
        (2.0, "exp(x)", "The slope of exp here is 7.389, so the gradient grows."),
        (2.0, "-x", "The slope is −1: the gradient turns and keeps its size."),
        (2.0, "x + 1", "The slope is 1: the gradient passes unchanged."),
        (0.0, "cos(x)", "The slope of cos at x is exactly 0, so nothing passes."),
    ],
)
def test_through_a_function_of_one_number(x: float, formula: str, says: str) -> None:
    recording = recorded(network({}, {"w": x}, {"x": "w * 1", "h": formula, "L": "h * 1"}))
    assert told(recording, "x").caption == says


def test_where_ways_meet_they_are_counted_and_weighed() -> None:
    recording = recorded(network({}, {"w": 1.0}, {"x": "w * 1", "a": "x * 3", "b": "x * 5", "L": "a + b"}))
    assert told(recording, "x").headline == "gradient of x: add 2 paths"
    assert told(recording, "x").caption == "x feeds b and a, so 2 gradients arrive and add up."
    recording = recorded(network({}, {"w": 1.0}, {"x": "w * 1", "a": "x * 3", "b": "x * -5", "L": "a + b"}))
    assert told(recording, "x").caption.endswith("They pull in opposite directions: part of the signal cancels.")
    recording = recorded(network({}, {"w": 1.0}, {"x": "w * 1", "r": "tanh(x)", "s": "x + r", "L": "s * 1"}))
    assert told(recording, "x").caption.startswith("The skip multiplies by 1, so it brings +1.000 unchanged")


def test_what_follows_is_said_where_the_result_goes() -> None:
    recording = recorded(walkthrough())
    assert told(recording, "z2").result_note == "to weights, bias, h"
    assert told(recording, "h").result_note == "to ReLU at h₁"
    assert told(recording, "z1").result_note == "to weights, bias"


def test_what_is_added_to_a_weighted_sum_may_be_computed() -> None:
    """As in a recurrent network: the second weighted sum takes the place of the bias of the first."""
    leaves = {"x": [1.0, 2.0], "u": [0.5, 3.0], "W": [[1.0, 2.0]], "U": [[1.0, 2.0]]}
    recording = recorded(network({}, leaves, {"b": "U @ u", "z": "W @ x + b", "y": "tanh(z)", "L": "sum(y)"}))
    assert told(recording, "b").caption == "The slope is 1: the gradient passes unchanged."
    assert told(recording, "z").result_note == "to weights, b, x"
    z = recording.graph.nodes[recording.graph.by_name["z"].node]
    caption = narrate.forward(recording, z, 0).caption
    assert caption == "y adds up its inputs: each input times its weight, plus b. Biggest term: b = +6.500."


def test_a_slope_may_be_infinite() -> None:
    steep = recorded(network({}, {"x": [0.0]}, {"h": "sqrt(x)", "L": "sum(h)"}))
    assert "∞" in told(steep, "x").caption
