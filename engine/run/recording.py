"""One iteration, complete: the scenario, all its numbers, and the order in which they came.

Immutable. What is visible of it at a moment is the frame's business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from gradstep.engine.errors import GoOn
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.index import Array
from gradstep.engine.run.passes import loss, run
from gradstep.engine.run.rules import State
from gradstep.engine.run.samples import Samples
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.staleness import marked
from gradstep.engine.run.timeline import Phase, Timeline
from gradstep.engine.run.trace import Trace
from gradstep.engine.run.update import Update
from gradstep.engine.training.batches import rows


@dataclass(frozen=True, eq=False)
class Recording:
    """One iteration of a scenario, from 1 on: its trace, timeline and names. The scenario's leaves are
    those of this iteration, and `state` is what the updates before it have left."""

    scenario: Scenario
    trace: Trace
    timeline: Timeline
    board: Blackboard
    iteration: int = 1
    state: State = field(default_factory=State)
    #: Of values (`data`) and gradients (`grad`), by kind and value id, the numbers that were set by hand: True where
    #: one is what it is, and not computed.
    given: Mapping[tuple[str, int], Array] = field(default_factory=dict)
    #: An iteration of the same network: what follows from its shapes alone is found out once.
    like: Recording | None = None
    #: An iteration before this one, by its number; None where this is the first.
    earlier: Callable[[int], Recording] | None = None
    #: What `remembered` functions have found out about this run.
    memory: dict[Any, Any] = field(default_factory=dict, init=False)

    @property
    def graph(self) -> Graph:
        return self.trace.graph

    def typed(self, element: Element, phase: Phase = Phase.FORWARD) -> str:
        """What a phase writes there, as one types it: h[1], h.grad[1], W1.next[0,1]."""
        return self.board.typed(*element, phase.kind)

    def kind(self, value: int) -> str:
        """The type of a value's numbers where that is another than the network's: float16, int64, bool …"""
        found, observed = self.graph.values[value].kind, self.scenario.observed
        if not found and observed is not None:
            found = observed.precision.get(value, "")
        if not found and self.trace.data[value].dtype.kind != "f":
            found = "int64"
        return "" if found == self.graph.dtype.name else found

    def by_hand(self, element: Element, kind: str = "data") -> bool:
        """Whether a number, or a gradient, was set by hand."""
        given = self.given.get((kind, element.value))
        return given is not None and bool(given.item(element.flat))

    def stale(self, kind: str, element: Element) -> bool:
        """Whether a number (`data`), a gradient (`grad`) or a new number (`next`) may be another one than it is here:
        an edit changes what enters an operation that is recorded and not explained, and it follows from that."""
        if kind in ("next", "averaged"):
            return self.update.is_stale(element)
        return self.trace.is_stale(kind, element)

    def stale_array(self, kind: str, value: int) -> bool:
        """Whether any of the numbers of an array is stale."""
        if kind in ("next", "averaged"):
            return bool(self.trace.stale) and self.update.moves_by_stale(value)
        return (kind, value) in self.trace.stale

    @cached_property
    def stale_names(self) -> tuple[str, ...]:
        """What is stale, as one types it."""
        named = [
            value for value in self.graph.values if value.node < 0 or self.graph.nodes[value.node].line == value.name
        ]
        found = [value.name for value in named if self.stale_array("data", value.id)]
        found += [f"{value.name}.grad" for value in named if self.stale_array("grad", value.id)]
        return (*found, *(f"{p.name}.next" for p in self.graph.parameters if self.stale_array("next", p.id)))

    @property
    def stale_through(self) -> tuple[str, ...]:
        """The lines that are recorded and not explained, and that an edit changes the inputs or the gradient of."""
        stale = self.trace.stale
        return tuple(
            node.line
            for node in self.graph.nodes
            if node.op.opaque and {("data", node.output), ("pass", node.id)} & stale.keys()
        )

    @cached_property
    def notes(self) -> Mapping[int, str]:
        """The author's words by step number; those of several notes at a step one below the other."""
        found: dict[int, str] = {}
        for note in self.scenario.notes:
            if note.iteration == self.iteration:
                found[note.step] = "\n".join(filter(None, (found.get(note.step), note.text)))
        return found

    @cached_property
    def samples(self) -> Samples:
        """Which elements belong to which sample of the batch."""
        return Samples(self.trace, self.scenario.batch, self.like.samples if self.like else None)

    def row(self, sample: int) -> int | None:
        """The row of the data that a sample of the batch is; None where they are the same."""
        scenario, held = self.scenario, self.scenario.held_back
        if not scenario.pool and held is None:
            return None
        back = len(next(iter(held.inputs.values()))) if held is not None else 0
        there = len(next(iter(scenario.pool.values()))) if scenario.pool else self.samples.count
        return int(rows(there + back, scenario.training, self.iteration)[sample])

    @cached_property
    def update(self) -> Update:
        """What its update phase does."""
        return Update(self.scenario.training, self.trace, self.state, self.iteration)

    def updated(self, value: int, flat: int | None = None) -> Array:
        """The new numbers of a parameter after this iteration's update, or those of one element."""
        return self.update.new(value, flat)

    def moved_to(self, element: Element) -> float:
        """The new number of an element of a parameter; Stale where it is."""
        return marked(float(self.updated(*element)[0]), bool(self.trace.stale) and self.stale("next", element))

    def next_loss(self) -> float:
        """The loss with the updated parameters. Computed once, when first asked for."""
        return _next_loss(self)


P = ParamSpec("P")
R = TypeVar("R")
#: So much is remembered about a run.
_MOST = 2048


def remembered(function: Callable[Concatenate[Recording, P], R]) -> Callable[Concatenate[Recording, P], R]:
    """A function of a recording and hashable arguments that finds the same only once, and whose
    results go when the recording goes: an edited run of a large network must not be kept by a cache."""

    @wraps(function)
    def once(recording: Recording, /, *args: P.args, **kwargs: P.kwargs) -> R:
        memory, key = recording.memory, (function, args, *kwargs.items())
        if key not in memory:
            if len(memory) >= _MOST:
                memory.clear()
            memory[key] = function(recording, *args, **kwargs)
        found: R = memory[key]
        return found

    return once


@remembered
def _next_loss(recording: Recording) -> float:
    leaves, trained = recording.scenario.leaves, {p.id for p in recording.graph.parameters}
    return loss(recording.graph, lambda v: recording.updated(v) if v in trained else leaves[v])


def record(scenario: Scenario, go_on: GoOn | None = None) -> Recording:
    """Runs a scenario once, forward and backward; `go_on` as in `run`. Of a recorded iteration all that is known is
    taken as it is."""
    graph = scenario.graph
    if scenario.observed is not None:
        from gradstep.engine.run.observed import trace_of  # here, because most are not recorded
        from gradstep.engine.run.resuming import state_of

        trace = trace_of(graph, scenario.leaves, scenario.observed)
        state = state_of(graph, scenario.leaves, scenario.training, scenario.observed)
        return Recording(scenario, trace, Timeline(graph), Blackboard(graph), state=state)
    with scenario.telling():
        return Recording(scenario, run(graph, scenario.leaves, go_on=go_on), Timeline(graph), Blackboard(graph))
