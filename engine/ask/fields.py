"""What a step offers to conditions: its fields, vectorised over a slice of a sweep; the names it goes
by; and the kinds of steps there are.

A field that a phase does not have is unknown there, and what depends on it does not hold.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.query import Moment, Part, Query, Reference, Scope
from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.graph.graph import Role
from gradstep.engine.index import Array, unravel
from gradstep.engine.ops import REGISTRY
from gradstep.engine.run.reading import forward_segments, segments_at
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.terms import enumerate_terms, total
from gradstep.engine.run.timeline import Phase, Sweep

#: Fields that differ from term to term of a gradient.
TERM_FIELDS = ("upstream", "local", "contribution")
#: Text fields: compared with a word.
TEXT_FIELDS = ("op", "name", "phase")
FIELDS = ("value", "grad", *TERM_FIELDS, "terms", *TEXT_FIELDS, "layer", "index", "iteration")
#: Functions of an expression that hold at the steps at which it changes, or passes a level.
CHANGES = ("changed", "crosses")


class Kind(NamedTuple):
    """A kind of step: its mask over the elements of a slice (or over its terms, `by_term`), the
    default of its threshold, and what it says. One about `units` holds for a neuron in all samples."""

    mask: Callable[[Slice, float], Array]
    default: float | None
    by_term: bool
    says: str
    units: bool = False


#: Every kind of step that a condition may name; `kinds` fills it.
KINDS: dict[str, Kind] = {}


# Names and patterns -------------------------------------------------------------------------------


class Pattern:
    """Steps by what they write: `h*`, `W2.grad[0,*]`, `loss`. `*` and `?` stand for any characters of a
    name, or any index. Without `.grad` or `.next` it is the value, or, for what is given and not
    computed, its gradient and its update. Of `units`, h[3] is neuron 3 in every sample of a batch. Raises
    CommandError if nothing matches."""

    def __init__(self, text: str, recording: Recording, units: bool = False) -> None:
        self._units = units
        found = re.fullmatch(r"([\w#*?]+)(?:\.(data|grad|next))?(?:\[([^\]]*)\])?", text.strip())
        if found is None:
            raise CommandError(f"'{text}' is no name; names are written h, h[0], h.grad[0], h*")
        graph, board = recording.graph, recording.board
        self.kind, self.index = found[2], None if found[3] is None else _places(found[3], text)
        name = found[1]
        if not set("*?") & set(name) and name not in graph.by_name:
            value, flat = board.lookup(name, text)
            name = value.name
            if flat is not None:
                self.index = unravel(flat, value.shape)
        glob = re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in name))
        self.values = frozenset(v.id for v in graph.values if v.role is not Role.LITERAL and glob.fullmatch(v.name))
        sizes = {len(graph.values[v].shape) for v in self.values}
        if not self.values:
            raise CommandError(f"nothing is called '{text}'{nearest(name, graph.by_name)}")
        if self.index is not None and all(len(self.index) > n for n in sizes):
            raise CommandError(f"'{text}' has too many indices")
        if not any(self.writes(recording, sweep) for sweep in recording.timeline.sweeps):
            raise CommandError(f"no step writes '{text}'")

    def writes(self, recording: Recording, sweep: Sweep) -> bool:
        """Whether the sweep writes what the pattern names, at some index."""
        if sweep.value not in self.values:
            return False
        given = recording.graph.values[sweep.value].node < 0
        kinds = {"data": {"data"}, "grad": {"grad"}, "next": {"next"}}.get(
            self.kind or "", {"grad", "next"} if given else {"data"}
        )
        return sweep.phase.kind in kinds

    def mask(self, recording: Recording, sweep: Sweep, start: int, stop: int) -> Array:
        """Of the elements start to stop of a sweep, those that the pattern names."""
        if not self.writes(recording, sweep):
            return np.zeros(stop - start, dtype=bool)
        return self.elements(recording, sweep.value, np.arange(start, stop))

    def elements(self, recording: Recording, value: int, flats: Array) -> Array:
        """Of some flat elements of a value, those at the pattern's index."""
        shape = recording.graph.values[value].shape
        if self.index is None:
            return np.full(len(flats), value in self.values)
        index, axis = self.index, recording.samples.axis(value)
        if self._units and axis is not None:
            index = (*index[:axis], None, *index[axis + (len(index) == len(shape)) :])
        if len(index) > len(shape) or value not in self.values:
            return np.zeros(len(flats), dtype=bool)
        found = np.ones(len(flats), dtype=bool)
        for here, places, extent in zip(index, np.unravel_index(flats, shape), shape, strict=False):
            if here is not None:
                found &= places == here % extent if -extent <= here < extent else np.zeros_like(found)
        return found


def _places(inside: str, text: str) -> tuple[int | None, ...]:
    """`0,*` as (0, None)."""
    try:
        return tuple(None if part.strip() in ("*", ":") else int(part) for part in inside.split(","))
    except ValueError:
        raise CommandError(f"'{text}': an index is whole numbers or *, as in W2[0,*]") from None


class Change:
    """The steps at which an expression changes: those that write what it is made of. A plain name
    changes with each of its elements; a computed number once, when the last of its parts is there."""

    def __init__(self, text: str, recording: Recording) -> None:
        query, scope = Query(text), _Collecting(recording)
        query(scope)
        self.whole = query.reference(scope)
        self.ready = max((r.ready(recording) for r in scope.references), default=0)

    def mask(self, sweep: Sweep, start: int, stop: int) -> Array:
        """Of the elements start to stop of a sweep, those whose step changes it."""
        flats, reference = np.arange(start, stop), self.whole
        if reference is None:
            return np.asarray(sweep.start + flats + 1 == self.ready)
        kind = sweep.phase.kind
        if sweep.value != reference.value.id or kind != reference.kind:
            return np.zeros(len(flats), dtype=bool)
        taken = np.zeros(reference.value.shape, dtype=bool)
        taken[reference.at or ...] = True
        return taken.reshape(-1)[flats]


class _Collecting(Moment):
    """Notes what an expression reads."""

    def __init__(self, recording: Recording) -> None:
        super().__init__(recording, recording.timeline.total)
        self.references: list[Reference] = []

    def read(self, reference: Reference) -> Part:
        self.references.append(reference)
        return super().read(reference)


# One slice of a sweep -----------------------------------------------------------------------------


class _Table(NamedTuple):
    """The terms of the gradients of a slice: struct of arrays (terms,). `via` and `factor` are value
    ids, −1 where no factor supplies the local gradient; `op` numbers the operations."""

    owner: Array
    upstream: Array
    local: Array
    contribution: Array
    node: Array
    factor: Array


class Slice(Scope):
    """The elements start to stop of a sweep, as steps."""

    def __init__(self, recording: Recording, sweep: Sweep, start: int, stop: int, by_term: bool) -> None:
        super().__init__(recording)
        self.sweep, self.start, self.stop = sweep, start, stop
        self.by_term = by_term and sweep.phase is Phase.BACKWARD

    @property
    def count(self) -> int:
        return self.stop - self.start

    @cached_property
    def steps(self) -> Array:
        return self._spread(np.arange(self.start, self.stop) + self.sweep.start + 1)

    @cached_property
    def table(self) -> _Table:
        """All terms of the slice's gradients, use after use."""
        trace, graph = self.recording.trace, self.recording.graph
        found = []
        for number, slot in graph.uses[self.sweep.value]:
            node = graph.nodes[number]
            grad = trace.gradient(node.output)
            xs = trace.inputs(node)
            with np.errstate(all="ignore"):
                columns = node.op.columns(slot, self.start, self.stop, trace.data[node.output], xs)
                upstream = grad.take(columns.out)
                factor = -1 if columns.factor is None else node.inputs[columns.factor]
                size = len(columns.owner)
                found.append(
                    _Table(
                        columns.owner,
                        upstream,
                        columns.local,
                        upstream * columns.local,
                        np.full(size, number),
                        np.full(size, factor),
                    )
                )
        if not found:
            empty = np.empty(0)
            return _Table(np.empty(0, np.intp), empty, empty, empty, np.empty(0, np.intp), np.empty(0, np.intp))
        return _Table(*(np.concatenate(columns) for columns in zip(*found, strict=True)))

    def _spread(self, elements: Array) -> Array:
        """An array of elements as one of terms, where terms are looked at."""
        return elements[self.table.owner] if self.by_term else elements

    def gather(self, terms: Array) -> Array:
        """For each element whether a mask of terms is true for one of them."""
        found = np.zeros(self.count, dtype=bool)
        found[self.table.owner[terms]] = True
        return found

    def _unknown(self) -> Part:
        size = len(self.table.owner) if self.by_term else self.count
        return Part(np.zeros(size), np.zeros(size, dtype=bool), True)

    def field(self, name: str) -> Part | None:
        if name not in FIELDS:
            return None
        if name in TEXT_FIELDS:
            raise CommandError(f"'{name}' is a text; compare it, as in {name} == {_EXAMPLES[name]}")
        found = getattr(self, f"_{name}")
        if found is None:
            return self._unknown()
        return Part(found if name in TERM_FIELDS else self._spread(found), True, True)

    @property
    def _flat(self) -> slice:
        return slice(self.start, self.stop)

    @property
    def _value(self) -> Array:
        if self.sweep.phase is Phase.UPDATE:
            return self.recording.updated(self.sweep.value).reshape(-1)[self._flat]
        return self.recording.trace.data[self.sweep.value].reshape(-1)[self._flat]

    @property
    def _grad(self) -> Array | None:
        grad = self.recording.trace.grad[self.sweep.value]
        return grad.reshape(-1)[self._flat] if self.sweep.phase is Phase.BACKWARD and grad is not None else None

    @property
    def _upstream(self) -> Array | None:
        return self.table.upstream if self.by_term else None

    @property
    def _local(self) -> Array | None:
        return self.table.local if self.by_term else None

    @property
    def _contribution(self) -> Array | None:
        return self.table.contribution if self.by_term else None

    @property
    def _terms(self) -> Array:
        if self.sweep.phase is Phase.BACKWARD:
            return np.bincount(self.table.owner, minlength=self.count)
        if self.sweep.phase is Phase.UPDATE:
            return np.zeros(self.count)
        node, trace = self.recording.graph.nodes[self.sweep.node], self.recording.trace
        return np.array([total(forward_segments(trace, node, at)) for at in range(self.start, self.stop)])

    @property
    def _layer(self) -> Array | None:
        """The number of the layer in graph order, from 1; None for what belongs to none."""
        board = self.recording.board
        layer = board.layer_of.get(self.sweep.value)
        computed = [one for one in board.layers if one.node >= 0]
        return np.full(self.count, computed.index(layer) + 1) if layer in computed else None

    @property
    def _index(self) -> Array:
        return np.arange(self.start, self.stop)

    @property
    def _iteration(self) -> Array:
        return np.full(self.count, self.recording.iteration)

    def matches(self, field: str, text: str) -> Part | None:
        if field not in TEXT_FIELDS:
            return None
        if not text:
            return Part(False)
        if field == "phase":
            return Part(self._spread(np.full(self.count, self.sweep.phase is phase_of(text))), True, True)
        if field == "name":
            return Part(self._spread(self._named(text)), True, True)
        if text not in REGISTRY:
            raise CommandError(f"unknown operation '{text}'{nearest(text, REGISTRY)}")
        nodes = self.recording.graph.nodes
        if self.sweep.phase is Phase.BACKWARD:
            wanted = [n.id for n in nodes if n.op.name == text]
            return Part(np.isin(self.table.node, wanted) if self.by_term else self._unknown().value, True, True)
        here = self.sweep.phase is not Phase.UPDATE and nodes[self.sweep.node].op.name == text
        return Part(np.full(self.count, here), True, True)

    def _named(self, text: str) -> Array:
        return Pattern(text, self.recording).mask(self.recording, self.sweep, self.start, self.stop)

    # Kinds

    def kind(self, name: str, call: ast.Call | None) -> Part | None:
        if name in CHANGES:
            return self._changing(name, call)
        kind = KINDS.get(name)
        if kind is None:
            return None
        threshold, on = kind.default, None
        for argument in call.args if call else ():
            try:
                number = float(ast.literal_eval(argument))
            except (ValueError, TypeError):
                on = Pattern(ast.unparse(argument), self.recording, kind.units)
                continue
            if kind.default is None:
                raise CommandError(f"'{name}' takes no number, only a name, as in {name}(h[1])")
            threshold = number
        found = kind.mask(self, threshold or 0.0)
        if not kind.by_term:
            found = self._spread(found)
        if on is not None:
            found = found & self._about(on)
        return Part(found, True, True)

    def _changing(self, name: str, call: ast.Call | None) -> Part:
        """`changed(EXPR)`, and `crosses(NAME, v)`: the sum that makes a number, from 0 term by term,
        passes to the other side of v."""
        wanted = 1 if name == "changed" else 2
        if call is None or len(call.args) != wanted:
            raise CommandError(f"it is written {'changed(h.grad)' if wanted == 1 else 'crosses(h.grad[0], 0.1)'}")
        change = Change(ast.unparse(call.args[0]), self.recording)
        mask = change.mask(self.sweep, self.start, self.stop)
        if wanted == 1:
            return Part(self._spread(mask), True, True)
        try:
            level = float(ast.literal_eval(call.args[1]))
        except (ValueError, TypeError):
            raise CommandError("crosses(NAME, v): v is a number") from None
        if change.whole is None:
            raise CommandError("crosses(NAME, v) is about a value or a gradient by name, as in crosses(h.grad[0], 0.1)")
        found = np.zeros(len(self.table.owner) if self.by_term else self.count, dtype=bool)
        for k in np.flatnonzero(mask).tolist():
            passed = self._passed(self.start + k, level)
            if self.by_term:
                found[self.table.owner == k] = passed
            else:
                found[k] = passed.any()
        return Part(found, True, True)

    def _passed(self, flat: int, level: float) -> Array:
        """For each term of a step whether the running sum passes `level` with it; of a step that is no
        sum, whether its number lies on the other side of it than 0."""
        segments = segments_at(self.recording.trace, self.recording.timeline, self.sweep.start + flat + 1)
        value = np.asarray([self._value_at(flat)])
        running = enumerate_terms(segments, self.recording.graph.dtype).running if segments else value
        before = np.concatenate([[0.0], running[:-1]])
        return np.asarray((before < level) != (running < level))

    def _value_at(self, flat: int) -> float:
        found = self._grad if self.sweep.phase is Phase.BACKWARD else self._value
        assert found is not None, "the sweep writes it"
        return float(found[flat - self.start])

    def _about(self, on: Pattern) -> Array:
        """Of the elements (or terms), those that a name is about: what is written, or, for a gradient,
        what supplies its local factor."""
        # h[1] is the neuron: the gate at its sum is its gate.
        layer, flats = self.recording.board.layer_of.get(self.sweep.value), np.arange(self.start, self.stop)
        neuron = layer.output if layer and layer.pre == self.sweep.value else self.sweep.value
        named = on.elements(self.recording, self.sweep.value, flats) & (self.sweep.value in on.values)
        named = self._spread(named | (on.elements(self.recording, neuron, flats) & (neuron in on.values)))
        return named | np.isin(self.table.factor, list(on.values)) if self.by_term else named

    @property
    def going_back(self) -> bool:
        """Whether the sweep writes the gradient of something that is computed: a stage of its way."""
        return self.sweep.phase is Phase.BACKWARD and self.recording.graph.values[self.sweep.value].node >= 0

    @cached_property
    def largest_upstream(self) -> Array:
        """For each element the largest |upstream| of its terms."""
        found = np.zeros(self.count)
        np.maximum.at(found, self.table.owner, abs(self.table.upstream))
        return found


_EXAMPLES = {"op": "relu", "name": "h", "phase": "backward"}


def phase_of(text: str) -> Phase:
    """The phase of a name. Raises CommandError with the nearest."""
    try:
        return Phase(text)
    except ValueError:
        words = [p.value for p in Phase]
        raise CommandError(f"unknown phase '{text}'{nearest(text, words)}; there are {', '.join(words)}") from None
