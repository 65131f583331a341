"""What a finding says to type is accepted: where it goes, and what it tries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.files import loads
from tests.diagnosis.case import Case
from tests.diagnosis.sets import CASES

#: Of each cause one bug.
BUGS = list({one.cause: one for found in CASES.values() for one in found}.values())
#: So many iterations are enough for something to be found, and few enough to be quick.
FEW = 25


def told(findings: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """With what follows from others."""
    for one in findings:
        yield one
        yield from told(one["follows"])


@pytest.mark.parametrize(
    ("bug", "iterations"),
    [*((one, FEW) for one in BUGS[::2]), *((one, 1) for one in BUGS[1::2])],
    ids=lambda one: one.name if isinstance(one, Case) else str(one),
)
def test_every_finding_goes_somewhere(bug: Case, iterations: int) -> None:
    session = Session(loads(bug.text))
    with np.errstate(all="ignore"):
        session.history.make(min(iterations, session.history.scenario.training.steps))
        for one in told(commands.run(session, "findings").data):
            assert one["go"], one["kind"]
            commands.run(session, one["go"])


@pytest.mark.parametrize("bug", BUGS[::2], ids=lambda one: one.name)
def test_every_change_that_is_advised_can_be_made(bug: Case) -> None:
    session = Session(loads(bug.text.replace("steps = ", "steps = 3 # ")))
    with np.errstate(all="ignore"):
        found = commands.run(session, "findings").data
        for number, one in enumerate(found, 1):
            assert all(not follower["try"] for follower in one["follows"]), "what helps is what helps the cause"
            if any(advice["change"] for advice in one["try"]):
                commands.run(session, f"try {number}")
