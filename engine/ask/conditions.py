"""Conditions of steps: `grad == 0 and op == relu`, `h.grad[1] == 0`, `vanish(1e-4)`, `W2[0,*]`.

A condition is a mask over the steps of a sweep, computed for a slice of it at a time, vectorised. One
that looks at terms (upstream, local, contribution) holds at a step if it holds for one of its terms; where a gradient
has none, what is said of terms is unknown, as in the other phases, and the rest is not.
One that looks at no field of the step, but at named numbers only, speaks of a state: it holds at the
one step at which it becomes true.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from copy import copy
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.fields import FIELDS, SOFT, TERM_FIELDS, TEXT_FIELDS, phase_of
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.language import FUNCTIONS
from gradstep.engine.ask.past import reach
from gradstep.engine.ask.patterns import Pattern
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment
from gradstep.engine.ask.steps import CHANGES, Steps
from gradstep.engine.errors import CommandError, UnknownName, nearest
from gradstep.engine.graph.typed import LETTERS, spelled
from gradstep.engine.index import Array
from gradstep.engine.ops import REGISTRY
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Sweep

#: A slice is at most so many terms.
_SLICE = 1 << 17
#: Where it does not look at terms, so many elements.
_PLAIN = 1 << 20


class Held(NamedTuple):
    """Of some steps those at which something holds; and, where it looks at terms, of these how many terms are in with
    the first for which it does: 0 where that is the last of them. All shapes (steps,)."""

    mask: Array
    terms: Callable[[], Array] | None = None


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
        #: Whether it looks at the terms of steps, which are many; and how many elements of a sweep together.
        self._tabled, self._together = False, dict[int, int]()
        #: What it joins with `and`, what is known of a whole sweep first.
        self._parts: tuple[Query, ...] = ()
        #: The steps at which what it names is there, and with it perhaps the state.
        self._moments: tuple[int, ...] = ()
        self._begins: tuple[int, ...] | None = None
        self._read(body.strip())

    def of(self, recording: Recording) -> Condition:
        """The same about another iteration of the same network."""
        if recording is self.recording:
            return self
        other = copy(self)
        other.recording, other._begins = recording, None
        return other

    def _read(self, body: str) -> None:
        """A bare word is a kind, a phase, a name or pattern, or an operation; else an expression."""
        graph = self.recording.graph
        bare = re.fullmatch(
            rf"[{LETTERS}:*?]+(?:(?<=\D)(?:\.[{LETTERS}*?]+)*?)?(\.(data|grad|next))?(\[[^\]]*\])?",
            spelled(body, self.recording.board.loss),
        )
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
        words = self.query.words() - (SOFT & graph.by_name.keys())
        self.by_term = bool(words & {*TERM_FIELDS, "op", "crosses", *(k for k, kind in KINDS.items() if kind.by_term)})
        self.state = not words & {*FIELDS, *KINDS, *CHANGES}
        self._try()
        self._parts = tuple(map(Query.of, sorted(_joined(self.query.tree), key=_looks_close)))
        if self.state:
            ready = (r.ready(self.recording) for r in self.query.references(Moment.end(self.recording)))
            self._moments = tuple(sorted({1, *filter(None, ready)}))

    @property
    def reach(self) -> int:
        """How many iterations it looks back, at most."""
        return 1 if self.query is None else reach(self.query.tree)

    def _named(self, body: str) -> Pattern:
        try:
            return Pattern(body, self.recording)
        except UnknownName:
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
        return self.held(sweep, start, stop).mask

    def held(self, sweep: Sweep, start: int, stop: int) -> Held:
        """Those at whose step it holds, and after which of their terms it does first."""
        recording, terms = self.recording, None
        if self.pattern is not None:
            found = self.pattern.mask(recording, sweep, start, stop)
        elif self.phase is not None:
            first = sweep.phase is self.phase and sweep.start == recording.timeline.span(self.phase)[0]
            found = (np.arange(start, stop) == 0) & first
        elif self.operation:
            found = np.full(stop - start, self._through(sweep))
        elif self.state:
            found = np.zeros(stop - start, dtype=bool)
            steps = np.array(self.begins, dtype=np.intp) - sweep.start - 1
            found[steps[(steps >= start) & (steps < stop)] - start] = True
        else:
            found, terms = self._looked(Steps(recording, sweep, start, stop, self.by_term))
        if self.on is not None:
            found = found & self.on.mask(recording, sweep, start, stop)
        return Held(found, terms)

    def _through(self, sweep: Sweep) -> bool:
        """Whether a sweep computes, or goes back through, the operation."""
        graph = self.recording.graph
        if sweep.phase is Phase.BACKWARD:
            return any(graph.nodes[n].op.name == self.operation for n, _ in graph.uses[sweep.value])
        return sweep.phase is not Phase.UPDATE and graph.nodes[sweep.node].op.name == self.operation

    def sweeps(self) -> Sequence[Sweep]:
        """The sweeps at whose steps it may hold, as far as one sees without looking at all of their numbers."""
        time = self.recording.timeline
        if self.state:
            found: Sequence[Sweep] = [time.sweep_at(step) for step in self.begins]
        elif self.pattern is not None:
            found = [sweep for sweep in time.sweeps if self.pattern.writes(self.recording, sweep)]
        elif self.operation:
            found = [sweep for sweep in time.sweeps if self._through(sweep)]
        else:
            found = time.sweeps
        return found if self.on is None else [sweep for sweep in found if self.on.writes(self.recording, sweep)]

    @property
    def begins(self) -> tuple[int, ...]:
        """The steps at which a state begins: it may at those at which something that it names is there, and at no
        other."""
        if self._begins is None:
            assert self.query is not None
            times, holds = self._moments, [False]
            holds += [bool(self.query(Moment(self.recording, step)).holds) for step in times]
            self._begins = tuple(
                s for s, before, now in zip(times, holds, holds[1:], strict=False) if now and not before
            )
        return self._begins

    def _looked(self, at: Steps) -> Held:
        """Where the expression holds in a slice."""
        found = self._all(at)
        if not at.by_term:
            return Held(np.broadcast_to(found, (at.count,)))
        if not np.ndim(found) and not found:  # whatever the terms are
            return Held(np.zeros(at.count, dtype=bool))
        terms = np.broadcast_to(found, at.table.owner.shape)
        mask, without = at.gather(terms), at.without_terms
        if without.any():
            mask |= without & self._all(Steps(self.recording, at.sweep, at.start, at.stop, False))
        return Held(mask, lambda: at.first(terms))

    def _all(self, at: Steps) -> Array:
        """Where all parts of the expression hold, one answer or one for each step or term; after one that holds
        nowhere, no other is looked at."""
        found = np.asarray(self._parts[0](at).holds)
        for part in self._parts[1:]:
            if not found.any():
                break
            found = np.logical_and(found, part(at).holds)
        return found

    def slice_of(self, sweep: Sweep) -> int:
        """How many elements of a sweep to look at together."""
        if sweep.phase is not Phase.BACKWARD or not sweep.size or not self._tabled:
            return _PLAIN
        found = self._together.get(sweep.number)
        if found is None:
            first = Steps(self.recording, sweep, 0, 1, False).table
            found = self._together[sweep.number] = max(_SLICE // max(len(first.owner), 1), 1)
        return found


def _joined(node: ast.expr) -> list[ast.expr]:
    """What a condition joins with `and`."""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.And):
        return [part for value in node.values for part in _joined(value)]
    return [node]


def _looks_close(node: ast.expr) -> bool:
    """Whether the numbers of each step have to be looked at; where it is about texts, often not."""
    sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
    return not any(isinstance(side, ast.Name) and side.id in TEXT_FIELDS for side in sides)


def condition_words() -> tuple[str, ...]:
    """What a condition may be made of, for completion."""
    return (*KINDS, *FIELDS, *CHANGES, *FUNCTIONS)
