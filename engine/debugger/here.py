"""One moment of a recording: which step it is, and what that step writes."""

from __future__ import annotations

from functools import cached_property

from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Node
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Position, Sweep


class Here:
    """The moment `position` of `recording`."""

    def __init__(self, recording: Recording, position: Position) -> None:
        self.recording, self.position = recording, position

    @property
    def step(self) -> int:
        return self.position.step

    @property
    def done(self) -> int:
        """How many steps are complete: the last may be under way still."""
        return self.step if self.position.term is None else self.step - 1

    @property
    def total(self) -> int:
        return self.recording.timeline.total

    @cached_property
    def phase(self) -> Phase:
        return self.recording.timeline.phase_at(self.step)

    @cached_property
    def _located(self) -> tuple[Sweep, int] | None:
        return self.recording.timeline.locate(self.step) if self.step else None

    @property
    def sweep(self) -> Sweep | None:
        """The sweep of the current step; None before the first."""
        return self._located[0] if self._located else None

    @cached_property
    def element(self) -> Element | None:
        """The element that the current step writes; None before the first."""
        return Element(self._located[0].value, self._located[1]) if self._located else None

    @property
    def by_hand(self) -> bool:
        """Whether what the current step writes was set by hand, and is not computed."""
        return self.element is not None and self.recording.by_hand(self.element, self.phase.kind)

    @property
    def stale(self) -> bool:
        """Whether what the current step writes may be another number by now."""
        return self.element is not None and self.recording.stale(self.phase.kind, self.element)

    @property
    def sample_here(self) -> int | None:
        """The sample that the current step is about; None if it is about none or all."""
        return self.recording.samples.of(*self.element) if self.element else None

    @property
    def node(self) -> Node | None:
        """The node whose line the current step belongs to."""
        return self.recording.graph.nodes[self.sweep.node] if self.sweep and self.sweep.node >= 0 else None
