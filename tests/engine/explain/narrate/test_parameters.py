"""Sentences about the gradient of a parameter."""

from __future__ import annotations

from graphs import at, network, recorded, walkthrough
from trainings import small

from gradstep.engine.explain import narrate
from gradstep.engine.explain.hops import hops
from gradstep.engine.explain.narrate import Narration
from gradstep.engine.run.recording import Recording, record


def told(recording: Recording, name: str, flat: int = 0) -> Narration:
    element = at(recording, name, flat)
    return narrate.backward(recording, element, *hops(recording, element, 160))


def test_a_weight_is_told_with_its_input_and_which_way_to_go() -> None:
    found = told(recorded(walkthrough()), "W1", 1)
    assert found.headline == "weight x₂ → h₁  (w₁₁₂)"
    assert found.caption.startswith("This weight multiplied x₂ = 0.800, so it gets the upstream gradient times 0.800")
    assert found.caption.endswith("negative, so raising it lowers the loss.")
    assert found.result_note == "kept for update"


def test_a_bias_gets_the_whole_gradient() -> None:
    found = told(recorded(walkthrough()), "b1", 1)
    assert found.headline == "bias → h₂  (b₁₂)"
    assert "gets the whole upstream gradient: positive, so lowering it lowers the loss." in found.caption


def test_an_input_that_is_0_has_no_influence() -> None:
    recording = recorded(network({"x": [0.0, 1.0]}, {"W": [[1.0, 2.0]]}, {"z": "W @ x", "L": "sum(z)"}))
    assert told(recording, "W").caption == "Its input x₁ is exactly 0, so this weight had no influence: gradient 0."


def test_behind_a_shut_gate_nothing_is_learned() -> None:
    lines = {"z": "W @ x", "h": "relu(z)", "L": "sum(h)"}
    recording = recorded(network({"x": [1.0]}, {"W": [[-2.0]]}, lines))
    caption = told(recording, "W").caption
    assert caption.startswith("The gate at h is shut (z = −2.000), so exactly 0 arrives.")
    assert caption.endswith("So this weight learns nothing from this sample.")


def test_what_is_chosen_and_what_is_not() -> None:
    recording = recorded(network({}, {"x": [1.0, 3.0]}, {"m": "max(x)", "L": "m * 2"}))
    says = [told(recording, "x", flat).caption for flat in (0, 1)]
    assert says == [
        "x₁ is not the max that was chosen: exactly 0.",
        "x₂ is the max that was chosen: it gets the whole gradient.",
    ]


def test_several_uses_add_up_and_samples_are_said_to_be_such() -> None:
    recording = recorded(network({}, {"x": 2.0}, {"a": "x * 3", "b": "x * 5", "L": "a + b"}))
    assert told(recording, "x").caption == "x feeds b and a, so 2 parts add up to +8.000."
    batch = record(small())
    assert told(batch, "W1").caption.startswith("W₁[0,0] acts on each of the 8 samples: one part from each")


def test_without_a_path_there_is_nothing_to_learn() -> None:
    recording = recorded(network({}, {"x": 2.0, "u": 1.0}, {"L": "x * 3"}))
    assert told(recording, "u").headline == "parameter u"
    assert told(recording, "u").caption == "No path leads from u to the loss, so its gradient is exactly 0."


def test_of_a_loss_that_is_not_finite_no_way_follows() -> None:
    recording = recorded(network({}, {"x": 0.0, "w": 1.0}, {"l": "log(x)", "L": "l + w * 2"}))
    assert "As the loss is not finite, it does not say which way to go" in told(recording, "w").caption
