"""The past of a training as snapshots: what an iteration begins with, and everything after it follows from that."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import OrderedDict
from collections.abc import Mapping
from copy import copy
from math import sqrt
from typing import NamedTuple

from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.rules import State


class Snapshot(NamedTuple):
    """The start of an iteration: all leaves by value id, and what updates have left. `like` is an iteration
    of the same network."""

    iteration: int
    like: Recording
    leaves: Mapping[int, Array]
    state: State

    @property
    def bytes(self) -> int:
        """What it holds on to: parameters, inputs that change, and what updates have left."""
        graph = self.like.graph
        own = [*(p.id for p in graph.parameters), *graph.keeps]
        return sum(self.leaves[value].nbytes for value in own) + self.state.bytes


class Checkpoints:
    """Snapshots in at most `budget` bytes; the first and the newest are always kept. Their distance grows
    with the square root of their age: near the present hardly anything has to be computed again, and the
    longest way of all is not much longer than if they stood evenly."""

    def __init__(self, first: Snapshot, budget: int) -> None:
        self._budget = budget
        self._kept: dict[int, Snapshot] = {first.iteration: first}
        #: Their iterations in order: a search asks for one after the other, and there may be thousands.
        self.iterations = [first.iteration]
        self._first = first.iteration
        #: How far apart snapshots of age 1 would stand.
        self._spread = 0.01
        self.bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, snapshot: Snapshot) -> None:
        if snapshot.iteration in self._kept:
            return
        self._kept[snapshot.iteration] = snapshot
        insort(self.iterations, snapshot.iteration)
        self.bytes += snapshot.bytes
        if self.bytes > self._budget:
            self._thin()

    def nearest(self, iteration: int) -> Snapshot:
        """The last one at or before an iteration."""
        return self._kept[self.iterations[bisect_right(self.iterations, iteration) - 1]]

    def until(self, iteration: int) -> Checkpoints:
        """A copy without those after an iteration."""
        other = copy(self)
        other._kept = {k: s for k, s in self._kept.items() if k <= iteration}
        other.iterations = sorted(other._kept)
        other.bytes = sum(s.bytes for k, s in other._kept.items() if k != self._first)
        return other

    def _thin(self) -> None:
        """Down to three quarters, so that it is seldom done. A snapshot is kept as long as its number is a
        multiple of the distance that belongs to its age, rounded up to a power of two: so what is kept
        later on is never thrown away before."""
        newest = max(self._kept)
        room = max(self._budget * 3 // 4, self._kept[newest].bytes)
        while True:
            kept = {k: s for k, s in self._kept.items() if k in (self._first, newest) or self._stays(k, newest - k)}
            total = sum(s.bytes for k, s in kept.items() if k != self._first)
            if total <= room or len(kept) <= 2:
                break
            self._spread *= 1.2
        self._kept, self.iterations, self.bytes = kept, sorted(kept), total

    def _stays(self, iteration: int, age: int) -> bool:
        apart = self._spread * sqrt(age)
        return (iteration - 1) % (1 << max(int(apart - 1e-9).bit_length(), 0)) == 0


class Passed:
    """Snapshots that were passed on the way to some iteration, the latest of them, in at most `budget` bytes (but one
    at least): one often goes on from there, or back to the one before."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._kept: OrderedDict[int, Snapshot] = OrderedDict()
        self._iterations: list[int] = []

    def add(self, snapshot: Snapshot) -> None:
        if snapshot.iteration not in self._kept:
            insort(self._iterations, snapshot.iteration)
        self._kept[snapshot.iteration] = snapshot
        self._kept.move_to_end(snapshot.iteration)
        while len(self._kept) > 1 and len(self._kept) * max(snapshot.bytes, 1) > self._budget:
            self._iterations.remove(self._kept.popitem(last=False)[0])

    def nearest(self, iteration: int) -> Snapshot | None:
        """The last one at or before an iteration."""
        at = bisect_right(self._iterations, iteration)
        return self._kept[self._iterations[at - 1]] if at else None

    def until(self, iteration: int) -> Passed:
        """A copy without those after an iteration."""
        other = Passed(self._budget)
        other._kept.update((k, s) for k, s in self._kept.items() if k <= iteration)
        other._iterations = sorted(other._kept)
        return other

    def clear(self) -> None:
        self._kept.clear()
        self._iterations.clear()
