"""All rules, and what they see together."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Diagnosis
from gradstep.engine.diagnosis.joining import Told, joined
from gradstep.engine.diagnosis.remedies import with_changes
from gradstep.engine.diagnosis.rule import Rule, Rules, Thresholds
from gradstep.engine.diagnosis.rules import (
    baselines,
    beginnings,
    data,
    divergence,
    fit,
    formulas,
    gates,
    gradients,
    linearity,
    losses,
    moves,
    numbers,
    optimiser,
    outputs,
    rates,
    samples,
    schedules,
    sizes,
    steps,
    structure,
    targets,
    units,
    weights,
)
from gradstep.engine.errors import GoOn
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording

#: In the order in which rules of the same severity are told: what is nearest the root comes first.
MODULES: tuple[ModuleType, ...] = (
    outputs, targets, formulas, linearity, structure, beginnings, samples, data, weights, gradients, moves,
    optimiser, divergence, numbers, gates, fit, rates, schedules, units, baselines, losses, sizes, steps,
)  # fmt: skip


def _rules() -> Iterator[Rule]:
    for module in MODULES:
        yield from (found for found in vars(module).values() if isinstance(found, Rule))


RULES = Rules(_rules())


def diagnose(
    history: History, thresholds: Thresholds | None = None, go_on: GoOn | None = None, here: Recording | None = None
) -> Diagnosis:
    """What is wrong in all iterations that are made; what is about a single one, `here`, by default the last.
    `thresholds` replace the defaults of their rules. Raises Interrupted and CommandError."""
    recording = history.recording(history.made, go_on) if here is None else here
    return _diagnosed(Evidence(recording, history, RULES.thresholds(thresholds), go_on))


def diagnose_iteration(recording: Recording, thresholds: Thresholds | None = None) -> Diagnosis:
    """What is wrong in one iteration, where no others are looked at. Raises CommandError."""
    return _diagnosed(Evidence(recording, None, RULES.thresholds(thresholds)))


def _diagnosed(evidence: Evidence) -> Diagnosis:
    told = []
    for order, rule in enumerate(RULES):
        evidence.asked(order / len(RULES))
        told += [Told(found, rule, order, seen.about, seen.effect) for found, seen in rule.findings(evidence)]
    return with_changes(joined(told), evidence)
