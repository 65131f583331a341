"""What the diagnosis names does not get less, and what it says of what is fine does not get more."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache

import pytest

from tests.diagnosis.case import Case, Healthy
from tests.diagnosis.report import FIGURES
from tests.diagnosis.scoring import Score, score
from tests.diagnosis.sets import CASES, HEALTHY

KEPT = tomllib.loads(FIGURES.read_text(encoding="utf-8"))
#: Of these fewer are better.
FEWER = {"misled", "wrong", "opposed", "idle", "twins_alarmed", "healthy_alarmed", "healthy_underway"}

#: What is mended learns so much at least, and a bug so much less: see quality.py.
LEARNED, HARM = 0.85, 0.05


@cache
def result() -> Score:
    return score(
        (one for found in CASES.values() for one in found), (one for found in HEALTHY.values() for one in found)
    )


@pytest.mark.parametrize("name", KEPT["all"])
def test_no_figure_gets_worse(name: str) -> None:
    now, kept = result().figures()[name], KEPT["all"][name]
    assert now <= kept if name in FEWER else now >= kept


@pytest.mark.parametrize("kind", KEPT["named"])
def test_no_kind_is_named_less(kind: str) -> None:
    rows: Mapping[str, int] = {name: row.named for name, row in result().rows().items()}
    assert rows[kind] >= KEPT["named"][kind]


@pytest.mark.parametrize("one", [h for found in HEALTHY.values() for h in found], ids=lambda one: one.name)
def test_what_is_healthy_learns(one: Healthy) -> None:
    """Each gets to where its words say that it is near the best there is."""
    made = next(made for fine, made in result().healthy if fine is one)
    assert made.ended <= one.reaches


@pytest.mark.parametrize("one", [c for found in CASES.values() for c in found], ids=lambda one: one.name)
def test_a_bug_does_harm_and_its_twin_learns(one: Case) -> None:
    """Measured by what comes out, and not by the loss, which may be the bug."""
    found = next(scored for scored in result().scored if scored.case is one)
    bug, twin = found.bug.quality, found.twin.quality
    assert bug is not None
    assert twin is not None
    assert twin >= LEARNED
    if not one.harmless:
        assert bug <= twin - HARM
