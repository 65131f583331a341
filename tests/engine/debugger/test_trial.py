"""What is said of a trial, and in which order advice is offered."""

from __future__ import annotations

from math import inf, nan

import pytest

from gradstep.engine.debugger.trial import Outcome, Trial, Trials, offered
from gradstep.engine.diagnosis.finding import Advice, Diagnosis, Finding, Place, Severity


def outcome(last: float, held: float = nan, first: float = 1.0) -> Outcome:
    return Outcome(8, (1, 8), (first, last), 1, last, held)


def trial(new: Outcome, old: Outcome, change: str = "lr = 0.1") -> Trial:
    return Trial(change, new, old, Diagnosis(), True)


@pytest.mark.parametrize(
    ("new", "old", "helps"),
    [
        (outcome(0.5), outcome(1.0), True),
        (outcome(1.0), outcome(0.5), False),
        (outcome(0.99), outcome(1.0), None),
        (outcome(0.5), outcome(inf), True),
        (outcome(nan), outcome(0.5), False),
        (outcome(nan), outcome(inf), None),
        (outcome(4.0), outcome(1e9), None),  # it ends higher than it began
        (outcome(4.0), outcome(inf), None),
        (outcome(4.0), outcome(2.0), False),
        (outcome(-2.0), outcome(-1.0), True),  # a loss may be below 0
        (outcome(3e-9), outcome(1e-9), None),  # beside 1 at first both are nothing
        (outcome(0.1, held=0.9), outcome(0.5, held=0.6), False),
        (outcome(0.6, held=0.5), outcome(0.5, held=0.6), True),
        (outcome(0.1, held=0.9), outcome(0.5), True),  # only one of them held anything back
    ],
)
def test_it_helps_where_the_loss_ends_lower(new: Outcome, old: Outcome, helps: bool | None) -> None:
    assert trial(new, old).helps is helps


FOUND = Finding(
    "rate", Severity.FAULT, Place("", 3), {}, "it goes too far",
    (Advice("a", "lr = 1"), Advice("look"), Advice("b", "lr = 2"), Advice("c", "lr = 3"), Advice("d", "lr = 4")), "us",
)  # fmt: skip


def test_the_verdict_says_where_it_ends() -> None:
    assert trial(outcome(0.5), outcome(1.0)).verdict == "helps: the loss ends at 0.500 instead of 1.000"
    assert trial(outcome(4.0), outcome(1e9)).verdict == "is not enough: the loss ends at 4.000 instead of 1.0e9"
    assert trial(outcome(1.01), outcome(1.0)).verdict.startswith("makes no difference: ")
    assert trial(outcome(nan), outcome(inf)).verdict.startswith("makes no difference: the loss ends at NaN")
    assert trial(outcome(0.1, held=0.9), outcome(0.5, held=0.6)).verdict == (
        "does not help: the loss ends at 0.100 instead of 0.500, over what is held back at 0.900 instead of 0.600"
    )


def test_what_helps_is_advice_also_where_it_was_none_before() -> None:
    found = offered(FOUND, [trial(outcome(0.5), outcome(1.0), "lr = 9"), trial(outcome(3.0), outcome(1.0), "lr = 8")])
    assert [one.change for one in found.advice] == ["lr = 9", *(one.change for one in FOUND.advice)]


def test_what_helps_is_offered_first_and_what_does_not_last() -> None:
    base = outcome(1.0)
    tried = [trial(outcome(2.0), base, "lr = 1"), trial(outcome(0.5), base, "lr = 3"), trial(base, base, "lr = 4"),
             trial(outcome(0.7), base, "lr = 2")]  # fmt: skip
    found = offered(FOUND, tried)
    assert [one.text for one in found.advice] == ["c", "b", "look", "d", "a"]
    assert found.advice[0].tried == "helps: the loss ends at 0.500 instead of 1.000"
    assert found.advice[-1].tried.startswith("does not help: ")
    assert offered(FOUND, []) == FOUND


def test_the_lines_show_both_losses_and_what_to_do_next() -> None:
    found = Trials(2, FOUND, (trial(outcome(0.5), outcome(1.0)),), ("lr = 9",))
    assert list(found.lines()) == [
        "finding 2, rate: it goes too far",
        "  loss in iteration        1        8",
        "    as it is          1.0000   1.0000",
        "    with lr = 0.1     1.0000   0.5000",
        "  lr = 0.1 helps: the loss ends at 0.500 instead of 1.000",
        "    the finding is gone; nothing is wrong by all rules",
        "  not tried yet: lr = 9; try 2 goes on with them",
        "  try 2 keep goes on with lr = 0.1; this training is as it was",
    ]
    worse = Trials(1, FOUND, (trial(outcome(2.0), outcome(1.0)),))
    assert list(worse.lines())[-1] == "  nothing that was tried helps; this training is as it was"
    assert (found.document()["best"], worse.document()["best"]) == ("lr = 0.1", None)
