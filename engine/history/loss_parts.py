"""The loss of one iteration and of the one before, taken apart.

The change is taken apart exactly, by the loss at points in between: the weights of the iteration before on this
iteration's samples and dropout masks, and so on. What the update did is, to first order, Σ gradient × Δ over all
parameters (Taylor's theorem), with the gradient of the weights before on this iteration's samples; what that leaves are
the higher orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import NamedTuple

import numpy as np

from gradstep.engine.errors import GoOn
from gradstep.engine.explain.loss_terms import loss_terms
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph
from gradstep.engine.history.history import History
from gradstep.engine.history.loss_change import LossChange, Share
from gradstep.engine.index import Array
from gradstep.engine.run.passes import loss, run
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.trace import Trace


def loss_change(history: History, iteration: int, go_on: GoOn | None = None) -> LossChange:
    """Why the loss of an iteration is what it is, and another one than in the iteration before. Three passes more than
    the two iterations at most. Raises Interrupted."""
    now = history.recording(iteration, go_on)
    terms = loss_terms(now.trace, now.samples)
    if iteration == 1:
        return LossChange(now, float("nan"), terms)
    before, begun = history.recording(iteration - 1, go_on), history.snapshot(iteration, go_on)
    if not isfinite(before.trace.loss):
        return LossChange(now, before.trace.loss, terms)
    between = _Between(now, before, begun.leaves, begun.like.graph.at(iteration) is not begun.like.graph)
    by_hand = iteration in history.edited, iteration - 1 in history.edited
    trace = between.trace(by_hand[1], go_on)
    parts = between.parts(trace, by_hand, bool(history.scenario.pool))
    shares = _shares(between, trace)
    first = float(sum(share.first for share in shares))
    return LossChange(now, before.trace.loss, terms, parts, first, shares, loss_terms(trace, now.samples))


class _Between(NamedTuple):
    """Two iterations one after the other; what the later began with, `leaves`, without edits made in it; and whether
    an operation `varies` from one to the next."""

    now: Recording
    before: Recording
    leaves: Mapping[int, Array]
    varies: bool

    @property
    def trained(self) -> frozenset[int]:
        return frozenset(p.id for p in self.now.graph.parameters)

    @property
    def mixed(self) -> dict[int, Array]:
        """The weights of before with the inputs of now."""
        then = self.before.scenario.leaves
        return {v: then[v] if v in self.trained else array for v, array in self.leaves.items()}

    @property
    def same_inputs(self) -> bool:
        then = self.before.scenario.leaves
        return all(a is then[v] or np.array_equal(a, then[v]) for v, a in self.leaves.items() if v not in self.trained)

    def trace(self, edited: bool, go_on: GoOn | None) -> Trace:
        """The weights of before with the inputs and the dropout of now, forward and backward."""
        if self.same_inputs and not self.varies and not edited:
            return self.before.trace
        return run(self.before.graph.at(self.now.iteration), self.mixed, go_on=go_on)

    def parts(self, trace: Trace, edited: tuple[bool, bool], drawn: bool) -> dict[str, float]:
        """What the change is made of. `edited`: whether something was set by hand now, and before."""
        graph, other = self.before.graph, self.before.graph.at(self.now.iteration)
        began, ended = self.before.trace.loss, self.now.trace.loss
        a = _loss(graph, self.before.scenario.leaves) if edited[1] else began
        b = a if self.same_inputs else trace.loss if not self.varies else _loss(graph, self.mixed)
        c, d = trace.loss, _loss(other, self.leaves) if edited[0] else ended
        found = {"update": d - c}
        if not self.same_inputs:
            found["samples" if drawn else "inputs"] = b - a
        if self.varies:
            found["dropout"] = c - b
        if any(edited):
            found["edits"] = (a - began) + (ended - d)
        return found


def _loss(graph: Graph, leaves: Mapping[int, Array]) -> float:
    return loss(graph, leaves.__getitem__)


def _shares(between: _Between, trace: Trace) -> tuple[Share, ...]:
    """What each parameter's move changed to first order, the largest first."""
    found = []
    then = between.before.scenario.leaves
    with np.errstate(all="ignore"):
        for value in between.now.graph.parameters:
            if not value.size:
                continue
            old, new = then[value.id].reshape(-1), between.leaves[value.id].reshape(-1)
            parts = trace.gradient(value.id).reshape(-1).astype(np.float64) * (new.astype(np.float64) - old)
            at = int(np.nan_to_num(abs(parts), nan=np.inf).argmax())
            one = Element(value.id, at), float(old[at]), float(new[at]), float(parts[at])
            found.append(Share(value.id, float(parts.sum()), *one))
    return tuple(sorted(found, key=lambda share: -abs(share.first) if isfinite(share.first) else -np.inf))
