"""All iterations of a training: kept, summarised, searched, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.history.compare import trainings as trainings
    from gradstep.engine.history.findings import diagnosis as diagnosis
    from gradstep.engine.history.history import BUDGET as BUDGET
    from gradstep.engine.history.history import History as History
    from gradstep.engine.history.intervals import series as series
    from gradstep.engine.history.summaries import Summaries as Summaries

__getattr__, __all__ = face(__name__)
