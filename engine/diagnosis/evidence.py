"""What rules look at: an iteration, all that are made, and what several rules ask of them, found out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradstep.engine.diagnosis.finding import Place
from gradstep.engine.diagnosis.head import Head, all_targets, best_constant, find_head
from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph, Value
from gradstep.engine.graph.names import Blackboard
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Phase
from gradstep.engine.training.options import Training


@dataclass(eq=False)
class Evidence:
    """`here` is the iteration that is asked about; `history` all that are made, None where a single iteration is all
    there is. `at` are the thresholds by the names of rules."""

    here: Recording
    history: History | None
    at: Mapping[str, float]
    go_on: GoOn | None = None

    def asked(self, share: float = 0.0) -> None:
        """Raises Interrupted where somebody wants it to stop; called now and then."""
        if self.go_on is not None and not self.go_on(share):
            raise Interrupted

    @property
    def made(self) -> int:
        """How many iterations there are to judge by."""
        return 1 if self.history is None else self.history.made

    @property
    def trained(self) -> bool:
        """Whether there is a training to judge, and not one iteration."""
        return self.made > 1

    @property
    def iterations(self) -> History:
        """All iterations; only asked for where it is `trained`."""
        assert self.history is not None, "a training has a history"
        return self.history

    @property
    def scenario(self) -> Scenario:
        return self.here.scenario

    @property
    def training(self) -> Training:
        return self.here.scenario.training

    @property
    def graph(self) -> Graph:
        return self.here.graph

    @property
    def board(self) -> Blackboard:
        return self.here.board

    @property
    def summaries(self) -> Summaries:
        """Of all iterations; only asked for where it is `trained`."""
        return self.iterations.summaries

    @cached_property
    def starts(self) -> Array:
        """The iterations that the rows of the summaries begin with, shape (rows,)."""
        return self.summaries.starts[:-1]

    @cached_property
    def losses(self) -> Array:
        """The loss of each row at worst, shape (rows,)."""
        return self.summaries.loss.high

    @cached_property
    def first(self) -> Recording:
        """The first iteration."""
        return self.iterations.recording(1, self.go_on) if self.history is not None else self.here

    @cached_property
    def last(self) -> Recording:
        """The last iteration that is made."""
        return self.iterations.recording(self.made, self.go_on) if self.history is not None else self.here

    def place(self, element: Element, phase: Phase = Phase.FORWARD) -> Place:
        """Where a phase of this iteration writes an element."""
        sample = self.here.samples.of(*element) if self.here.samples.count > 1 else None
        return Place(self.here.typed(element, phase), self.here.iteration if self.trained else None, sample=sample)

    @cached_property
    def head(self) -> Head | None:
        """The loss, what it compares, and what made that."""
        return find_head(self.graph)

    @property
    def samples(self) -> int:
        """How many samples are trained on, in all batches; 1 where there is no batch."""
        pool = self.scenario.pool
        return len(next(iter(pool.values()))) if pool else self.here.samples.count

    @cached_property
    def recent_loss(self) -> float:
        """The mean loss over the last pass through the samples, or over the last tenth of the iterations."""
        count = min(max(self.iterations.passes, 1), max(self.made // 10, 1))
        rows = self.losses[-count:] if len(self.losses) == self.made else self.losses[-max(len(self.losses) // 10, 1) :]
        with np.errstate(all="ignore"):
            return float(np.mean(rows))

    @cached_property
    def converged(self) -> bool:
        """Whether the loss has fallen to a small part of what it was at first, or stands still at its lowest: a good
        end in spite of what a rule sees. Not of a single iteration."""
        if not self.trained:
            return False
        losses = self.losses[np.isfinite(self.losses)]
        if len(losses) < 10 or len(losses) < len(self.losses):
            return False
        part = max(len(losses) // 10, 1)
        if self.best_constant is not None and losses[-part:].mean() > 0.9 * self.best_constant:
            return False
        first, before, last = losses[:part].mean(), losses[-2 * part : -part].mean(), losses[-part:].mean()
        return bool(last <= 0.1 * abs(first) or (last < first and abs(before - last) <= 0.01 * abs(first - last)))

    @property
    def full_batch(self) -> bool:
        """Whether each iteration sees the same samples and the same network, so that a loss that rises rose."""
        return self.training.batch_size is None and not any(node.op.varies for node in self.graph.nodes)

    @cached_property
    def rate_decayed_at(self) -> int:
        """The iteration from which on the rate is below a share of its largest; 0 where there is none."""
        rates = np.asarray([self.training.lr(int(k)) for k in self.starts]) if self.trained else np.ones(1)
        low = rates < self.at.get("rate_decayed", 0.01) * rates.max()
        high = np.flatnonzero(~low)
        first = int(high[-1]) + 1 if len(high) else 0
        if first >= len(rates) or self.made < 10:
            return 0
        return int(self.starts[first])

    @cached_property
    def rises(self) -> float:
        """The share of rows at which the loss rises."""
        with np.errstate(all="ignore"):
            return float((np.diff(self.losses) > 0).mean()) if len(self.losses) > 1 else 0.0

    @cached_property
    def weights_over_time(self) -> tuple[tuple[Value, Array, Array], ...]:
        """Each weight with the norms of its gradients and of itself, each of shape (rows,); biases are left out."""
        found = []
        for value in self.graph.parameters:
            if len(value.shape) > 1 and self.summaries.has(Phase.BACKWARD, value.id):
                gradient = self.summaries.norm(Phase.BACKWARD, value.id).high
                found.append((value, gradient, self.summaries.norm(Phase.UPDATE, value.id).high))
        return tuple(found)

    @cached_property
    def gradient_norms(self) -> Array:
        """The norm of all gradients together, shape (rows,)."""
        norms = [
            self.summaries.norm(Phase.BACKWARD, value.id).high
            for value in self.graph.parameters
            if self.summaries.has(Phase.BACKWARD, value.id)
        ]
        with np.errstate(all="ignore"):
            return np.sqrt(sum(norm**2 for norm in norms)) if norms else np.zeros(len(self.starts))

    @cached_property
    def update_ratios(self) -> Array:
        """How far updates move the weight that moves most, over its size; shape (rows,)."""
        worst = np.zeros(len(self.starts))
        for value, _, size in self.weights_over_time:
            with np.errstate(all="ignore"):
                worst = np.fmax(worst, self.summaries.moved(value.id).high / np.maximum(size, 1e-300))
        return worst

    @cached_property
    def best_constant(self) -> float | None:
        """The lowest loss of one answer for all samples; None where that is not known."""
        if self.head is None or not self.head.alone:
            return None
        width = (self.graph.values[self.head.outputs].shape or (1,))[-1]
        found = best_constant(self.head, all_targets(self.here, self.head), width)
        return None if found is None else found[0]
