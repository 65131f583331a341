"""Cases are well written: the truth about each is there, and in the words of the vocabulary."""

from __future__ import annotations

import re

import pytest

from gradstep.engine.diagnosis.diagnosing import RULES
from gradstep.engine.files import loads
from tests.diagnosis.case import Case, Healthy
from tests.diagnosis.sets import CASES, HEALTHY
from tests.diagnosis.vocabulary import CAUSES, KINDS

BUGS = [one for found in CASES.values() for one in found]
FINE = [one for found in HEALTHY.values() for one in found]


def test_names_are_told_once() -> None:
    names = [one.name for one in (*BUGS, *FINE)]
    assert len(set(names)) == len(names)


def test_every_cause_has_its_kinds_and_every_rule_is_in_the_vocabulary() -> None:
    for cause in CAUSES.values():
        assert {*cause.kinds, *cause.also} <= set(KINDS)
    assert {one.cause for one in BUGS} <= set(CAUSES)
    assert {one.name for one in RULES} <= {*KINDS, "update", "cancel"}


@pytest.mark.parametrize("one", BUGS, ids=lambda one: one.name)
def test_a_bug_and_its_twin_can_be_read_and_differ(one: Case) -> None:
    assert one.twin != one.text
    assert one.true <= set(KINDS)
    assert len(one.source.split()) > 2
    for pattern in (one.says, one.never, one.where.name or ""):
        re.compile(pattern)
    for text in (one.text, one.twin):
        assert loads(text).training.steps <= 1000


@pytest.mark.parametrize("one", FINE, ids=lambda one: one.name)
def test_what_is_healthy_can_be_read(one: Healthy) -> None:
    assert loads(one.text).training.steps <= 1000
    assert one.why
