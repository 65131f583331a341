"""What rules look at: an iteration, all that are made, and what several rules ask of them, found out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradstep.engine.diagnosis.finding import Place
from gradstep.engine.diagnosis.head import Head, find_head
from gradstep.engine.errors import GoOn, Interrupted
from gradstep.engine.graph.element import Element
from gradstep.engine.graph.graph import Graph
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
        """Whether the loss has fallen to a small part of what it was at first, or stands still at its lowest."""
        losses = self.losses[np.isfinite(self.losses)]
        if len(losses) < 10 or len(losses) < len(self.losses):
            return False
        part = max(len(losses) // 10, 1)
        first, before, last = losses[:part].mean(), losses[-2 * part : -part].mean(), losses[-part:].mean()
        return bool(last <= 0.1 * abs(first) or (last < first and abs(before - last) <= 0.01 * abs(first - last)))
