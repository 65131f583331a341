"""The steps at which a condition holds, as a list."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from gradstep.engine.ask.scope import Reference
from gradstep.engine.graph.element import Element
from gradstep.engine.index import unravel
from gradstep.engine.notation import Stale, number, padded, plain, typed
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import marked


class Hit(NamedTuple):
    """A step of an iteration at which a condition holds: what it writes, as one types it, and that number."""

    iteration: int
    step: int
    name: str
    value: float

    @classmethod
    def at(cls, recording: Recording, step: int) -> Hit:
        """Step number `step` of an iteration."""
        sweep, flat = recording.timeline.locate(step)
        value = recording.graph.values[sweep.value]
        written = Reference(value, sweep.phase.kind, unravel(flat, value.shape)).read(recording)
        here = Element(value.id, flat)
        shown = typed(float(written), value.kind if sweep.phase.kind == "data" else "")
        number = marked(shown, recording.stale(sweep.phase.kind, here))
        return cls(recording.iteration, step, recording.typed(here, sweep.phase), number)


class Hits(NamedTuple):
    """The first steps at which a condition holds, of one iteration or of `several`. With `more` there may be
    others later."""

    hits: tuple[Hit, ...]
    several: bool
    more: bool

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.hits:
            yield "it holds at no step"
        for hit in self.hits:
            when = f"@{hit.iteration} " if self.several else ""
            yield f"{when}{hit.step:>8,}  {padded(hit.name, 16)} {number(hit.value)}"
        if self.more:
            yield f"these are the first {len(self.hits)}; a narrower condition finds later ones"

    def document(self) -> list[dict[str, Any]]:
        """For programs."""
        return [
            {**({"iteration": hit.iteration} if self.several else {}), "step": hit.step, "at": hit.name}
            | {"value": plain(hit.value)}
            | ({"stale": True} if isinstance(hit.value, Stale) else {})
            for hit in self.hits
        ]
