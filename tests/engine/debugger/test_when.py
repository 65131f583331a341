"""When did it become true, and what is to blame?"""

from __future__ import annotations

from debugging import fresh, refused

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads


def test_when_goes_back_to_where_it_became_true() -> None:
    session = fresh("dead-relu", "goto end")
    found = session.do("when W1.grad[1,0] == 0")
    assert session.position.step == 19
    assert "gate shut, at step 16" in found.text
    session.do("goto end")
    session.do("when value > 0.6")
    frame = session.frame()
    assert frame.story.equation is not None
    assert frame.story.equation.result > 0.6


def test_when_a_neurons_gradient_became_zero_lands_on_the_gate() -> None:
    session = fresh("dead-relu", "goto end")
    found = session.do("when h.grad[1] == 0")
    assert commands.place(session) == "z1.grad[1]"
    assert "was never true; but of the sum into the same neuron" in found.text
    assert "gate shut, here" in found.text


def test_when_finds_the_cause_of_a_nan() -> None:
    session = fresh("log-of-zero", "goto L:sum.grad")
    assert "log of 0" in session.do("when isinf(value)").text


def test_when_it_was_never_true_one_stays() -> None:
    session = fresh("walkthrough", "goto 20")
    assert "it never is in this iteration" in refused(session, "when loss > 100")
    assert "it will be at step 31" in refused(session, "when b2.next < 0.21 and b2.next > 0.2")


def test_when_says_how_far_it_looked() -> None:
    session = fresh("death-of-a-relu", "train")
    assert "it never is in the 100 iterations that are made" in refused(session, "when loss > 1e9")
    session.do("goto @3 start")
    assert "it will be in iteration 18, at step 55" in refused(session, "when dead(h[2])")


def test_the_latest_onset_and_the_first() -> None:
    session = fresh("learning-rate-too-large", "delete 1", "train", "goto @100 end")
    losses = session.history.summaries.loss.high[:100]
    rises = [k for k in range(2, 101) if losses[k - 1] > losses[k - 2]]
    onsets = [k for k in rises if k - 1 not in rises]
    assert session.do("when first loss > previous").data["iteration"] == onsets[0]
    session.do("goto @100 end")
    assert session.do("when loss > previous").data["iteration"] == onsets[-1]
    session.do("goto @100 end")
    assert "was true for the first time in iteration" in session.do("when first loss > previous").text
    session.do("goto @1 end")
    assert f"it will be in iteration {onsets[0]}" in refused(session, "when first loss > previous")


def test_first_is_the_first_step_of_all() -> None:
    session = fresh("dead-relu", "goto end")
    # h[1] is 0, and so is ∂L/∂z2 times it; then the gate, and all that leads into the unit.
    assert session.do("when first grad == 0").data["at"] == "W2.grad[0,1]"
    session.do("goto end")
    assert session.do("when grad == 0").data["at"] in ("W1.grad[1,0]", "b1.grad[1]")


def test_a_value_may_be_called_first() -> None:
    text = """format = 1
[parameters]
first = [2.0]
[graph]
L = "sum(first * first)"
"""
    session = Session(loads(text))
    session.do("goto end")
    assert session.do("when first[0] > 1").data["step"] == 1
    session.do("goto end")
    assert session.do("when first > 1 and L > 1").data["at"] == "L"
    session.do("goto end")
    assert session.do("when first first.grad[0] > 1").data["at"] == "first.grad[0]"


def test_in_the_first_iteration_nothing_is_known_of_the_one_before() -> None:
    """`abs(previous)` is never negative where it is a number at all."""
    session = fresh("dead-relu", "iterate 3")
    for text in ("-0.0813 != abs(previous)", "abs(previous) > -1", "abs(previous) > -1 or loss < 0"):
        found = session.do(f"when {text}")
        assert found.data["iteration"] == 2
        assert found.data["step"] == 1
        session.do("goto @4 end")
