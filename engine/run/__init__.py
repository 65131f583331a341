"""One iteration as numbers in time: the trace, the timeline, the terms of every step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.engine import face

if TYPE_CHECKING:
    from gradstep.engine.errors import GoOn as GoOn
    from gradstep.engine.run.agreement import explains as explains
    from gradstep.engine.run.agreement import kinds_of as kinds_of
    from gradstep.engine.run.memory import Needs as Needs
    from gradstep.engine.run.memory import allow as allow
    from gradstep.engine.run.memory import budget as budget
    from gradstep.engine.run.memory import needs as needs
    from gradstep.engine.run.recording import Recording as Recording
    from gradstep.engine.run.recording import record as record
    from gradstep.engine.run.recording import remembered as remembered
    from gradstep.engine.run.resuming import misses as misses
    from gradstep.engine.run.scenario import Scenario as Scenario
    from gradstep.engine.run.staleness import marked as marked
    from gradstep.engine.run.timeline import Grain as Grain
    from gradstep.engine.run.timeline import Phase as Phase
    from gradstep.engine.run.timeline import Position as Position
    from gradstep.engine.run.timeline import Sweep as Sweep
    from gradstep.engine.run.timeline import Timeline as Timeline

__getattr__, __all__ = face(__name__)
