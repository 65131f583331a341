"""What is said of a step. Whether each claim of a caption is true is held in `explain/test_narrate.py`; here, which
of them is chosen, and that the parts belong to one step."""

from __future__ import annotations

import pytest
from debugging import fresh

from gradstep.engine.run.timeline import Position


def test_a_headline_says_how_far_a_sum_or_an_update_is() -> None:
    session = fresh("walkthrough")
    plain = session.frame_at(Position(1)).story.headline
    assert session.frame_at(Position(1, 2)).story.headline == f"{plain} · term 2 of 3"
    session = fresh("momentum-vs-sgd", "goto update", "into 1")
    story = session.frame_at(session.position._replace(term=1)).story
    assert story.headline.endswith(f"line 1 of {len(story.stages)}")
    assert story.caption == f"{story.stages[0].line.says[0].upper()}{story.stages[0].line.says[1:]}."


def test_before_the_first_step_there_is_nothing_to_compute() -> None:
    story = fresh().frame().story
    assert (story.equation, story.stages, story.lines, story.trouble, story.troubles) == (None, (), (), None, ())
    assert story.headline
    assert story.explanation


def test_what_was_set_by_hand_is_said_with_what_it_was() -> None:
    """h₂ = −0.2·0.5 + 0.5·0.8 − 0.1 = 0.2."""
    session = fresh("walkthrough", "set h[1] = 1", "goto h[1]")
    assert session.frame().story.caption == "Set by hand: it was 0.2000. What depends on it follows."
    session.do("goto h[0]")
    assert "Set by hand" not in session.frame().story.caption
    session.do("goto z2[0]")  # it depends on it, and is computed
    assert "Set by hand" not in session.frame().story.caption


def test_what_is_not_finite_is_told_instead_of_the_step() -> None:
    session = fresh("log-of-zero")
    first, backward = session.frame().story.troubles
    trace, timeline = session.recording.trace, session.recording.timeline
    assert session.frame_at(Position(first - 1)).story.trouble is None
    story = session.frame_at(Position(first)).story
    assert story.trouble is not None
    assert story.trouble.step == first
    sweep, flat = timeline.locate(first)
    assert abs(trace.data[sweep.value].item(flat)) == float("inf")
    assert "−∞" in story.caption
    sweep, flat = timeline.locate(backward)
    slope = trace.gradient(sweep.value).item(flat)
    assert slope != slope or abs(slope) == float("inf")


def test_the_authors_words_stand_at_their_step() -> None:
    session = fresh("dead-relu", "goto h[1]")
    note = "The unit is dead for this sample: the backward pass will multiply by 0 here."
    assert session.frame().story.note == note
    assert session.frame_at(Position(session.position.step - 1)).story.note == ""


@pytest.mark.parametrize("name", ["walkthrough", "momentum-vs-sgd", "xor-training"])
def test_the_result_of_an_equation_is_what_the_step_writes(name: str) -> None:
    session = fresh(name)
    session.goto("@2 start")
    for step in range(1, session.recording.timeline.total + 1):
        frame = session.frame_at(Position(step, None, 2))
        assert frame.story.equation is not None
        assert frame.story.equation.result == frame.tape_line(step).value
        if frame.story.lines:
            assert frame.story.lines[-1].result == frame.tape_line(step).value
