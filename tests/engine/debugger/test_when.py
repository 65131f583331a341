"""When did it become true, and what is to blame?"""

from __future__ import annotations

from debugging import fresh, refused

from gradstep.engine.debugger import commands


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
