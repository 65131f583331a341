"""What a narration is, and what is said before the first step. That every sentence is true is tested with sentences."""

from __future__ import annotations

from graphs import at, network, recorded, walkthrough
from trainings import small

from gradstep.engine.debugger.session import Session
from gradstep.engine.explain.narrate.narration import begins, kind, once
from gradstep.engine.files import find
from gradstep.engine.history.history import History


def test_a_parameter_of_two_places_is_called_after_none() -> None:
    recording = recorded(network({"x": [1.0]}, {"W": [[2.0]], "V": [[3.0]]}, {"h": "W @ x", "L": "sum(W @ h + V @ h)"}))
    assert [once(recording, at(recording, name)) for name in ("W", "V")] == [False, True]


def test_what_an_element_of_a_parameter_is() -> None:
    recording = recorded(walkthrough())
    assert [kind(recording.board, at(recording, name)) for name in ("W1", "b1")] == ["weight", "bias"]
    alone = recorded(network({}, {"v": 2.0}, {"L": "v * v"}))
    assert kind(alone.board, at(alone, "v")) == "parameter"


def test_an_iteration_begins_with_the_parameters_of_the_one_before() -> None:
    found = begins(History(find("momentum-vs-sgd")).recording(5))
    assert found.headline == "iteration 5 begins"
    assert "the update of iteration 4 made" in found.caption
    assert "the same samples" in found.caption
    assert "a new batch of samples" in begins(History(small()).recording(2)).caption


def test_a_dead_unit_says_why_its_weights_learn_nothing() -> None:
    session = Session(find("dead-relu"))
    session.goto("W1.grad[1,0]")
    caption = session.frame().story.caption
    assert "The gate at h₂ is shut" in caption
    assert "exactly 0" in caption


def test_the_skip_of_a_residual_is_weighed_against_the_long_way() -> None:
    # s.grad[0] is −0.713188522 and a.grad[0] −0.794695775 by PyTorch: the rest came through the block.
    session = Session(find("residual"))
    session.goto("a.grad[0]")
    assert session.frame().story.caption.startswith("The skip multiplies by 1, so it brings −0.713 unchanged")
    assert "the long way round brings −0.082" in session.frame().story.caption
