"""What the rules see in one iteration."""

from __future__ import annotations

from gradstep.engine.ask.findings.gates import dead, saturated
from gradstep.engine.ask.findings.numbers import nonfinite, zero
from gradstep.engine.ask.findings.rules import Findings, Rules, Thresholds
from gradstep.engine.ask.findings.sizes import cancel, explode, vanish
from gradstep.engine.ask.findings.updates import update
from gradstep.engine.run.recording import Recording

#: In the order in which they are told.
RULES = Rules((nonfinite, dead, saturated, vanish, explode, zero, cancel, update))


def findings(recording: Recording, thresholds: Thresholds | None = None) -> Findings:
    """Everything that the rules see; `thresholds` replace the defaults of their kinds. Raises
    CommandError for a kind that has none."""
    used = RULES.thresholds(thresholds)
    return Findings(found for rule in RULES for found in rule(recording, used))
