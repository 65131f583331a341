"""All that the rules see in a training."""

from __future__ import annotations

from gradstep.engine.ask.findings.rules import Findings, Rules, Thresholds
from gradstep.engine.errors import GoOn
from gradstep.engine.history.findings.gradients import explode, vanish
from gradstep.engine.history.findings.losses import loss, oscillates, overfit
from gradstep.engine.history.findings.numbers import diverged
from gradstep.engine.history.findings.units import died, symmetric
from gradstep.engine.history.findings.updates import accumulates, unchanged
from gradstep.engine.history.history import History

#: In the order in which they are told.
RULES = Rules((
    diverged, loss, oscillates, accumulates, overfit, died, explode, vanish, unchanged, symmetric,
))  # fmt: skip


def diagnosis(history: History, thresholds: Thresholds | None = None, go_on: GoOn | None = None) -> Findings:
    """Everything that the rules see in the iterations that are made; nothing where there is only one.
    `thresholds` replace the defaults. Raises Interrupted and CommandError."""
    used = RULES.thresholds(thresholds)
    if history.made < 2:
        return Findings()
    return Findings(found for rule in RULES for found in rule(history, used, go_on))
