"""Many findings become one diagnosis: ranked, and what follows from another stands under it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gradstep.engine.diagnosis.finding import Diagnosis, Finding, Severity
from gradstep.engine.diagnosis.rule import Rule

#: What is only worth knowing explains nothing that is more.
_NOTED = Severity.WARNING


class Told(NamedTuple):
    """A finding with its rule, the rule's place among all, and what it is about; an `effect` explains no other."""

    finding: Finding
    rule: Rule
    order: int
    about: frozenset[str]
    effect: bool = False


def joined(told: Sequence[Told]) -> Diagnosis:
    """The worst first, a cause being as bad as what follows from it; of the same severity in the order of the rules,
    then what came first in time."""
    ranked = sorted(told, key=_rank)
    causes = [_cause(ranked, at) for at in range(len(ranked))]
    under: dict[int, list[Finding]] = {}
    for at, one in enumerate(ranked):
        root = _root(causes, at)
        if root != at:
            # What helps is what helps against the cause: another advice beside it may say the opposite.
            under.setdefault(root, []).append(one.finding._replace(advice=()))
    found = [
        one.finding._replace(follows=tuple(under.get(at, ())))
        for at, one in enumerate(ranked)
        if _root(causes, at) == at
    ]
    return Diagnosis(sorted(found, key=lambda one: -max(one.severity, *(f.severity for f in one.follows), 0)))


def _cause(ranked: Sequence[Told], at: int) -> int | None:
    """What one finding follows from: the first that explains it; of two that explain each other the first."""
    for other in range(len(ranked)):
        mutual = other > at and _explains(ranked[at], ranked[other])
        if other != at and not mutual and _explains(ranked[other], ranked[at]):
            return other
    return None


def _root(causes: Sequence[int | None], at: int) -> int:
    """What is behind it in the end. Where causes run in a circle, its first."""
    way = [at]
    while (cause := causes[way[-1]]) is not None:
        if cause in way:
            return min(way[way.index(cause) :])
        way.append(cause)
    return way[-1]


def _rank(told: Told) -> tuple[int, int, int]:
    when = told.finding.place.iteration
    return -told.finding.severity, told.order, 0 if when is None else when


def _explains(cause: Told, effect: Told) -> bool:
    if cause.effect:
        return False
    symptom = effect.rule.symptom and not cause.rule.symptom and cause.finding.severity >= _NOTED
    if symptom:
        return True
    if effect.rule.name not in cause.rule.explains or cause.finding.severity < min(effect.finding.severity, _NOTED):
        return False
    before, after = cause.finding.place.iteration, effect.finding.place.iteration
    if before is not None and after is not None and before > after:
        return False
    return not cause.about or not effect.about or bool(cause.about & effect.about)
