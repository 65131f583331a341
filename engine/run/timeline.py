"""Time as integers: phases, sweeps, steps and positions.

A sweep is one array being written in C order; step numbers run through the sweeps one after the
other, 1 to `total`, and step 0 is before everything. So finding what a step writes is a search over
a few dozen numbers, and finding which step wrote an element is an addition.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from enum import Enum
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from gradstep.engine.graph.graph import Graph, Role


class Phase(Enum):
    """The four parts of an iteration, in order."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"

    @property
    def kind(self) -> str:
        """Which of a value's arrays it writes: its `data`, its `grad`, or as `next` its number after the update."""
        return _KINDS.get(self, "data")


_KINDS = {Phase.BACKWARD: "grad", Phase.UPDATE: "next"}
#: The average of a parameter's weights is known with its number after the update.
_PHASES = {**{kind: phase for phase, kind in _KINDS.items()}, "averaged": Phase.UPDATE}


class Grain(Enum):
    """How far one move goes, from finest to coarsest."""

    TERM = "term"
    ELEMENT = "element"
    ARRAY = "array"
    LINE = "line"
    PHASE = "phase"
    ITERATION = "iteration"


class Sweep(NamedTuple):
    """Steps start + 1 to start + size write the `size` elements of one array of value `value`:
    its data (forward, loss), its gradient (backward) or its new number (update).

    `node` is the graph node whose line the sweep belongs to, −1 for a parameter that no node uses.
    """

    number: int
    phase: Phase
    node: int
    value: int
    start: int
    size: int

    @property
    def stop(self) -> int:
        return self.start + self.size


class Position(NamedTuple):
    """A moment: in an iteration, from 1 on, `step` steps are done. With a `term`, the last of them is still
    under way and only its first `term` terms (of an update: lines of its rule) are in."""

    step: int
    term: int | None = None
    iteration: int = 1


class Timeline:
    """The order of all steps of one iteration over `graph`.

    Forward in graph order; the loss (and what is computed from it); then for each node in reverse
    the gradients of its parameters, then of its other inputs, each once all its uses are in; then
    the updates, in graph order.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        sweeps: list[Sweep] = []
        self._at: dict[tuple[Phase, int], Sweep] = {}

        def add(phase: Phase, node: int, value: int) -> None:
            start = sweeps[-1].stop if sweeps else 0
            sweep = Sweep(len(sweeps), phase, node, value, start, graph.values[value].size)
            sweeps.append(sweep)
            self._at[phase, value] = sweep

        for node in graph.nodes:
            if node.id not in graph.after_loss:
                add(Phase.FORWARD, node.id, node.output)
        for node in graph.nodes:
            if node.id in graph.after_loss:
                add(Phase.LOSS, node.id, node.output)
        first_use = _first_uses(graph)
        nowhere = (-1, 0)
        for node in reversed(graph.nodes):
            mine = [v for v in dict.fromkeys(node.inputs) if first_use[v][0] == node.id]
            for value in sorted(mine, key=lambda v: graph.values[v].role is not Role.PARAMETER):
                if graph.gets_gradient(graph.values[value]):
                    add(Phase.BACKWARD, node.id, value)
        unused = [p for p in graph.parameters if p.id not in first_use]
        for parameter in unused:
            add(Phase.BACKWARD, -1, parameter.id)
        used = [p for p in graph.parameters if p.id in first_use]
        for parameter in sorted(used, key=lambda p: first_use[p.id]) + unused:
            add(Phase.UPDATE, first_use.get(parameter.id, nowhere)[0], parameter.id)
        self.sweeps = tuple(sweeps)
        self.total = sweeps[-1].stop
        self._starts = [s.start for s in sweeps]

    def sweep_at(self, step: int) -> Sweep:
        """The sweep that step number `step` (1 to total) belongs to."""
        return self.sweeps[bisect_left(self._starts, step) - 1]

    def locate(self, step: int) -> tuple[Sweep, int]:
        """The sweep and the flat element that step number `step` (1 to total) writes."""
        sweep = self.sweep_at(step)
        return sweep, step - sweep.start - 1

    def sweep_of(self, phase: Phase, value: int) -> Sweep | None:
        """The sweep that writes `value` in `phase`, if there is one."""
        return self._at.get((phase, value))

    def step_of(self, phase: Phase, value: int, flat: int) -> int | None:
        """The number of the step that writes one element; the inverse of `locate`."""
        sweep = self._at.get((phase, value))
        return None if sweep is None else sweep.start + flat + 1

    def phase_of(self, value: int, kind: str = "data") -> Phase:
        """The phase that writes an array of a value: its `data`, its `grad` or its `next` number."""
        if kind in _PHASES:
            return _PHASES[kind]
        return Phase.LOSS if self.graph.values[value].node in self.graph.after_loss else Phase.FORWARD

    def written(self, sweep: Sweep | None, step: int) -> int:
        """How many elements of `sweep` are written once `step` steps are done."""
        return 0 if sweep is None else min(max(step - sweep.start, 0), sweep.size)

    def phase_at(self, step: int) -> Phase:
        """The phase that step number `step` belongs to; step 0 stands before the forward pass."""
        return self.sweep_at(step).phase if step else Phase.FORWARD

    def span(self, phase: Phase) -> tuple[int, int]:
        """The steps start + 1 to stop are those of `phase`; equal where it has none."""
        return self._spans.get(phase, (self.total, self.total))

    @cached_property
    def _spans(self) -> dict[Phase, tuple[int, int]]:
        found: dict[Phase, tuple[int, int]] = {}
        for sweep in self.sweeps:
            found[sweep.phase] = found.get(sweep.phase, (sweep.start, 0))[0], sweep.stop
        return found

    @cached_property
    def _stops(self) -> dict[Grain, list[int]]:
        """Where moves coarser than an element come to rest: an array or a graph line when it is complete, a
        phase at its first step, so that one can go on from there and see it happen."""
        sweeps = self.sweeps
        lines = [
            s.stop
            for s, after in zip(sweeps, [*sweeps[1:], None], strict=True)
            if after is None or (after.phase, after.node) != (s.phase, s.node)
        ]
        phases = [s.start + 1 for before, s in pairwise(sweeps) if s.phase is not before.phase]
        arrays = [0, *(s.stop for s in sweeps)]
        return {Grain.ARRAY: arrays, Grain.LINE: [0, *lines], Grain.PHASE: sorted({0, *phases, self.total})}

    def places(self, grain: Grain) -> Sequence[int]:
        """The steps at which moves of a grain come to rest, in order: the beginning and the end are among them."""
        return range(self.total + 1) if grain is Grain.ELEMENT else self._stops[grain]

    def nearest(self, grain: Grain, step: int, under_way: bool, forward: bool) -> int:
        """Which of the `places` is the nearest, strictly later or earlier; −1 and their number where there is none.
        With `under_way`, `step` itself is not complete yet."""
        places = self.places(grain)
        if forward:
            return bisect_left(places, step) if under_way else bisect_right(places, step)
        return bisect_left(places, step) - 1

    def neighbour(self, grain: Grain, step: int, under_way: bool, forward: bool) -> int | None:
        """The step of the nearest place; None at the ends."""
        places, at = self.places(grain), self.nearest(grain, step, under_way, forward)
        return places[at] if 0 <= at < len(places) else None


def _first_uses(graph: Graph) -> dict[int, tuple[int, int]]:
    """For each value that is used: its first use in graph order, as (node, slot). Going back through
    the graph that is the last place from which a part of its gradient comes."""
    found: dict[int, tuple[int, int]] = {}
    for node in graph.nodes:
        for slot, value in enumerate(node.inputs):
            found.setdefault(value, (node.id, slot))
    return found
