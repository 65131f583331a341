"""Trying advice in a copy of the training: against the same trainings computed with NumPy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from debugging import refused

from gradstep.engine.debugger import trying
from gradstep.engine.debugger.session import Session
from gradstep.engine.diagnosis.finding import Advice, Diagnosis, Finding, Place, Severity
from gradstep.engine.errors import CommandError, Interrupted
from gradstep.engine.files import load, loads
from gradstep.engine.run.timeline import Position

X, T = np.array([1.0, 2.0, -1.0, 0.5]), np.array([2.0, 3.5, -2.5, 1.0])
LINE = """format = 1
batch = ["x", "t"]
[inputs]
x = [[1.0], [2.0], [-1.0], [0.5]]
t = [[2.0], [3.5], [-2.5], [1.0]]
[parameters]
W = [[0.1]]
b = [0.0]
[graph]
L = "mse(x @ W.T + b, t)"
[training]
lr = 1.2  # far too much
steps = 12
"""


def descended(lr: float, steps: int, w: float = 0.1, b: float = 0.0, zero_grad: bool = True) -> list[float]:
    """The loss at the beginning of each iteration, and after the last."""
    losses, left = [], np.zeros(2)
    for _ in range(steps + 1):
        e = X * w + b - T
        losses.append(float((e**2).mean()))
        left = np.array([(2 * e * X).mean(), (2 * e).mean()]) + (0 if zero_grad else left)
        w, b = w - lr * left[0], b - lr * left[1]
    return losses


def advised(*changes: str, kind: str = "rate_large") -> Diagnosis:
    advice = tuple(Advice(f"rather {change}", change) for change in changes)
    return Diagnosis([Finding(kind, Severity.FAULT, Place("", 3), {}, "it goes too far", advice, "us")])


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Has the rules say something."""

    def says(found: Diagnosis) -> None:
        monkeypatch.setattr(trying, "diagnose", lambda *asked: found)

    return says


def trained(text: str = LINE) -> Session:
    session = Session(loads(text))
    session.do("train")
    return session


def test_a_copy_is_trained_for_as_many_iterations_and_both_losses_are_shown() -> None:
    session = trained()
    (finding, *_) = session.findings()
    change = finding.changes[0].change
    found = session.try_out(1)
    (trial,) = found.trials
    lr = float(change.removeprefix("lr = "))
    assert trial.as_it_is.at == trial.with_it.at == (1, 3, 6, 9, 12)
    for outcome, rate in ((trial.as_it_is, 1.2), (trial.with_it, lr)):
        losses = descended(rate, 12)
        assert outcome.losses == pytest.approx([losses[k - 1] for k in outcome.at], rel=1e-9)
        assert outcome.last == pytest.approx(losses[11], rel=1e-9)
    assert trial.helps
    assert trial.gone
    assert f"with {change}" in "\n".join(found.lines())
    document = session.do("try 1").data
    assert (document["best"], document["trials"][0]["helps"]) == (change, True)
    assert document["trials"][0]["last"] == pytest.approx(descended(lr, 12)[11], rel=1e-9)


def test_the_training_that_one_is_in_stays_as_it_is() -> None:
    session = Session(loads(LINE))
    session.do("train 5")
    session.do("goto @3 2")
    history, losses = session.history, session.history.summaries.loss.high.copy()
    session.do("try 1")
    assert session.history is history
    assert (history.made, session.position, session.edits) == (5, Position(2, None, 3), ())
    assert (history.summaries.loss.high == losses).all()
    assert session.recording.scenario.training.lr(1) == 1.2


def test_where_nothing_is_trained_yet_both_go_as_far_as_the_scenario(say: Callable[..., None]) -> None:
    session = Session(loads(LINE))
    say(advised("lr = 0.1"))
    (trial,) = session.try_out().trials
    assert session.history.made == 1
    assert trial.as_it_is.last == pytest.approx(descended(1.2, 12)[11], rel=1e-9)
    assert trial.with_it.last == pytest.approx(descended(0.1, 12)[11], rel=1e-9)


def test_of_a_single_iteration_it_is_what_its_update_leads_to(say: Callable[..., None]) -> None:
    session = Session(loads(LINE.replace("steps = 12", "")))
    say(advised("lr = 0.1"))
    (trial,) = session.try_out().trials
    assert trial.as_it_is.last == pytest.approx(descended(1.2, 1)[1], rel=1e-12)
    assert trial.with_it.last == pytest.approx(descended(0.1, 1)[1], rel=1e-12)


def test_every_change_is_tried_and_the_best_is_offered_first(say: Callable[..., None]) -> None:
    session = trained()
    say(advised("lr = 2.0", "lr = 1.2", "lr = 0.1", "lr = 0.3"))
    found = session.try_out(1)
    ends = {f"lr = {lr}": descended(lr, 12)[11] for lr in (2.0, 1.2, 0.1, 0.3)}
    assert {one.change: one.with_it.last for one in found.trials} == pytest.approx(ends, rel=1e-9)
    assert [one.change for one in found.trials] == ["lr = 0.3", "lr = 0.1", "lr = 1.2", "lr = 2.0"]
    assert [one.helps for one in found.trials] == [True, True, None, False]
    (finding,) = session.findings()
    assert [one.change for one in finding.advice] == ["lr = 0.3", "lr = 0.1", "lr = 1.2", "lr = 2.0"]
    assert finding.hint.startswith("rather lr = 0.3 (helps: the loss ends at ")
    assert "rather lr = 2.0 (does not help: " in finding.hint
    assert session.keep(1) == "lr = 0.3"
    assert session.recording.scenario.training.lr(1) == 0.3
    (finding,) = session.findings()
    assert not any(one.tried for one in finding.advice)  # that was another training


def test_where_a_rate_does_not_help_further_ones_in_its_direction_are_tried(say: Callable[..., None]) -> None:
    session = trained(LINE.replace("lr = 1.2", "lr = 60"))
    say(advised("lr = 6"))
    found = session.try_out(1)
    # From 60 to 6, and as much further twice; the loss is 6.7 at first.
    ends = {f"lr = {lr:g}": descended(lr, 12)[11] for lr in (6, 0.6, 0.06)}
    assert {one.change: one.with_it.last for one in found.trials} == pytest.approx(ends, rel=1e-9)
    assert [one.helps for one in found.trials] == [True, None, None]
    assert found.trials[0].change == "lr = 0.06"
    (finding,) = session.findings()
    assert finding.advice[0].change == found.trials[0].change
    assert session.keep(1) == found.trials[0].change


def test_an_edit_is_a_change_and_several_are_one(say: Callable[..., None]) -> None:
    session = trained()
    say(advised("lr = 0.1; set W = 1.5; set b = 0.25"))
    (trial,) = session.try_out(1).trials
    assert trial.with_it.losses[0] == pytest.approx(descended(0.1, 12, 1.5, 0.25)[0], rel=1e-12)
    assert trial.with_it.last == pytest.approx(descended(0.1, 12, 1.5, 0.25)[11], rel=1e-9)
    assert session.edits == ()


def test_edits_that_are_made_already_are_in_the_copy(say: Callable[..., None]) -> None:
    session = Session(loads(LINE))
    session.do("set W = 1.5")
    session.do("train")
    say(advised("zero_grad = false"))
    (trial,) = session.try_out(1).trials
    assert trial.as_it_is.last == pytest.approx(descended(1.2, 12, 1.5)[11], rel=1e-9)
    assert trial.with_it.last == pytest.approx(descended(1.2, 12, 1.5, zero_grad=False)[11], rel=1e-9)


def test_more_iterations_are_a_change_and_are_all_made(say: Callable[..., None]) -> None:
    session = trained(LINE.replace("1.2", "0.05"))
    say(advised("steps = 40", kind="too_few_iterations"))
    (trial,) = session.try_out(1).trials
    assert (trial.as_it_is.made, trial.with_it.made) == (12, 40)
    assert trial.with_it.last == pytest.approx(descended(0.05, 40)[39], rel=1e-9)
    assert "in 40" in session.do("try 1").text


def test_it_is_judged_by_what_is_held_back_where_something_is(say: Callable[..., None]) -> None:
    text = LINE.replace("lr = 1.2", "lr = 0.02\nvalidation = 0.25")
    text = text.replace("[-2.5], [1.0]", "[-2.5], [-1.0]")  # the one that is held back is odd
    session = trained(text)
    say(advised("lr = 0.1"))
    trial = next(one for one in session.try_out(1).trials if one.change == "lr = 0.1")
    assert trial.with_it.last < trial.as_it_is.last
    assert trial.with_it.held > trial.as_it_is.held
    assert trial.helps is False
    assert "over what is held back at" in trial.verdict


def test_keeping_goes_on_at_the_same_place_and_can_be_saved(tmp_path: Path) -> None:
    session = trained()
    session.do("break loss > 1e9")
    session.do("goto @7 3")
    change = session.findings()[0].changes[0].change
    result = session.do("try 1 keep")
    assert (result.data, result.moved) == ({"kept": change}, True)
    assert session.position == Position(3, None, 7)
    lr = float(change.removeprefix("lr = "))
    assert session.recording.trace.loss == pytest.approx(descended(lr, 7)[6], rel=1e-9)
    assert [b.text for b in session.stops.breakpoints] == ["loss > 1e9"]
    session.do("delete 1")
    session.do(f"save {tmp_path / 'kept.toml'}")
    kept = load(tmp_path / "kept.toml")
    assert kept.training.lr(1) == lr
    assert "# far too much" in kept.text  # all else as it was, character for character


def test_what_was_tried_is_not_trained_again(say: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    session = trained()
    say(advised("lr = 0.1"))
    first = session.try_out(1)
    monkeypatch.setattr(trying, "_changed", None)
    assert session.try_out(1).trials == first.trials


def test_where_it_takes_long_the_first_change_is_tried(
    say: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = trained()
    monkeypatch.setattr(trying, "_ALL", 1)
    say(advised("lr = 0.1", "lr = 0.2"))
    found = session.try_out(1)
    assert ([one.change for one in found.trials], found.left) == (["lr = 0.1"], ("lr = 0.2",))
    found = session.try_out(1)
    assert ({one.change for one in found.trials}, found.left) == ({"lr = 0.1", "lr = 0.2"}, ())


def test_it_can_be_interrupted_and_what_was_tried_by_then_is_kept(say: Callable[..., None]) -> None:
    session = trained()
    say(advised("lr = 0.1", "lr = 0.2"))
    with pytest.raises(Interrupted):
        session.try_out(1, lambda share: share < 0.6)
    (finding,) = session.findings()
    assert [bool(one.tried) for one in finding.advice] == [True, False]
    assert session.history.made == 12
    with pytest.raises(Interrupted):
        session.keep(1, lambda share: False)
    assert session.recording.scenario.training.lr(1) == 1.2


def test_what_cannot_be_tried_says_so(say: Callable[..., None]) -> None:
    session = Session(loads(LINE))
    say(Diagnosis())
    with pytest.raises(CommandError, match="nothing is wrong"):
        session.try_out()
    by_hand = advised()[0]._replace(advice=(Advice("look at it"),))
    say(Diagnosis([by_hand]))
    assert "no advice can be run" in refused(session, "try")
    assert "finding 1, rate_large, is to be done by hand" in refused(session, "try 1")
    say(Diagnosis([by_hand, *advised("lr = 0.1")]))
    assert "that of 2 can" in refused(session, "try 1")
    assert "they go from 1 to 2" in refused(session, "try 3")
    assert "try 1 keep" in refused(session, "try this")
    assert session.try_out().number == 2
    say(advised("learning_rate = 0.1"))
    assert "cannot be tried: unknown key 'learning_rate'" in refused(session, "try 1")
    say(advised("set q = 1"))
    assert "q" in refused(session, "try 1")


def test_thresholds_that_were_asked_for_hold_for_what_is_tried() -> None:
    session = trained()
    assert session.findings(loss=0.5) != ()
    assert session.thresholds["loss"] == 0.5
    session.findings()
    assert session.thresholds["loss"] == 1e-3
