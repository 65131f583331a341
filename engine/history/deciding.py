"""Which iterations may fulfil a condition, by their summaries alone.

Every name of an expression stands for an interval (see `ranges`), and comparisons that are certain, possible or neither
give for each row whether the condition may hold in it and whether it must. A row that may not needs no look; one that
must needs none either, except to find the step.
"""

from __future__ import annotations

import ast
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.patterns import Pattern
from gradstep.engine.errors import CommandError
from gradstep.engine.history.intervals import Unknown, certain, compared
from gradstep.engine.history.ranges import Ranges
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.index import Array
from gradstep.engine.run.timeline import Phase, Sweep


class Truth(NamedTuple):
    """For each row whether something may hold in it, and whether it must. Shapes (rows,)."""

    may: Array
    must: Array


def possible(condition: Condition, summaries: Summaries, graphs_differ: bool = False) -> Truth:
    """Of each row of summaries, whether the condition may hold at some step of it, and whether it must.
    `graphs_differ`: operations were changed on the way, so that nothing is concluded from them."""
    return _Decision(condition, summaries, graphs_differ).read()


class _Decision:
    """One condition read over all rows, sweep by sweep where it is about steps."""

    def __init__(self, condition: Condition, summaries: Summaries, graphs_differ: bool) -> None:
        self.condition, self.summaries, self.graphs_differ = condition, summaries, graphs_differ
        self.recording = summaries.recording
        self.graph, self.board = self.recording.graph, self.recording.board
        #: The sweep whose steps are looked at; None where the condition speaks of a state.
        self.sweep: Sweep | None = None
        self.ranges = Ranges(summaries)
        some, none = np.ones(summaries.rows, bool), np.zeros(summaries.rows, bool)
        self.yes, self.maybe, self.no = Truth(some, some), Truth(some, none), Truth(none, none)

    def read(self) -> Truth:
        query = self.condition.query
        if query is None:  # a name, a phase or an operation: in every iteration the same steps
            return self.maybe if self.condition.on is not None else self.yes
        if self.condition.state:
            found = self._truth(query.tree)
        else:
            found = self.no
            for sweep in self.recording.timeline.sweeps:
                if sweep.size:
                    self.sweep, self.ranges = sweep, Ranges(self.summaries, sweep)
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
        except (Unknown, CommandError):
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
        a, b = self.ranges.of(left), self.ranges.of(right)
        if a is None or b is None:
            return self.no  # a field that this phase does not have
        may, must = (np.broadcast_to(found, self.no.may.shape).copy() for found in compared(op, a, b))
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
            raise Unknown
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
            return Truth(~(certain(least.low > 0) | certain(largest.high < 0)), self.no.must)
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
