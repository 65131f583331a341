"""Conditions of steps: `grad == 0 and op == relu`, `h.grad[1] == 0`, `vanish(1e-4)`, `W2[0,*]`.

A condition is a mask over the steps of a sweep, computed for a slice of it at a time, vectorised. One
that looks at terms (upstream, local, contribution) holds at a step if it holds for one of its terms.
One that looks at no field of the step, but at named numbers only, speaks of a state: it holds at the
one step at which it becomes true.
"""

from __future__ import annotations

import re
from copy import copy

import numpy as np

from gradstep.engine.ask.fields import FIELDS, TERM_FIELDS, phase_of
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.language import FUNCTIONS
from gradstep.engine.ask.past import reach
from gradstep.engine.ask.patterns import Pattern
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.steps import CHANGES, Steps
from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.graph.typed import LETTERS
from gradstep.engine.index import Array
from gradstep.engine.ops import REGISTRY
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Sweep

#: A slice is at most so many terms.
_SLICE = 1 << 17
#: Where it does not look at terms, so many elements.
_PLAIN = 1 << 20


class Condition:
    """What `break`, `when` and a scenario's breakpoints say. Raises CommandError if it cannot be read."""

    def __init__(self, text: str, recording: Recording) -> None:
        self.text, self.recording = text.strip(), recording
        body, _, on = self.text.partition(" on ")
        self.on = Pattern(on, recording) if on else None
        self.pattern: Pattern | None = None
        self.query: Query | None = None
        self.phase: Phase | None = None
        self.operation = ""
        self.by_term = self.state = False
        #: Whether it looks at the terms of steps, which are many.
        self._tabled = False
        self._read(body.strip())

    def of(self, recording: Recording) -> Condition:
        """The same about another iteration of the same network."""
        if recording is self.recording:
            return self
        other = copy(self)
        other.recording = recording
        return other

    def _read(self, body: str) -> None:
        """A bare word is a kind, a phase, a name or pattern, or an operation; else an expression."""
        graph = self.recording.graph
        bare = re.fullmatch(rf"[{LETTERS}:*?]+(\.(data|grad|next))?(\[[^\]]*\])?", body)
        if bare and body not in KINDS and body not in CHANGES:
            if body in [p.value for p in Phase] and body not in graph.by_name:
                self.phase = phase_of(body)
            elif body in REGISTRY and body not in graph.by_name:
                self.operation = body
            elif body in FIELDS and body not in graph.by_name:
                raise CommandError(f"'{body}' is a field of the step; compare it, as in {body} == 0")
            else:
                self.pattern = self._named(body)
            return
        self.query = Query(body)
        words = self.query.words()
        self.by_term = bool(words & {*TERM_FIELDS, "op", "crosses", *(k for k, kind in KINDS.items() if kind.by_term)})
        self.state = not words & {*FIELDS, *KINDS, *CHANGES}
        self._try()

    @property
    def reach(self) -> int:
        """How many iterations it looks back, at most."""
        return 1 if self.query is None else reach(self.query.tree)

    def _named(self, body: str) -> Pattern:
        try:
            return Pattern(body, self.recording)
        except CommandError:
            near = nearest(body, (*KINDS, *(p.value for p in Phase), *REGISTRY, *self.recording.graph.by_name))
            if not re.fullmatch(rf"[{LETTERS}]+", body) or body in self.recording.graph.by_name or not near:
                raise
            raise CommandError(f"'{body}' is no name, kind, phase or operation{near}") from None

    def _try(self) -> None:
        """Reads it once for every phase, on no element, so that a mistake is said when it is set."""
        assert self.query is not None
        for sweep in {s.phase: s for s in self.recording.timeline.sweeps}.values():
            at = Steps(self.recording, sweep, 0, 0, self.by_term)
            part = self.query(at)
            self._tabled = self._tabled or "table" in vars(at)
            if np.asarray(part.value).dtype.kind != "b":
                raise CommandError(f"'{self.text}' is no condition; compare it, as in {self.query.text} == 0")
            if not part.single:
                raise CommandError(f"'{self.text}' has {np.size(part.value):,} truth values; say any(…) or all(…)")

    def mask(self, sweep: Sweep, start: int, stop: int) -> Array:
        """Of the elements start to stop (flat) of a sweep, those at whose step it holds."""
        recording = self.recording
        if self.pattern is not None:
            found = self.pattern.mask(recording, sweep, start, stop)
        elif self.phase is not None:
            first = sweep.phase is self.phase and sweep.start == recording.timeline.span(self.phase)[0]
            found = (np.arange(start, stop) == 0) & first
        elif self.operation:
            found = self._through(sweep, start, stop)
        elif self.state:
            before = self._holds(sweep, max(start - 1, 0), stop)
            if start == 0:
                earlier = recording.timeline.sweeps[sweep.number - 1] if sweep.number else None
                last = (
                    bool(self._holds(earlier, earlier.size - 1, earlier.size)[0]) if earlier and earlier.size else False
                )
                before = np.concatenate([[last], before])
            found = before[1:] & ~before[:-1]
        else:
            found = self._holds(sweep, start, stop)
        if self.on is not None:
            found = found & self.on.mask(recording, sweep, start, stop)
        return found

    def _through(self, sweep: Sweep, start: int, stop: int) -> Array:
        graph = self.recording.graph
        if sweep.phase is Phase.BACKWARD:
            here = any(graph.nodes[n].op.name == self.operation for n, _ in graph.uses[sweep.value])
        else:
            here = sweep.phase is not Phase.UPDATE and graph.nodes[sweep.node].op.name == self.operation
        return np.full(stop - start, here)

    def _holds(self, sweep: Sweep, start: int, stop: int) -> Array:
        assert self.query is not None
        at = Steps(self.recording, sweep, start, stop, self.by_term)
        found = np.asarray(self.query(at).holds)
        if at.by_term:
            return at.gather(np.broadcast_to(found, at.table.owner.shape))
        return np.broadcast_to(found, (stop - start,))

    def term(self, sweep: Sweep, flat: int) -> int | None:
        """Of a step at which it holds, the number of the first term for which it does; None where it
        looks at no terms."""
        if not self.by_term or sweep.phase is not Phase.BACKWARD:
            return None
        assert self.query is not None
        at = Steps(self.recording, sweep, flat, flat + 1, True)
        found = np.flatnonzero(np.broadcast_to(np.asarray(self.query(at).holds), at.table.owner.shape))
        return int(found[0]) if len(found) else None

    def slice_of(self, sweep: Sweep) -> int:
        """How many elements of a sweep to look at together."""
        if sweep.phase is not Phase.BACKWARD or not sweep.size or not self._tabled:
            return _PLAIN
        first = Steps(self.recording, sweep, 0, 1, False).table
        return max(_SLICE // max(len(first.owner), 1), 1)


def condition_words() -> tuple[str, ...]:
    """What a condition may be made of, for completion."""
    return (*KINDS, *FIELDS, *CHANGES, *FUNCTIONS)
