"""The steps at which an expression changes, and at which a sum passes a level."""

from __future__ import annotations

import numpy as np

from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.index import Array
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import enumerate_terms
from gradstep.engine.run.timeline import Sweep


class Change:
    """The steps at which an expression changes: those that write what it is made of. A plain name
    changes with each of its elements; a computed number once, when the last of its parts is there."""

    def __init__(self, query: Query, recording: Recording) -> None:
        end = Moment.end(recording)
        query(end)
        self.whole = query.reference(end)
        self.ready = max((r.ready(recording) for r in query.references(end)), default=0)

    def writes(self, sweep: Sweep) -> bool:
        """Whether a step of a sweep changes it."""
        reference = self.whole
        if reference is None:
            return 0 < self.ready - sweep.start <= sweep.size
        return sweep.value == reference.value.id and sweep.phase.kind == reference.kind

    def mask(self, sweep: Sweep, start: int, stop: int) -> Array:
        """Of the elements start to stop of a sweep, those whose step changes it."""
        flats, reference = np.arange(start, stop), self.whole
        if reference is None:
            return np.asarray(sweep.start + flats + 1 == self.ready)
        if not self.writes(sweep):
            return np.zeros(len(flats), dtype=bool)
        taken = np.zeros(reference.value.shape, dtype=bool)
        taken[reference.at or ...] = True
        return taken.reshape(-1)[flats]


def passed(recording: Recording, step: int, value: float, level: float) -> Array:
    """For each term of the sum that a step makes whether the sum, from 0 on, passes to the other side of `level`
    with it, shape (terms,). Of a step that is no sum, shape (1,): whether the `value` that it writes lies on the
    other side of it than 0."""
    segments = segments_at(recording.trace, recording.timeline, step)
    running = enumerate_terms(segments, recording.graph.dtype).running if segments else np.asarray([value])
    before = np.concatenate([[0.0], running[:-1]])
    return np.asarray((before < level) != (running < level))
