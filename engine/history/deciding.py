"""Which iterations may fulfil a condition, by their summaries alone.

Every name of an expression stands for an interval: what it is between in an iteration (or in each of those
that a row of summaries stands for). Arithmetic on intervals (Moore, Interval Analysis, 1966) and
comparisons that are certain, possible or neither give for each row whether the condition may hold in it and
whether it must. A row that may not needs no look; one that must needs none either, except to find the step.
Rounding needs no care: each operation rounds monotonously, so what is between two numbers stays between
their results.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.fields import FIELDS, TERM_FIELDS
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.patterns import Pattern
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment, Reference
from gradstep.engine.errors import CommandError
from gradstep.engine.graph.graph import Role
from gradstep.engine.history.rows import Bounds
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.index import Array
from gradstep.engine.run.timeline import Phase, Sweep

#: Functions whose result may differ a little from what NumPy makes of the numbers themselves.
_SLACK = 1e-9
_SLACK_SINGLE = 1e-3


class Truth(NamedTuple):
    """For each row whether something may hold in it, and whether it must. Shapes (rows,)."""

    may: Array
    must: Array


class Interval(NamedTuple):
    """For each row the least and the largest that a number can be. Of an array: that each of its elements can
    be; `ends` are then intervals of its least and its largest element, where these are known."""

    low: Any
    high: Any
    ends: tuple[Interval, Interval] | None = None


_ANY = Interval(-np.inf, np.inf)


def possible(condition: Condition, summaries: Summaries, graphs_differ: bool = False) -> Truth:
    """Of each row of summaries, whether the condition may hold at some step of it, and whether it must.
    `graphs_differ`: operations were changed on the way, so that nothing is concluded from them."""
    return _Reader(condition, summaries, graphs_differ).read()


def series(query: Query, summaries: Summaries) -> Bounds | None:
    """What an expression without fields is at the end of each iteration, where the summaries tell; None where
    they do not."""
    reader = _Reader(None, summaries, False)
    try:
        found = reader.number(query)
    except (_Unknown, CommandError):
        return None
    if found is None or found.ends is not None:
        return None
    low, high = (np.broadcast_to(np.asarray(end, float), (summaries.rows,)) for end in (found.low, found.high))
    with np.errstate(all="ignore"):
        told = (high - low <= 3 * reader.slack * abs(high)) | ~summaries.exact | (np.isnan(low) & np.isnan(high))
    return Bounds(low, high) if told[1:].all() else None


class _Unknown(Exception):
    """Nothing can be said."""


class _Reader:
    def __init__(self, condition: Condition | None, summaries: Summaries, graphs_differ: bool) -> None:
        self.condition, self.summaries, self.graphs_differ = condition, summaries, graphs_differ
        self.recording = summaries.recording
        self.graph, self.board = self.recording.graph, self.recording.board
        self.rows = summaries.rows
        #: The sweep whose steps are looked at; None where the condition speaks of a state.
        self.sweep: Sweep | None = None
        self.yes = Truth(np.ones(self.rows, bool), np.ones(self.rows, bool))
        self.maybe = Truth(np.ones(self.rows, bool), np.zeros(self.rows, bool))
        self.no = Truth(np.zeros(self.rows, bool), np.zeros(self.rows, bool))
        self.slack = _SLACK if self.graph.dtype == np.float64 else _SLACK_SINGLE

    def number(self, query: Query) -> Interval | None:
        return self._number(query.tree)

    def read(self) -> Truth:
        assert self.condition is not None, "there is one to read"
        query = self.condition.query
        if query is None:  # a name, a phase or an operation: in every iteration the same steps
            return self.maybe if self.condition.on is not None else self.yes
        if self.condition.state:
            found = self._truth(query.tree)
        else:
            found = self.no
            for sweep in self.recording.timeline.sweeps:
                if sweep.size:
                    self.sweep = sweep
                    one = self._truth(query.tree)
                    found = Truth(found.may | one.may, found.must | one.must)
        return found if self.condition.on is None else found._replace(must=self.no.must)

    # Truth ---------------------------------------------------------------------------------------

    def _truth(self, node: ast.expr) -> Truth:
        try:
            match node:
                case ast.BoolOp():
                    return self._joined(node)
                case ast.UnaryOp(op=ast.Not()):
                    inner = self._truth(node.operand)
                    # Where it is unknown neither it nor its contrary holds, so nothing must.
                    return Truth(~inner.must, self.no.must)
                case ast.Compare():
                    return self._compared(node)
                case ast.Call(func=ast.Name(id=name)) if name in KINDS:
                    return self._kind(name, node)
                case ast.Name(id=name) if name in KINDS:
                    return self._kind(name, None)
        except (_Unknown, CommandError):
            pass
        return self.maybe

    def _joined(self, node: ast.BoolOp) -> Truth:
        parts = [self._truth(value) for value in node.values]
        if isinstance(node.op, ast.Or):
            return Truth(np.logical_or.reduce([p.may for p in parts]), np.logical_or.reduce([p.must for p in parts]))
        may = np.logical_and.reduce([p.may for p in parts])
        # Of a step's fields each may hold at another step; of a state all parts hold together.
        must = np.logical_and.reduce([p.must for p in parts]) if self.sweep is None else self.no.must
        return Truth(may, must)

    def _compared(self, node: ast.Compare) -> Truth:
        sides = [node.left, *node.comparators]
        parts = [self._one(op, a, b) for op, a, b in zip(node.ops, sides, sides[1:], strict=False)]
        may = np.logical_and.reduce([p.may for p in parts])
        must = np.logical_and.reduce([p.must for p in parts]) if self.sweep is None else self.no.must
        return Truth(may, must)

    def _one(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> Truth:
        for field, text in ((left, right), (right, left)):
            if self.sweep is not None and isinstance(field, ast.Name) and field.id in ("op", "phase", "name"):
                return self._text(field.id, op, text)
        a, b = self._number(left), self._number(right)
        if a is None or b is None:
            return self.no  # a field that this phase does not have
        with np.errstate(all="ignore"):
            less, more = _certain(a.high < b.low), _certain(a.low > b.high)
            possible_less, possible_more = ~_certain(a.low >= b.high), ~_certain(a.high <= b.low)
            apart = _certain(a.high < b.low) | _certain(a.low > b.high)
            same = _certain((a.low == a.high) & (b.low == b.high) & (a.low == b.low))
        match op:
            case ast.Lt():
                found = possible_less, less
            case ast.LtE():
                found = ~more, _certain(a.high <= b.low)
            case ast.Gt():
                found = possible_more, more
            case ast.GtE():
                found = ~less, _certain(a.low >= b.high)
            case ast.Eq():
                found = ~apart, same
            case ast.NotEq():
                found = ~same, apart
            case _:
                raise _Unknown
        may, must = (np.broadcast_to(f, (self.rows,)).copy() for f in found)
        return Truth(may, must if self.sweep is None and a.ends is None and b.ends is None else self.no.must)

    def _text(self, field: str, op: ast.cmpop, text: ast.expr) -> Truth:
        sweep = self.sweep
        assert sweep is not None, "texts are fields of steps"
        word = str(text.value) if isinstance(text, ast.Constant) else ast.unparse(text)
        if field == "name" or not isinstance(op, ast.Eq) or (field == "op" and self.graphs_differ):
            return self.maybe
        if field == "phase":
            return self.maybe if sweep.phase.value == word else self.no
        nodes = self.graph.nodes
        numbers = [n for n, _ in self.graph.uses[sweep.value]] if sweep.phase is Phase.BACKWARD else [sweep.node]
        here = sweep.phase is not Phase.UPDATE and any(nodes[n].op.name == word for n in numbers)
        return self.maybe if here else self.no

    # Kinds ---------------------------------------------------------------------------------------

    def _kind(self, name: str, call: ast.Call | None) -> Truth:
        sweep = self.sweep
        if sweep is None:
            raise _Unknown
        if name == "dead":
            return self._dead(sweep, call)
        if name == "nonfinite":
            bad = self.summaries.nonfinite(sweep.phase, sweep.value)
            return Truth(bad.high > 0, self.no.must)
        if name in ("flip", "vanish", "explode", "cancel", "zero") and sweep.phase is not Phase.BACKWARD:
            return self.no
        if name == "zero":
            least = self.summaries.least(sweep.phase, sweep.value)
            largest = self.summaries.largest(sweep.phase, sweep.value)
            return Truth(~(_certain(least.low > 0) | _certain(largest.high < 0)), self.no.must)
        return self.no if sweep.phase is Phase.UPDATE else self.maybe

    def _dead(self, sweep: Sweep, call: ast.Call | None) -> Truth:
        """Exact, where units are counted: a gate is shut in every sample if its sum is above 0 in none."""
        if self.graphs_differ:
            return self.maybe
        nodes = self.graph.nodes
        if sweep.phase is Phase.BACKWARD:
            mine = [nodes[n] for n, _ in self.graph.uses[sweep.value]]
        else:
            mine = [] if sweep.phase is Phase.UPDATE else [nodes[sweep.node]]
        found = self.no
        for node in mine:
            if not node.op.rectifier:
                continue
            if node.inputs[0] not in self.summaries.counted:
                return self.maybe
            above = self.summaries.above_zero(node.inputs[0])
            units = self._units(sweep, call)
            dead, may = (above.high[:, units] == 0).any(axis=1), (above.low[:, units] == 0).any(axis=1)
            found = Truth(found.may | may, found.must | dead)
        return found

    def _units(self, sweep: Sweep, call: ast.Call | None) -> Array:
        """The units that a kind is about, as its mask has them: at the last sample."""
        recording, samples = self.recording, self.recording.samples
        value, axis = sweep.value, samples.axis(sweep.value)
        elements = samples.elements(value, samples.count - 1) if axis is not None else None
        size = self.graph.values[value].size
        flats = np.arange(size) if elements is None else elements.take(0, elements.size)
        wanted = np.ones(len(flats), bool)
        layer = self.board.layer_of.get(value)
        neuron = layer.output if layer and layer.pre == value else value
        for argument in call.args if call else ():
            on = Pattern(ast.unparse(argument), recording, units=True)
            named = on.elements(recording, value, flats) & (value in on.values)
            wanted &= named | (on.elements(recording, neuron, flats) & (neuron in on.values))
        return wanted

    # Numbers -------------------------------------------------------------------------------------

    def _number(self, node: ast.expr) -> Interval | None:
        """None for a field that the phase does not have."""
        match node:
            case ast.Constant(value=int() | float() as value):
                return Interval(float(value), float(value))
            case ast.UnaryOp(op=ast.USub()):
                inner = self._number(node.operand)
                return None if inner is None else _negative(inner)
            case ast.UnaryOp(op=ast.UAdd()):
                return self._number(node.operand)
            case ast.BinOp():
                left, right = self._number(node.left), self._number(node.right)
                return None if left is None or right is None else _arithmetic(node.op, left, right)
            case ast.Call():
                return self._called(node)
            case ast.Name(id=name) if self.sweep is not None and name in FIELDS:
                return self._field(name)
            case ast.Name(id="previous") if "previous" not in self.graph.by_name:
                return self._previous()
        return self._named(node)

    def _field(self, name: str) -> Interval | None:
        sweep = self.sweep
        assert sweep is not None, "fields are those of steps"
        backward = sweep.phase is Phase.BACKWARD
        if name == "iteration":
            starts = self.summaries.starts
            return Interval(starts[:-1].astype(float), starts[1:].astype(float) - 1)
        if name == "value" and backward:
            return self._array(Reference(self.graph.values[sweep.value]))
        if name in ("grad", "value") and backward == (name == "grad"):
            return self._hull(sweep.phase, sweep.value)
        if name == "grad" or (name in TERM_FIELDS and not backward):
            return None
        return Interval(0.0, float(sweep.size - 1)) if name == "index" else _ANY

    def _hull(self, phase: Phase, value: int) -> Interval:
        if not self.summaries.has(phase, value):
            raise _Unknown
        least, largest = self.summaries.least(phase, value), self.summaries.largest(phase, value)
        return Interval(least.low, largest.high, (Interval(*least), Interval(*largest)))

    def _previous(self) -> Interval:
        """The loss of the iteration before: that of the row before and, where a row stands for several
        iterations, of the row itself as well."""
        loss, exact = self.summaries.loss, self.summaries.exact
        low, high = np.full(self.rows, -np.inf), np.full(self.rows, np.inf)
        low[1:], high[1:] = loss.low[:-1], loss.high[:-1]
        joined = ~exact
        low[joined], high[joined] = np.fmin(low, loss.low)[joined], np.fmax(high, loss.high)[joined]
        low[:1], high[:1] = -np.inf, np.inf
        return Interval(low, high)

    def _named(self, node: ast.expr) -> Interval:
        reference = Query.of(node).reference(Moment.end(self.recording))
        if reference is None:
            raise _Unknown
        if reference.value is self.graph.loss and reference.kind == "data" and not reference.at:
            return Interval(*self.summaries.loss)
        found = self._array(reference)
        if not reference.at and reference.value.size > 1:
            return found
        # Of a part one knows only what each of its elements is between.
        one = found._replace(ends=None)
        single = reference.value.size == 1 or (
            len(reference.at) == len(reference.value.shape) and not any(isinstance(i, slice) for i in reference.at)
        )
        return one if single else one._replace(ends=(one, one))

    def _array(self, reference: Reference) -> Interval:
        value = reference.value
        if value.node >= 0 or reference.kind != "data":
            return self._hull(self.recording.timeline.phase_of(value.id, reference.kind), value.id)
        if value.role is not Role.PARAMETER:
            raise _Unknown
        # What a parameter is in an iteration, the update before has made it.
        after = self._hull(Phase.UPDATE, value.id)
        low, high = np.full(self.rows, -np.inf), np.full(self.rows, np.inf)
        low[1:], high[1:] = after.low[:-1], after.high[:-1]
        if self.summaries.starts[0] == 1:
            given = self.recording.trace.data[value.id]
            low[0], high[0] = given.min(), given.max()
        joined = ~self.summaries.exact
        low[joined], high[joined] = np.fmin(low, after.low)[joined], np.fmax(high, after.high)[joined]
        return Interval(low, high, (Interval(low, high), Interval(low, high)))

    def _called(self, node: ast.Call) -> Interval | None:
        if isinstance(node.func, ast.Attribute) and not node.args:
            name, argument = node.func.attr, node.func.value
        elif isinstance(node.func, ast.Name) and len(node.args) == 1:
            name, argument = node.func.id, node.args[0]
        else:
            raise _Unknown
        if name == "norm":
            return self._norm(argument)
        act = _FUNCTIONS.get(name)
        if act is None:
            raise _Unknown
        inner = self._number(argument)
        return None if inner is None else act(inner, self.slack)

    def _norm(self, argument: ast.expr) -> Interval:
        reference = Query.of(argument).reference(Moment.end(self.recording))
        if reference is None or reference.at:
            raise _Unknown
        value = reference.value
        if value.node < 0 and reference.kind == "data":
            raise _Unknown
        phase = self.recording.timeline.phase_of(value.id, reference.kind)
        if not self.summaries.has(phase, value.id):
            raise _Unknown
        found = self.summaries.norm(phase, value.id)
        return _wider(Interval(found.low, found.high), self.slack)


def _certain(found: Any) -> Array:
    """A comparison with NaN is never certain, and comes out as False by itself."""
    return np.asarray(found, dtype=bool)


def _negative(a: Interval) -> Interval:
    ends = None if a.ends is None else (_negative(a.ends[1]), _negative(a.ends[0]))
    return Interval(-a.high, -a.low, ends)


def _wider(a: Interval, slack: float) -> Interval:
    with np.errstate(all="ignore"):
        low, high = a.low - abs(a.low) * slack, a.high + abs(a.high) * slack
    return Interval(low, high)


def _arithmetic(op: ast.operator, a: Interval, b: Interval) -> Interval:
    act: Callable[..., Any] | None = {
        ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide,
    }.get(type(op))  # fmt: skip
    if act is None:
        raise _Unknown
    with np.errstate(all="ignore"):
        if isinstance(op, ast.Add):
            low, high = act(a.low, b.low), act(a.high, b.high)
        elif isinstance(op, ast.Sub):
            low, high = act(a.low, b.high), act(a.high, b.low)
        else:
            corners = [act(x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
            low, high = (
                np.minimum.reduce(np.broadcast_arrays(*corners)),
                np.maximum.reduce(np.broadcast_arrays(*corners)),
            )
            if isinstance(op, ast.Div):
                through_0 = np.asarray(~((b.low > 0) | (b.high < 0)))
                low, high = np.where(through_0, -np.inf, low), np.where(through_0, np.inf, high)
    # 0 · ∞ or ∞ − ∞ at a corner: anything is possible. A NaN compares with nothing, so it would be certain of
    # nothing either, but also possible only where the contrary is not certain: it is left as it is.
    ends = (_ANY, _ANY) if a.ends is not None or b.ends is not None else None
    return Interval(low, high, ends)


def _absolute(a: Interval, slack: float) -> Interval:
    crosses = np.asarray((a.low <= 0) & (a.high >= 0))
    sides = abs(a.low), abs(a.high)
    with np.errstate(all="ignore"):
        low, high = np.where(crosses, 0.0, np.minimum(*sides)), np.maximum(*sides)
    if a.ends is None:
        return Interval(low, high)
    (least, largest) = (_absolute(end._replace(ends=None), slack) for end in a.ends)
    top = Interval(np.maximum(least.low, largest.low), np.maximum(least.high, largest.high))
    return Interval(low, high, (Interval(low, high), top))


def _monotone(act: Callable[[Any], Any], everywhere: bool = True) -> Callable[[Interval, float], Interval]:
    def of(a: Interval, slack: float) -> Interval:
        with np.errstate(all="ignore"):
            found = _wider(Interval(act(a.low), act(a.high)), 1e-12)
            if not everywhere:  # below 0 there is no number, and a NaN says nothing of the other end
                found = Interval(np.where(a.low < 0, -np.inf, found.low), np.where(a.low < 0, np.inf, found.high))
        return found if a.ends is None else found._replace(ends=(_ANY, _ANY))

    return of


def _end(which: int) -> Callable[[Interval, float], Interval]:
    def of(a: Interval, slack: float) -> Interval:
        return a.ends[which] if a.ends is not None else a

    return of


_FUNCTIONS: Mapping[str, Callable[[Interval, float], Interval]] = {
    "abs": _absolute,
    "max": _end(1),
    "min": _end(0),
    "mean": lambda a, slack: _wider(a._replace(ends=None), slack),
    "exp": _monotone(np.exp),
    "sqrt": _monotone(np.sqrt, False),
    "log": _monotone(np.log, False),
    "sign": _monotone(np.sign),
}
