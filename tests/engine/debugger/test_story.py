"""What is said of a step. Whether each claim of a caption is true is held in `explain/test_sentences.py`; here, which
of them is chosen, and that the parts belong to one step."""

from __future__ import annotations

import numpy as np
import pytest
from debugging import fresh, refused
from graphs import at

from gradstep.engine.debugger.transcript import block
from gradstep.engine.run.timeline import Grain, Position


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
    frame = session.frame()
    assert frame.story.headline == "h₂, set by you"
    assert frame.story.caption == "Set by you: h₂ is 1.000; it was 0.200. What depends on it follows."
    assert block(frame).splitlines()[1:3] == [
        "  rule     h₂ ← set by you, in place of max(0, z₁₂)",
        "  result   = 1.0000   Δ was 0.2000   set by you",
    ]
    before, now = frame.origin.cards
    assert (before.name, before.value, before.note) == ("h₂", pytest.approx(0.2), "it was")
    assert (now.name, now.value, now.note) == ("h₂", 1.0, "set by you")
    assert frame.origin.curve is None
    assert frame.story.explanation[0].startswith("Here the number is set by you and not computed.")
    for other in ("h[0]", "z2[0]"):  # h₁ was not set; z₂ depends on what was, and is computed
        session.do(f"goto {other}")
        assert "set by you" not in block(session.frame()).lower()
    assert "Δ was 0.4440" in block(session.frame())


def test_a_gradient_that_was_set_is_no_product_and_no_sum_any_more() -> None:
    """In fan-out two gradients meet at h₁: −0.0147."""
    session = fresh("fan-out", "set h.grad[0] = 0.5", "goto h.grad[0]")
    frame = session.frame()
    assert frame.story.headline == "gradient of h₁, set by you"
    assert frame.story.caption == "Set by you: ∂L/∂h₁ is +0.500; it was −0.015. What depends on it follows."
    text = block(frame, terms=True)
    assert "rule     ∂L/∂h₁ ← set by you, in place of ∂L/∂z₂₁·w₂₁₁ + ∂L/∂z₂₂·w₂₂₁" in text
    assert "result   = +0.5000   Δ was −0.0147   set by you" in text
    assert "running" not in text
    assert [card.value for card in frame.origin.cards] == [pytest.approx(-0.0147, abs=5e-5), 0.5]
    assert (frame.sum.count, frame.origin.paths, frame.origin.trail, frame.origin.live) == (0, (), (), ())
    assert session.step(Grain.TERM).moved == 1
    assert session.frame().element == frame.element._replace(flat=1)  # type: ignore[union-attr]
    # What follows takes it as what arrived, and the chain begins there.
    session.goto("z1.grad[0]")
    upstream, _, product = session.frame().origin.cards
    assert (upstream.value, upstream.note, product.value) == (0.5, "set by you", 0.5)
    session.goto("W1.grad[0,1]")
    chain = session.frame().origin.chain
    assert chain is not None
    assert chain.names[0] == "∂L/∂h₁"
    assert np.prod(chain.factors) == pytest.approx(chain.product)
    assert {link.target for link in session.frame().origin.trail} == {
        at(session.recording, "z1"), at(session.recording, "h"),
    }  # fmt: skip


def test_a_number_that_was_set_says_so_where_it_is_a_factor() -> None:
    session = fresh("walkthrough", "set W2[0,1] = 0.4", "goto h.grad[1]")
    assert [card.note for card in session.frame().origin.cards][1] == "the weight w₂₂, set by you"
    session.goto("h.grad[0]")
    assert [card.note for card in session.frame().origin.cards][1] == "the weight w₂₁"
    session.do("set x[0] = 2")
    session.goto("W1.grad[0,0]")
    assert [card.note for card in session.frame().origin.cards][1] == "the input x₁, set by you"


def test_a_place_within_a_sum_that_is_set_is_the_whole_step() -> None:
    session = fresh("walkthrough", "goto z1[1]", "restart", "into")
    assert session.position.term == 2
    session.do("set z1[1] = 3")
    assert session.position == Position(2)
    assert session.frame().data(*at(session.recording, "z1", 1)) == 3
    assert "'z1[1]' was set by you, and is no sum" in refused(session, "terms z1[1]")


def test_what_is_set_to_what_it_was_is_set_all_the_same() -> None:
    session = fresh("walkthrough", "set t = 1", "set h[0] = h[0]", "goto h[0]")
    assert session.frame().story.caption == "Set by you: h₁ is 0.540, as it was. What depends on it follows."
    (card,) = session.frame().origin.cards
    assert (card.value, card.note) == (pytest.approx(0.54), "set by you")


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
    # What they say of a number that is another one was said of the file; of others it still holds.
    session.do("set b1[1] = 1.2")
    assert session.frame().story.note == f"Without the edits: {note}"
    session = fresh("dead-relu", "set b2[0] = 1", "goto h[1]")
    assert session.frame().story.note == note


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
