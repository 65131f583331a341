"""Whether an update goes too far or not far enough: the loss of its own samples at multiples of it."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.run.passes import loss
from gradstep.engine.run.recording import Recording, remembered

#: A tenth of an update, the update, and ten and a hundred times as much.
MULTIPLES = (0.1, 1.0, 10.0, 100.0)
#: Where ten times the way gains at least so many times as much, the loss is still a straight line there; our own.
_STRAIGHT = 3.0


class Probe(NamedTuple):
    """The loss of iteration `iteration` before its update, and what multiples of the update gain, as shares of the loss
    above `floor`: a walk along a line, as in Goodfellow, Vinyals and Saxe, Qualitatively characterizing neural network
    optimization problems (ICLR 2015)."""

    iteration: int
    before: float
    gains: tuple[float, ...]

    @property
    def best(self) -> float:
        """The most that a multiple gains; 0 where none does."""
        return max((gain for gain in self.gains if np.isfinite(gain)), default=0.0)

    @property
    def timid(self) -> float:
        """How many times as far the update could go at least, with the loss still falling in proportion; 1 where it
        should not."""
        _, once, ten, hundred = self.gains
        if hundred >= _STRAIGHT * max(ten, 0.0) and ten >= _STRAIGHT * max(once, 0.0) and hundred > 0:
            return 100.0
        return 10.0 if ten >= _STRAIGHT * max(once, 0.0) and hundred >= ten > 0 else 1.0

    @property
    def overshoots(self) -> bool:
        """Whether the update makes the loss larger, and a tenth of it would have made it smaller."""
        return self.gains[0] > 0 > self.gains[1] or not np.isfinite(self.gains[1])


@remembered
def probe(recording: Recording, floor: float = 0.0) -> Probe:
    """The probe of an iteration: as many forward passes as there are multiples."""
    leaves, data = recording.scenario.leaves, recording.trace.data
    before = recording.trace.loss
    with np.errstate(all="ignore"):
        steps = {p.id: recording.updated(p.id) - data[p.id] for p in recording.graph.parameters}

        def moved(by: float, value: int) -> Array:
            if value not in steps:
                return leaves[value]
            found: Array = np.asarray(data[value] + by * steps[value], dtype=recording.graph.dtype)
            return found

        losses = [loss(recording.graph, partial(moved, by)) for by in MULTIPLES]
        gains = tuple((before - one) / max(abs(before - floor), 1e-300) for one in losses)
    return Probe(recording.iteration, before, gains)
