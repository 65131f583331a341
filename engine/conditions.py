"""Conditions of steps: `grad == 0 and op == relu`, `h.grad[1] == 0`, `vanish(1e-4)`, `W2[0,*]`.

A condition is a mask over the steps of a sweep, computed for a slice of it at a time, vectorised.
What a step offers are the fields below; a field that a phase does not have is unknown there, and
what depends on it does not hold. A condition that looks at terms (upstream, local, contribution)
holds at a step if it holds for one of its terms.

A condition that looks at no field of the step, but at named numbers only, speaks of a state: it
holds at the one step at which it becomes true.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine import trouble
from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.explain import forward_segments, segments_at
from gradstep.engine.graph import Role
from gradstep.engine.index import Array, unravel
from gradstep.engine.ops import REGISTRY, activation
from gradstep.engine.query import FUNCTIONS, Moment, Part, Query, Reference, Scope
from gradstep.engine.recording import Recording
from gradstep.engine.terms import enumerate_terms, total
from gradstep.engine.timeline import Phase, Sweep

#: Fields that differ from term to term of a gradient.
TERM_FIELDS = ("upstream", "local", "contribution")
#: Text fields: compared with a word.
TEXT_FIELDS = ("op", "name", "phase")
FIELDS = ("value", "grad", *TERM_FIELDS, "terms", *TEXT_FIELDS, "layer", "index", "iteration")
#: A slice is at most so many terms.
_SLICE = 1 << 17


# Names and patterns -------------------------------------------------------------------------------


class Pattern:
    """Steps by what they write: `h*`, `W2.grad[0,*]`, `loss`. `*` and `?` stand for any characters of a
    name, or any index. Without `.grad` or `.next` it is the value, or, for what is given and not
    computed, its gradient and its update. Raises CommandError if nothing matches."""

    def __init__(self, text: str, recording: Recording) -> None:
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
        return {Phase.BACKWARD: "grad", Phase.UPDATE: "next"}.get(sweep.phase, "data") in kinds

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
        if len(self.index) > len(shape) or value not in self.values:
            return np.zeros(len(flats), dtype=bool)
        found = np.ones(len(flats), dtype=bool)
        for here, places, extent in zip(self.index, np.unravel_index(flats, shape), shape, strict=False):
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
        kind = {Phase.BACKWARD: "grad", Phase.UPDATE: "next"}.get(sweep.phase, "data")
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
            grad = trace.grad[node.output]
            assert grad is not None, "a value on a path to the loss has a gradient"
            xs = [trace.data[i] for i in node.inputs]
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
        return np.ones(self.count)

    def matches(self, field: str, text: str) -> Part | None:
        if field not in TEXT_FIELDS:
            return None
        if not text:
            return Part(False)
        if field == "phase":
            return Part(self._spread(np.full(self.count, self.sweep.phase is _phase(text))), True, True)
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
                on = Pattern(ast.unparse(argument), self.recording)
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


def _phase(text: str) -> Phase:
    try:
        return Phase(text)
    except ValueError:
        words = [p.value for p in Phase]
        raise CommandError(f"unknown phase '{text}'{nearest(text, words)}; there are {', '.join(words)}") from None


# Kinds: one mask function each --------------------------------------------------------------------


class Kind(NamedTuple):
    """A kind of step: its mask over the elements of a slice (or over its terms, `by_term`), the
    default of its threshold, and what it says."""

    mask: Callable[[Slice, float], Array]
    default: float | None
    by_term: bool
    says: str


def _nothing(at: Slice) -> Array:
    return np.zeros(at.count, dtype=bool)


def _activations(at: Slice, kinds: tuple[type, ...]) -> list[tuple[int, Array]]:
    """The activations that the slice's steps compute, or go back through: the node and, for the
    slice's elements, their local gradients."""
    graph, trace = at.recording.graph, at.recording.trace
    if at.sweep.phase is Phase.BACKWARD:
        nodes = [graph.nodes[n] for n, _ in graph.uses[at.sweep.value]]
    elif at.sweep.phase is Phase.UPDATE:
        return []
    else:
        nodes = [graph.nodes[at.sweep.node]]
    found = []
    for node in nodes:
        if isinstance(node.op, kinds):
            y, xs = trace.data[node.output], [trace.data[i] for i in node.inputs]
            found.append((node.id, np.asarray(node.op.local(0, y, xs))))  # type: ignore[attr-defined]
    return found


def _dead(at: Slice, threshold: float) -> Array:
    found = _nothing(at)
    for _, local in _activations(at, (activation.Relu,)):
        found |= _for_every_sample(at, local == 0)
    return found


def _for_every_sample(at: Slice, mask: Array) -> Array:
    """Of a mask over a whole value, the slice's part: at the last sample, if it holds for all."""
    samples, flats = at.recording.samples, np.arange(at.start, at.stop)
    axis = samples.axis(at.sweep.value)
    if axis is None or samples.count == 1:
        return mask.reshape(-1)[flats]
    everywhere = np.zeros_like(mask)
    last = tuple(-1 if k == axis else slice(None) for k in range(mask.ndim))
    everywhere[last] = mask.all(axis=axis)
    return everywhere.reshape(-1)[flats]


def _saturated(at: Slice, threshold: float) -> Array:
    found = _nothing(at)
    for _, local in _activations(at, (activation.Sigmoid, activation.Tanh)):
        found |= abs(local.reshape(-1)[at.start : at.stop]) < threshold
    return found


def _flip(at: Slice, threshold: float) -> Array:
    if at.sweep.phase is not Phase.BACKWARD:
        return _nothing(at)
    # At the loss itself a gradient begins, with whatever sign it has: nothing turns there.
    loss = at.recording.graph.values[at.recording.graph.loss.id].node
    return np.asarray((at.table.contribution * np.sign(at.table.upstream) < 0) & (at.table.node != loss))


def nearest_the_loss(recording: Recording) -> float:
    """The largest |gradient| of the value that is nearest the loss."""
    for sweep in recording.timeline.sweeps:
        if sweep.phase is Phase.BACKWARD and recording.graph.values[sweep.value].node >= 0:
            grad = recording.trace.grad[sweep.value]
            assert grad is not None, "the sweep writes it"
            with np.errstate(all="ignore"):
                return float(abs(grad).max()) if grad.size else 0.0
    return 0.0


def _vanish(at: Slice, threshold: float) -> Array:
    if not at.going_back:
        return _nothing(at)
    size = abs(np.asarray(at._grad))
    reference = np.maximum(at.largest_upstream, nearest_the_loss(at.recording))
    return (size < threshold * reference) & (size > 0)


def _explode(at: Slice, threshold: float) -> Array:
    if not at.going_back:
        return _nothing(at)
    size, near = abs(np.asarray(at._grad)), nearest_the_loss(at.recording)
    upstream = at.largest_upstream
    return ((size > threshold * upstream) & (upstream > 0)) | ((size > threshold * near) & (near > 0))


def _cancel(at: Slice, threshold: float) -> Array:
    if at.sweep.phase is not Phase.BACKWARD:
        return _nothing(at)
    sizes = np.bincount(at.table.owner, abs(at.table.contribution), minlength=at.count)
    many = np.bincount(at.table.owner, minlength=at.count) > 1
    return many & (abs(np.asarray(at._grad)) < (1 - threshold) * sizes)


def _zero(at: Slice, threshold: float) -> Array:
    return np.asarray(at._grad) == 0 if at.sweep.phase is Phase.BACKWARD else _nothing(at)


def _nonfinite(at: Slice, threshold: float) -> Array:
    found = _nothing(at)
    first = trouble.first(at.recording, at.sweep.phase)
    if first is not None and at.sweep.value == first.element.value and at.sweep.phase is first.phase:
        found[np.arange(at.start, at.stop) == first.element.flat] = True
    return found


#: Every kind of step that a condition may name.
KINDS: Mapping[str, Kind] = {
    "dead": Kind(_dead, None, False, "a ReLU's gate is shut, in every sample of the batch"),
    "flip": Kind(_flip, None, True, "a contribution has the other sign than its upstream gradient"),
    "vanish": Kind(_vanish, 1e-3, False, "the gradient is below {r:g} of its upstream, or of that nearest the loss"),
    "explode": Kind(_explode, 1e3, False, "the gradient is above {r:g} times its upstream, or that nearest the loss"),
    "saturated": Kind(_saturated, 0.01, False, "the slope of a sigmoid or tanh is below {r:g}"),
    "cancel": Kind(_cancel, 0.9, False, "more than {r:.0%} of what meets cancels"),
    "nonfinite": Kind(_nonfinite, None, False, "the first NaN or infinity"),
    "zero": Kind(_zero, None, False, "a gradient is exactly 0"),
}


#: Functions of an expression that hold at the steps at which it changes, or passes a level.
CHANGES = ("changed", "crosses")


# Conditions ---------------------------------------------------------------------------------------


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
        self._read(body.strip())

    def _read(self, body: str) -> None:
        """A bare word is a kind, a phase, a name or pattern, or an operation; else an expression."""
        graph = self.recording.graph
        bare = re.fullmatch(r"[\w#*?]+(\.(data|grad|next))?(\[[^\]]*\])?", body)
        if bare and body not in KINDS and body not in CHANGES:
            if body in [p.value for p in Phase] and body not in graph.by_name:
                self.phase = _phase(body)
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

    def _named(self, body: str) -> Pattern:
        try:
            return Pattern(body, self.recording)
        except CommandError:
            near = nearest(body, (*KINDS, *(p.value for p in Phase), *REGISTRY, *self.recording.graph.by_name))
            if not re.fullmatch(r"\w+", body) or body in self.recording.graph.by_name or not near:
                raise
            raise CommandError(f"'{body}' is no name, kind, phase or operation{near}") from None

    def _try(self) -> None:
        """Reads it once for every phase, on no element, so that a mistake is said when it is set."""
        assert self.query is not None
        for sweep in {s.phase: s for s in self.recording.timeline.sweeps}.values():
            part = self.query(Slice(self.recording, sweep, 0, 0, self.by_term))
            if np.asarray(part.value).dtype.kind != "b":
                raise CommandError(f"'{self.text}' is no condition; compare it, as in {self.query.text} == 0")
            if not part.stepwise and np.size(part.value) > 1:
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
        at = Slice(self.recording, sweep, start, stop, self.by_term)
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
        at = Slice(self.recording, sweep, flat, flat + 1, True)
        found = np.flatnonzero(np.broadcast_to(np.asarray(self.query(at).holds), at.table.owner.shape))
        return int(found[0]) if len(found) else None

    def slice_of(self, sweep: Sweep) -> int:
        """How many elements of a sweep to look at together."""
        if sweep.phase is not Phase.BACKWARD or not sweep.size or self.query is None:
            return _SLICE
        first = Slice(self.recording, sweep, 0, 1, False).table
        return max(_SLICE // max(len(first.owner), 1), 1)


def words() -> tuple[str, ...]:
    """What a condition may be made of, for completion."""
    return (*KINDS, *FIELDS, *CHANGES, *FUNCTIONS)
