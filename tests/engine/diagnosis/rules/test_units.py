"""Units that died, and units that never separate, in trainings whose courses were computed by PyTorch too."""

from __future__ import annotations

import pytest
from training_findings import seen

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.files import find, loads
from gradstep.engine.history.history import History


def test_a_unit_that_died_is_named_with_the_iteration_and_the_update_that_did_it() -> None:
    (died,) = seen("death-of-a-relu")["died"]
    # By PyTorch: all seven sums of h[2] are at most 0 for the first time in iteration 18, after an update that
    # moved b1[2] from 0.018 to −0.274.
    assert died.numbers["iteration"] == 18
    assert "h[2] is shut in every sample since iteration 18" in died.text
    assert (
        "the update at the end of iteration 17 did it, whose largest move into it was b₁[2]: 0.0185 → −0.2743"
        in died.text
    )
    session = Session(find("death-of-a-relu"))
    commands.run(session, "train")
    commands.run(session, f"goto {died.at}")
    assert (session.position.iteration, session.position.step) == (18, died.numbers["step"])


def test_units_that_never_separate() -> None:
    found = seen("zero-init-symmetry")
    (one,) = found["symmetric"]
    assert one.numbers["units"] == 3
    assert "h[0], h[1], h[2]" in one.text
    assert "died" not in found


@pytest.mark.parametrize(
    ("name", "steps"), [("digits-training", 60), ("digits-training", 20), ("death-of-a-relu", 100)]
)
def test_units_are_marked_as_dead_where_the_findings_say_so(name: str, steps: int) -> None:
    session = Session(find(name))
    session.train(steps)
    died = [
        one.numbers["iteration"]
        for cause in diagnose(session.history)
        for one in (cause, *cause.follows)
        if one.kind == "died"
    ]
    assert [mark.iteration for mark in session.frame().desk.events if mark.sign == "†"] == died
    assert bool(died) == (name == "death-of-a-relu")


def test_what_is_no_rectifier_any_more_does_not_die() -> None:
    session = Session(find("death-of-a-relu"))
    session.do("set op h = leaky_relu")
    session.do("train")
    assert {one.kind for first in session.findings() for one in (first, *first.follows)}.isdisjoint({"died", "dead"})


def test_units_that_begin_equal_are_told_before_a_training_too() -> None:
    (one,) = [found for found in diagnose(History(find("zero-init-symmetry"))) if found.kind == "symmetric"]
    assert one.numbers["units"] == 3  # three rows of W1 are [0.5, 0.5], with the same biases and the same weights out
    session = Session(find("zero-init-symmetry"))
    session.do("set W2 = [[0.5, 0.4, 0.3, -0.6]]")  # with other weights out they get other gradients
    assert "symmetric" not in {found.kind for found in session.findings()}


def test_outputs_for_classes_may_begin_equal() -> None:
    """A head of zeros: what tells its outputs apart are the targets, in this batch those of two of four classes."""
    lines = (
        "format = 1\n[inputs]\nx = [[1.0, -0.5], [0.25, 2.0]]\nt = [0, 2]\n[parameters]\n"
        "W = [[0.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]\nb = [0.0, 0.0, 0.0, 0.0]\n[graph]\n"
        'z = "linear(x, W, b)"\nL = "cross_entropy(z, t)"\n'
    )
    assert "symmetric" not in {one.kind for one in diagnose(History(loads(lines)))}
