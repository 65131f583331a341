"""What single rules see, for the tests of each of them."""

from __future__ import annotations

from collections.abc import Mapping

from gradstep.engine.diagnosis.diagnosing import RULES
from gradstep.engine.diagnosis.evidence import Evidence
from gradstep.engine.diagnosis.finding import Finding
from gradstep.engine.diagnosis.rule import Rule
from gradstep.engine.run.recording import Recording


def seen_by(rule: Rule, recording: Recording, thresholds: Mapping[str, float] | None = None) -> list[Finding]:
    """What a rule sees in one iteration."""
    evidence = Evidence(recording, None, RULES.thresholds(thresholds))
    return [found for found, _ in rule.findings(evidence)]
