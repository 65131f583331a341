"""The steps of a slice as a condition sees them: their fields, the kinds they are of, and what changes with them."""

from __future__ import annotations

import ast
from collections.abc import Callable

import numpy as np

from gradstep.engine.ask.changes import Change, passed
from gradstep.engine.ask.fields import Slice
from gradstep.engine.ask.kinds import KINDS
from gradstep.engine.ask.language import literal
from gradstep.engine.ask.patterns import Pattern
from gradstep.engine.ask.query import Query
from gradstep.engine.ask.scope import Part
from gradstep.engine.ask.thresholds import checked
from gradstep.engine.errors import CommandError
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase

#: Functions of an expression that hold at the steps at which it changes, or passes a level: how each is written.
CHANGES = {"changed": "changed(h.grad)", "crosses": "crosses(h.grad[0], 0.1)"}


class Steps(Slice):
    """A slice with the kinds that a condition may name."""

    @classmethod
    def kind(cls, name: str, call: ast.Call | None, recording: Recording) -> Callable[[Steps], Part] | None:
        if name in CHANGES:
            return _changing(name, call, recording)
        kind = KINDS.get(name)
        if kind is None:
            return None
        threshold, on = kind.default or 0.0, None
        for argument in call.args if call else ():
            number = literal(argument)
            if number is None:
                on = Pattern(ast.unparse(argument), recording, kind.units)
                continue
            if kind.allowed is None:
                raise CommandError(f"'{name}' takes no number, only a name, as in {name}(h[1])")
            threshold = checked(name, number, kind.allowed)
        mask, by_term = kind.mask, kind.by_term

        def found(at: Steps) -> Part:
            there = mask(at, threshold)
            if not by_term:
                there = at.spread(there)
            return Part(there if on is None else there & at._about(on), True, True)

        return found

    def _about(self, on: Pattern) -> Array:
        """Of the elements (or terms), those that a name is about: what is written, or, for a gradient,
        what supplies its local factor."""
        # h[1] is the neuron: the gate at its sum is its gate.
        layer, flats = self.recording.board.layer_of.get(self.sweep.value), np.arange(self.start, self.stop)
        neuron = layer.output if layer and layer.pre == self.sweep.value else self.sweep.value
        named = on.elements(self.recording, self.sweep.value, flats) & (self.sweep.value in on.values)
        named = self.spread(named | (on.elements(self.recording, neuron, flats) & (neuron in on.values)))
        return named | np.isin(self.table.factor, list(on.values)) if self.by_term else named

    def crossing(self, mask: Array, level: float) -> Array:
        """Of the elements in a mask (or of their terms), those with which the sum passes a level."""
        written = self.grad if self.sweep.phase is Phase.BACKWARD else self.value
        assert written is not None, "the backward pass writes gradients"
        found = np.zeros(len(self.table.owner) if self.by_term else self.count, dtype=bool)
        for k in np.flatnonzero(mask).tolist():
            terms = passed(self.recording, self.sweep.start + self.start + k + 1, float(written[k]), level)
            if self.by_term:
                found[self.table.owner == k] = terms
            else:
                found[k] = terms.any()
        return found


def _changing(name: str, call: ast.Call | None, recording: Recording) -> Callable[[Steps], Part]:
    """`changed(EXPR)`, and `crosses(NAME, v)`: the sum that makes a number, from 0 term by term, passes to the other
    side of v."""
    if call is None or len(call.args) != (1 if name == "changed" else 2):
        raise CommandError(f"it is written {CHANGES[name]}")
    change = Change(Query.of(call.args[0]), recording)
    if name == "changed":
        return lambda at: Part(at.spread(change.mask(at.sweep, at.start, at.stop)), True, True)
    level = literal(call.args[1])
    if level is None:
        raise CommandError("crosses(NAME, v): v is a number")
    if change.whole is None:
        raise CommandError("crosses(NAME, v) is about a value or a gradient by name, as in crosses(h.grad[0], 0.1)")
    return lambda at: Part(at.crossing(change.mask(at.sweep, at.start, at.stop), level), True, True)
