"""What the numbers that an expression names lie between, by the summaries alone: in an iteration, or in each of those
that a row of summaries stands for."""

from __future__ import annotations

import ast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gradstep.engine.ask.fields import FIELDS, TERM_FIELDS
from gradstep.engine.ask.past import OVER, count_of
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Moment, Reference
from gradstep.engine.errors import CommandError
from gradstep.engine.history.intervals import ANY, FUNCTIONS, Interval, Unknown, arithmetic, negative, wider
from gradstep.engine.history.rows import Bounds
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.run.timeline import Phase, Sweep

#: Functions whose result may differ a little from what NumPy makes of the numbers themselves.
_SLACK = 1e-9
_SLACK_SINGLE = 1e-3


def told(query: Query, summaries: Summaries) -> Bounds | None:
    """What an expression without fields is at the end of each iteration, NaN where it is not known in the first; None
    where the summaries do not tell."""
    ranges = Ranges(summaries)
    try:
        found = ranges.of(query.tree)
    except (Unknown, CommandError):
        return None
    if found is None or found.ends is not None:
        return None
    low, high = (np.broadcast_to(np.asarray(end, float), (summaries.rows,)).copy() for end in (found.low, found.high))
    with np.errstate(all="ignore"):
        exact = (high - low <= 3 * ranges.slack * abs(high)) | ~summaries.exact | (np.isnan(low) & np.isnan(high))
    if not exact[1:].all():
        return None
    nothing = ~exact | (np.isneginf(low) & np.isposinf(high))  # in the first iteration, where it looks back
    low[nothing] = high[nothing] = np.nan
    return Bounds(low, high)


class Ranges:
    """Of each row of summaries, what an expression lies between at the steps of a `sweep`; without one, at the end of
    an iteration. Raises Unknown where nothing can be said, and CommandError where it cannot be read."""

    def __init__(self, summaries: Summaries, sweep: Sweep | None = None) -> None:
        self.summaries, self.sweep, self.rows = summaries, sweep, summaries.rows
        self.recording = summaries.recording
        self.graph = self.recording.graph
        self.slack = _SLACK if self.graph.dtype == np.float64 else _SLACK_SINGLE

    def of(self, node: ast.expr) -> Interval | None:
        """None for a field that the phase does not have."""
        match node:
            case ast.Constant(value=int() | float() as value):
                return Interval(float(value), float(value))
            case ast.UnaryOp(op=ast.USub()):
                inner = self.of(node.operand)
                return None if inner is None else negative(inner)
            case ast.UnaryOp(op=ast.UAdd()):
                return self.of(node.operand)
            case ast.BinOp():
                left, right = self.of(node.left), self.of(node.right)
                return None if left is None or right is None else arithmetic(node.op, left, right)
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
        if name == "upstream":
            return self._upstream(sweep)
        return Interval(0.0, float(sweep.size - 1)) if name == "index" else ANY

    def _upstream(self, sweep: Sweep) -> Interval:
        """The gradients of all that a value enters; that of the loss itself is 1."""
        outputs = {self.graph.nodes[n].output for n, _ in self.graph.uses[sweep.value]}
        found = [self._hull(Phase.BACKWARD, v) for v in outputs - {self.graph.loss.id}]
        found += [Interval(1.0, 1.0)] * (len(found) < len(outputs))
        if not found:
            raise Unknown
        lows, highs = (np.broadcast_arrays(*end) for end in zip(*((one.low, one.high) for one in found), strict=True))
        return Interval(np.minimum.reduce(lows), np.maximum.reduce(highs))

    def _hull(self, phase: Phase, value: int) -> Interval:
        if not self.summaries.has(phase, value):
            raise Unknown
        least, largest = self.summaries.least(phase, value), self.summaries.largest(phase, value)
        return Interval(least.low, largest.high, (Interval(*least), Interval(*largest)))

    def _previous(self) -> Interval:
        """The loss of the iteration before: that of the row before and, where a row stands for several
        iterations, of the row itself as well."""
        loss, exact = self.summaries.loss, self.summaries.exact
        low, high = np.full(self.rows, -np.inf), np.full(self.rows, np.inf)
        low[1:], high[1:] = loss.low[:-1], loss.high[:-1]
        joined = ~exact
        low[joined], high[joined] = np.minimum(low, loss.low)[joined], np.maximum(high, loss.high)[joined]
        low[:1] = high[:1] = np.nan  # there is none before the first, so nothing about it is certain
        return Interval(low, high)

    def _named(self, node: ast.expr) -> Interval:
        reference = Query.of(node).reference(Moment.end(self.recording))
        if reference is None:
            raise Unknown
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
        if reference.kind == "averaged":
            raise Unknown
        if value.node >= 0 or reference.kind != "data":
            return self._hull(self.recording.timeline.phase_of(value.id, reference.kind), value.id)
        if not value.trained:
            raise Unknown
        # What a parameter is in an iteration, the update before has made it.
        after = self._hull(Phase.UPDATE, value.id)
        low, high = np.full(self.rows, -np.inf), np.full(self.rows, np.inf)
        low[1:], high[1:] = after.low[:-1], after.high[:-1]
        if self.summaries.starts[0] == 1:
            given = self.recording.trace.data[value.id]
            low[0], high[0] = given.min(), given.max()
        joined = ~self.summaries.exact
        # A NaN among several stays: nothing is known of the others then.
        low[joined], high[joined] = np.minimum(low, after.low)[joined], np.maximum(high, after.high)[joined]
        return Interval(low, high, (Interval(low, high), Interval(low, high)))

    def _over(self, name: str, argument: ast.expr, count: int) -> Interval:
        """What the median, the mean and the like of a number lies between over so many iterations before, each with a
        row of its own; they rise where any of the numbers rises."""
        inner, act = self.of(argument), OVER[name]
        if inner is None or inner.ends is not None:
            raise Unknown
        low, high = np.full(self.rows, -np.inf), np.full(self.rows, np.inf)
        if self.rows > count:
            with np.errstate(all="ignore"):
                for end, found in ((inner.low, low), (inner.high, high)):
                    whole = np.broadcast_to(np.asarray(end, float), (self.rows,))
                    found[count:] = act(sliding_window_view(whole, count)[:-1], axis=-1)
            alone = sliding_window_view(self.summaries.exact, count)[:-1].all(axis=-1) & self.summaries.exact[count:]
            low[count:][~alone], high[count:][~alone] = -np.inf, np.inf
        return Interval(low, high)

    def _called(self, node: ast.Call) -> Interval | None:
        if isinstance(node.func, ast.Name) and node.func.id in OVER and len(node.args) == 2:
            count = count_of(node.args[1])
            if count is None:
                raise Unknown
            return self._over(node.func.id, node.args[0], count)
        if isinstance(node.func, ast.Attribute) and not node.args:
            name, argument = node.func.attr, node.func.value
        elif isinstance(node.func, ast.Name) and len(node.args) == 1:
            name, argument = node.func.id, node.args[0]
        else:
            raise Unknown
        if name == "norm":
            return self._norm(argument)
        act = FUNCTIONS.get(name)
        if act is None:
            raise Unknown
        inner = self.of(argument)
        return None if inner is None else act(inner, self.slack)

    def _norm(self, argument: ast.expr) -> Interval:
        reference = Query.of(argument).reference(Moment.end(self.recording))
        if reference is None or reference.at:
            raise Unknown
        value = reference.value
        if (value.node < 0 and reference.kind == "data") or reference.kind == "averaged":
            raise Unknown
        phase = self.recording.timeline.phase_of(value.id, reference.kind)
        if not self.summaries.has(phase, value.id):
            raise Unknown
        found = self.summaries.norm(phase, value.id)
        return wider(Interval(found.low, found.high), self.slack)
