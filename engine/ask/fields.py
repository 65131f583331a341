"""What a step offers to conditions: its fields, vectorised over a slice of a sweep.

A field that a phase does not have is unknown there, and what depends on it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from gradstep.engine.ask.patterns import Pattern
from gradstep.engine.ask.scope import Part, Scope
from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.index import Array
from gradstep.engine.ops import REGISTRY
from gradstep.engine.ops.links import product
from gradstep.engine.run.reading import forward_segments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import total
from gradstep.engine.run.timeline import Phase, Sweep

#: Fields that differ from term to term of a gradient.
TERM_FIELDS = ("upstream", "local", "contribution")
#: Text fields: compared with a word; an example of each.
TEXT_FIELDS: Mapping[str, str] = {
    "op": "relu", "name": "h", "phase": "backward", "module": "layers.0", "where": "linear"
}  # fmt: skip
#: Fields that a value of the network may be called as well; where one is, that is meant.
SOFT = frozenset(("module", "where"))
FIELDS = ("value", "grad", *TERM_FIELDS, "terms", *TEXT_FIELDS, "layer", "index", "iteration")


class _Table(NamedTuple):
    """The terms of the gradients of a slice: struct of arrays (terms,). `factor` are value ids, −1
    where no value supplies the local gradient; `node` numbers the operations."""

    owner: Array
    upstream: Array
    local: Array
    contribution: Array
    node: Array
    factor: Array


class Slice(Scope):
    """The elements start to stop of a sweep, as steps."""

    fields = FIELDS
    texts = TEXT_FIELDS.keys()

    def __init__(self, recording: Recording, sweep: Sweep, start: int, stop: int, by_term: bool) -> None:
        super().__init__(recording)
        self.sweep, self.start, self.stop = sweep, start, stop
        self.by_term = by_term and sweep.phase is Phase.BACKWARD

    @property
    def count(self) -> int:
        return self.stop - self.start

    @cached_property
    def steps(self) -> Array:
        return self.spread(np.arange(self.start, self.stop) + self.sweep.start + 1)

    @cached_property
    def table(self) -> _Table:
        """All terms of the slice's gradients, use after use."""
        trace, graph = self.recording.trace, self.recording.graph
        found = []
        for number, slot in graph.uses[self.sweep.value]:
            node = graph.nodes[number]
            with np.errstate(all="ignore"):
                columns = node.op.columns(slot, self.start, self.stop, trace.data[node.output], trace.inputs(node))
                upstream = trace.gradient(node.output).take(columns.out)
                factor = -1 if columns.factor is None else node.inputs[columns.factor]
                size = len(columns.owner)
                found.append(
                    _Table(
                        columns.owner,
                        upstream,
                        columns.local,
                        product(upstream, columns.local, node.op.shuts, node.op.beyond, slot),
                        np.full(size, number),
                        np.full(size, factor),
                    )
                )
        if not found:
            empty = np.empty(0)
            return _Table(np.empty(0, np.intp), empty, empty, empty, np.empty(0, np.intp), np.empty(0, np.intp))
        return _Table(*(np.concatenate(columns) for columns in zip(*found, strict=True)))

    @property
    def without_terms(self) -> Array:
        """Of the slice's gradients those that have no terms: nothing comes back to them."""
        return np.asarray(np.bincount(self.table.owner, minlength=self.count) == 0)

    def spread(self, elements: Array) -> Array:
        """An array of elements as one of terms, where terms are looked at."""
        return elements[self.table.owner] if self.by_term else elements

    def gather(self, terms: Array) -> Array:
        """For each element whether a mask of terms is true for one of them."""
        found = np.zeros(self.count, dtype=bool)
        found[self.table.owner[terms]] = True
        return found

    def first(self, terms: Array) -> Array:
        """For each element how many of its terms there are up to the first in a mask of terms; 0 where that is its
        last one, or there is none. Its terms come use after use."""
        owner = self.table.owner
        counts, order = np.bincount(owner, minlength=self.count), np.argsort(owner, kind="stable")
        number = np.empty(len(owner), np.intp)
        number[order] = np.arange(1, len(owner) + 1) - np.repeat(np.cumsum(counts) - counts, counts)
        found = counts.copy()
        np.minimum.at(found, owner[terms], number[terms])
        return np.asarray(np.where(found < counts, found, 0))

    def _unknown(self) -> Part:
        size = len(self.table.owner) if self.by_term else self.count
        return Part(np.zeros(size), np.zeros(size, dtype=bool), True)

    # Fields

    @classmethod
    def field(cls, name: str) -> Callable[[Self], Part]:
        if name in TEXT_FIELDS:
            raise CommandError(f"'{name}' is a text; compare it, as in {name} == {TEXT_FIELDS[name]}")
        read, of_terms = _FIELDS[name], name in TERM_FIELDS

        def found(at: Self) -> Part:
            numbers = read(at)
            if numbers is None:
                return at._unknown()
            return Part(numbers if of_terms else at.spread(numbers), True, True)

        return found

    @property
    def value(self) -> Array:
        """What stands there: of an update the new number, and in the backward pass what the gradient is of."""
        recording, value = self.recording, self.sweep.value
        whole = recording.updated(value) if self.sweep.phase is Phase.UPDATE else recording.trace.data[value]
        return whole.reshape(-1)[self.start : self.stop]

    @property
    def grad(self) -> Array | None:
        """The gradient that is written; None in the other phases."""
        if self.sweep.phase is not Phase.BACKWARD:
            return None
        return self.recording.trace.gradient(self.sweep.value).reshape(-1)[self.start : self.stop]

    @classmethod
    def matching(cls, field: str, text: str, recording: Recording) -> Callable[[Self], Part]:
        if field == "phase":
            phase = phase_of(text)
            return lambda at: Part(at.sweep.phase is phase, True, True)
        if field == "name":
            pattern = Pattern(text, recording)
            return lambda at: Part(at.spread(pattern.mask(at.recording, at.sweep, at.start, at.stop)), True, True)
        if field in SOFT:
            from gradstep.engine.ask import places  # here, because most conditions are about numbers

            values = (places.in_module if field == "module" else places.at_place)(recording, text)
            return lambda at: Part(at.sweep.value in values, True, True)
        if text not in REGISTRY:
            raise CommandError(f"unknown operation '{text}'{nearest(text, REGISTRY)}")
        return lambda at: Part(at.through(text), at.by_term or at.sweep.phase is not Phase.BACKWARD, True)

    def through(self, operation: str) -> Array | bool:
        """Whether what is computed, or gone back through, is an operation: one answer for all steps, or one for
        each term."""
        nodes, sweep = self.recording.graph.nodes, self.sweep
        if sweep.phase is not Phase.BACKWARD:
            return sweep.phase is not Phase.UPDATE and nodes[sweep.node].op.name == operation
        wanted = [n for n, _ in self.recording.graph.uses[sweep.value] if nodes[n].op.name == operation]
        return np.isin(self.table.node, wanted) if wanted and self.by_term else False


def _terms(at: Slice) -> Array:
    """How many terms each step adds up."""
    if at.sweep.phase is Phase.BACKWARD:
        return np.bincount(at.table.owner, minlength=at.count)
    if at.sweep.phase is Phase.UPDATE:
        return np.zeros(at.count)
    node, trace = at.recording.graph.nodes[at.sweep.node], at.recording.trace
    return np.array([total(forward_segments(trace, node, flat)) for flat in range(at.start, at.stop)])


def _layer(at: Slice) -> Array | None:
    """The number of the layer in graph order, from 1; None for what belongs to none."""
    board = at.recording.board
    layer = board.layer_of.get(at.sweep.value)
    computed = [one for one in board.layers if one.node >= 0]
    return np.full(at.count, computed.index(layer) + 1) if layer in computed else None


#: For each field that is a number: what it is for the elements of a slice, or for their terms; None where the phase
#: has no such field.
_FIELDS: Mapping[str, Callable[[Slice], Array | None]] = {
    "value": lambda at: at.value,
    "grad": lambda at: at.grad,
    "upstream": lambda at: at.table.upstream if at.by_term else None,
    "local": lambda at: at.table.local if at.by_term else None,
    "contribution": lambda at: at.table.contribution if at.by_term else None,
    "terms": _terms,
    "layer": _layer,
    "index": lambda at: np.arange(at.start, at.stop),
    "iteration": lambda at: np.full(at.count, at.recording.iteration),
}


def phase_of(text: str) -> Phase:
    """The phase of a name. Raises CommandError with the nearest."""
    try:
        return Phase(text)
    except ValueError:
        words = [p.value for p in Phase]
        raise CommandError(f"unknown phase '{text}'{nearest(text, words)}; there are {', '.join(words)}") from None
