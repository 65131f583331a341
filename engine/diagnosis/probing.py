"""Whether an update goes too far or not far enough: the loss of its own samples at multiples of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.run.passes import loss
from gradstep.engine.run.recording import Recording, remembered

#: A tenth of an update, the update, and ten and a hundred times as much.
MULTIPLES = (0.1, 1.0, 10.0, 100.0)
#: So far a probe looks: where the loss is still a straight line there, one has to look further.
STRAIGHT = MULTIPLES[-1]
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


#: So far at most is looked for a length at which the loss is no straight line any more.
FURTHEST = 1e8


@remembered
def probe(recording: Recording, floor: float = 0.0) -> Probe:
    """The probe of an iteration: as many forward passes as there are multiples."""
    before, left = recording.trace.loss, max(abs(recording.trace.loss - floor), 1e-300)
    gains = tuple((before - one) / left for one in _losses(recording, MULTIPLES))
    return Probe(recording.iteration, before, gains)


@remembered
def further(recording: Recording, floor: float = 0.0) -> float:
    """How many times as far an update could go with the loss still falling in proportion, in powers of ten, where it
    does at a hundred times: a forward pass for each."""
    before = recording.trace.loss
    multiple, gained = MULTIPLES[-1], before - next(_losses(recording, MULTIPLES[-1:]))
    while multiple < FURTHEST:
        now = before - next(_losses(recording, (10 * multiple,)))
        if not now >= _STRAIGHT * gained > 0:
            break
        multiple, gained = 10 * multiple, now
    return multiple


def _losses(recording: Recording, multiples: Sequence[float]) -> Iterator[float]:
    """The loss of an iteration's samples at multiples of its update."""
    leaves, data = recording.scenario.leaves, recording.trace.data
    with np.errstate(all="ignore"):
        steps = {p.id: recording.updated(p.id) - data[p.id] for p in recording.graph.parameters}

        def moved(by: float, value: int) -> Array:
            if value not in steps:
                return leaves[value]
            found: Array = np.asarray(data[value] + by * steps[value], dtype=recording.graph.dtype)
            return found

        for by in multiples:
            yield loss(recording.graph, partial(moved, by))
