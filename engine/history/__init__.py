"""All iterations of a training: kept, summarised, searched, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.history.compare import trainings as trainings
    from gradstep.engine.history.events import Event as Event
    from gradstep.engine.history.history import BUDGET as BUDGET
    from gradstep.engine.history.history import History as History
    from gradstep.engine.history.series import Series as Series
    from gradstep.engine.history.series import Topic as Topic
    from gradstep.engine.history.series import column_of as column_of
    from gradstep.engine.history.series import curves as curves
    from gradstep.engine.history.series import iteration_at as iteration_at
    from gradstep.engine.history.series import losses as losses
    from gradstep.engine.history.series import measures as measures
    from gradstep.engine.history.series import watched as watched
    from gradstep.engine.history.summaries import Summaries as Summaries

__getattr__, __all__ = face(__name__)
