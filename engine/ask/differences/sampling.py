"""Which gradients are compared one by one where not all can be: as many as a few seconds allow, some of each array."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.differences.precise import Precise
from gradstep.engine.ask.differences.slopes import OFFSETS
from gradstep.engine.graph.graph import Value
from gradstep.engine.index import Array

#: A network is compared whole where all moved losses together take no more numbers than this.
WHOLE = 200_000_000
#: Of another one a sample, for which so many are computed, beside those that each array is given anyway.
WORK = 25_000_000
#: So many elements of each array are compared however large the network is, and so many whose gradient is not finite.
_LEAST = 1
#: So many numbers are computed between two questions whether to go on.
_TOGETHER = 1 << 22


class Sample(NamedTuple):
    """Some elements of a value that are compared."""

    value: Value
    flats: Array

    @property
    def whole(self) -> bool:
        """Whether these are all."""
        return len(self.flats) == self.value.size

    def also(self, flats: Array | None) -> Sample:
        """These and some more."""
        return self if flats is None else Sample(self.value, np.union1d(self.flats, flats))


def sample(precise: Precise, values: Sequence[Value]) -> tuple[Sample, ...]:
    """All elements of the values where that is no more work than is allowed. Else each array has an equal share of the
    work, what small ones leave over is shared by the others, and elements are drawn without replacement, always the
    same. Of those whose gradient is not finite some are among them."""
    cost = {v.id: _cost(precise, v) for v in values}
    all_of_it = sum(v.size * cost[v.id] for v in values)
    left, found = all_of_it if all_of_it <= WHOLE else WORK, list[Sample]()
    rng = np.random.Generator(np.random.PCG64(0))
    for k, value in enumerate(sorted(values, key=lambda v: v.size * cost[v.id])):
        share = left // (len(values) - k)
        count = min(value.size, max(share // cost[value.id], _LEAST))
        left = max(left - count * cost[value.id], 0)
        flats = np.arange(count) if count == value.size else rng.choice(value.size, count, replace=False)
        strange = np.flatnonzero(~np.isfinite(precise.recording.trace.gradient(value.id)))[:_LEAST]
        found.append(Sample(value, np.union1d(strange, flats)))
    order = {v.id: k for k, v in enumerate(values)}
    return tuple(sorted(found, key=lambda s: order[s.value.id]))


def batches(precise: Precise, samples: Sequence[Sample]) -> Iterator[Sample]:
    """Parts of samples: so many elements as are quickly compared."""
    for value, flats in samples:
        step = max(_TOGETHER // _cost(precise, value), 1)
        for start in range(0, len(flats), step):
            yield Sample(value, flats[start : start + step])


def _cost(precise: Precise, value: Value) -> int:
    """How many numbers are computed for one element."""
    return max(len(OFFSETS) * precise.work(value.id), 1)
