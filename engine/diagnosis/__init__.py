"""What is wrong, and what would help: rules over a network and its training, ranked and joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.diagnosis.diagnosing import RULES as RULES
    from gradstep.engine.diagnosis.diagnosing import diagnose as diagnose
    from gradstep.engine.diagnosis.diagnosing import diagnose_iteration as diagnose_iteration
    from gradstep.engine.diagnosis.finding import Diagnosis as Diagnosis
    from gradstep.engine.diagnosis.finding import Finding as Finding
    from gradstep.engine.diagnosis.finding import Severity as Severity

__getattr__, __all__ = face(__name__)
