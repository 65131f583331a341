"""Runs cases and counts: what is named, placed, told apart, and what is said of what is fine."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradstep.engine.diagnosis.diagnosing import diagnose
from gradstep.engine.diagnosis.finding import Diagnosis, Finding
from gradstep.engine.files import loads
from gradstep.engine.history.history import History
from tests.diagnosis.advice import idle, opposed
from tests.diagnosis.case import Case, Healthy
from tests.diagnosis.quality import quality
from tests.diagnosis.vocabulary import EARLY

#: What is healthy is also judged before it is trained, and at these shares of its way.
UNDERWAY = (0.0, 0.1, 0.3)
#: So many findings, the first ones, are counted where a cause is named.
FIRST = 3


@dataclass(frozen=True)
class Run:
    """A training that was made, what is said about it, and how it went: its first loss, and the mean over the last
    tenth; how well it has learned, and the CPU time; and what was said `underway`, where that was asked for."""

    text: str
    diagnosis: Diagnosis
    began: float
    ended: float
    quality: float | None
    seconds: float
    underway: tuple[Diagnosis, ...] = ()

    @property
    def told(self) -> tuple[Finding, ...]:
        """What is more than information, as ranked."""
        return self.diagnosis.faults

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of all that is more than information, with what follows from other findings."""
        return tuple(one.kind for cause in self.told for one in (cause, *cause.follows))


def run(text: str, steps: int | None = None, shares: Sequence[float] = ()) -> Run:
    """Trains a scenario, by default to its end, and diagnoses it; and at `shares` of the way, of which 0 is the first
    iteration."""
    began = time.process_time()
    history = History(loads(text))
    steps = steps or history.scenario.training.steps
    with np.errstate(all="ignore"):
        underway = tuple(_there(history, max(int(share * steps), 1)) for share in shares)
        history.make(steps)
        diagnosis = diagnose(history)
        losses = history.summaries.loss.high
        last = losses[-max(len(losses) // 10, 1) :]
        learned = quality(history)
    return Run(text, diagnosis, float(losses[0]), float(last.mean()), learned, time.process_time() - began, underway)


def _there(history: History, made: int) -> Diagnosis:
    history.make(made)
    return diagnose(history)


@dataclass(frozen=True)
class Scored:
    """A case and its two runs; and the bug before it is trained, where it can be seen there."""

    case: Case
    bug: Run
    twin: Run
    before: Run | None = None

    @property
    def naming(self) -> Finding | None:
        """The finding that names the cause, among the first ones."""
        return next((one for one in self.bug.told[:FIRST] if self._names(one)), None)

    def _names(self, finding: Finding) -> bool:
        words = f"{finding.text} {finding.hint}"
        return finding.kind in self.case.accepted and (not self.case.says or bool(re.search(self.case.says, words)))

    @property
    def first(self) -> bool:
        """Whether the very first finding names the cause."""
        return bool(self.bug.told) and self._names(self.bug.told[0])

    @property
    def early(self) -> bool:
        """Whether the cause is named, among the first ones, before anything is trained."""
        return self.before is not None and any(self._names(one) for one in self.before.told[:FIRST])

    @property
    def placed(self) -> bool:
        return self.naming is not None and self.case.where.fits(self.naming)

    @property
    def apart(self) -> bool:
        """Whether the cause is named in the bug and not in its twin."""
        return self.naming is not None and not set(self.twin.kinds) & set(self.case.accepted)

    @property
    def misled(self) -> tuple[str, ...]:
        """Advice that must not be given here."""
        given = [one.text for finding in self.bug.told for one in finding.advice]
        return tuple(one for one in given if self.case.never and re.search(self.case.never, one))

    @property
    def wrong(self) -> frozenset[str]:
        """Kinds of findings on the bug that are not true of it."""
        return frozenset(one.kind for one in self.bug.told) - self.case.true


@dataclass
class Row:
    """The figures of a kind. `cases` are those that it is the first name for; of all runs that have findings of the
    kind, `right` are bugs of which it is true, `wrong` bugs of which it is not, `alarms` twins and healthy ones."""

    cases: int = 0
    named: int = 0
    placed: int = 0
    right: int = 0
    wrong: int = 0
    alarms: int = 0


@dataclass
class Score:
    """All figures."""

    scored: list[Scored] = field(default_factory=list)
    healthy: list[tuple[Healthy, Run]] = field(default_factory=list)

    def rows(self) -> dict[str, Row]:
        """By kind."""
        found: dict[str, Row] = {}
        for one in self.scored:
            row = found.setdefault(one.case.accepted[0], Row())
            row.cases += 1
            row.named += one.naming is not None
            row.placed += one.placed
            for kind in {finding.kind for finding in one.bug.told}:
                mine = found.setdefault(kind, Row())
                mine.right += kind in one.case.true
                mine.wrong += kind not in one.case.true
        for made in self._fine():
            for kind in {finding.kind for finding in made.told}:
                found.setdefault(kind, Row()).alarms += 1
        return found

    def _all(self) -> Iterator[Run]:
        yield from (one.bug for one in self.scored)
        yield from self._fine()

    def _fine(self) -> Iterator[Run]:
        yield from (one.twin for one in self.scored)
        yield from (made for _, made in self.healthy)

    def figures(self) -> dict[str, int]:
        """What must not get worse."""
        return {
            "cases": len(self.scored),
            "healthy": len(self.healthy),
            "first": sum(one.first for one in self.scored),
            "named": sum(one.naming is not None for one in self.scored),
            "placed": sum(one.placed for one in self.scored),
            "apart": sum(one.apart for one in self.scored),
            "early": sum(one.early for one in self.scored),
            "misled": sum(bool(one.misled) for one in self.scored),
            "wrong": sum(len(one.wrong) for one in self.scored),
            "opposed": sum(opposed(made.told) for made in self._all()),
            "idle": sum(bool(idle(made.told, made.text)) for made in self._all()),
            "twins_alarmed": sum(bool(one.twin.told) for one in self.scored),
            "healthy_alarmed": sum(bool(made.told) for _, made in self.healthy),
            "healthy_underway": sum(any(one.faults for one in made.underway) for _, made in self.healthy),
        }

    def seconds(self) -> float:
        """CPU time of all runs."""
        return sum(made.seconds for made in self._all())

    def precision(self) -> float:
        """Of all that is more than information the share that is true; a kind is counted once a run."""
        rows = self.rows().values()
        right = sum(row.right for row in rows)
        return right / max(right + sum(row.wrong + row.alarms for row in rows), 1)

    def recall(self) -> float:
        """Of all bugs the share whose cause is named."""
        return sum(one.naming is not None for one in self.scored) / max(len(self.scored), 1)


def scored(case: Case) -> Scored:
    """Runs a bug and its twin."""
    before = run(case.text, 1) if case.cause in EARLY else None
    return Scored(case, run(case.text), run(case.twin), before)


def score(cases: Iterable[Case], healthy: Iterable[Healthy]) -> Score:
    """Runs them all."""
    found = Score()
    for case in cases:
        found.scored.append(scored(case))
    for one in healthy:
        found.healthy.append((one, run(one.text, shares=UNDERWAY)))
    return found
