"""How a training moves: its rates, its gradients, and how far updates move the weights, of all iterations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradstep.engine.graph.graph import Graph, Value
from gradstep.engine.history.history import History
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.index import Array
from gradstep.engine.run.timeline import Phase
from gradstep.engine.training.options import Training

#: Below this share of its largest a rate has ended a training; our own, two powers of ten.
DECAYED = 0.01
#: A first rate of at least half the largest is none of a warm-up; our own.
_WARM = 0.5
#: A mean of many terms is known to within so many times the precision of its type (Higham, Accuracy and Stability of
#: Numerical Algorithms, 2nd ed., 2002, sect. 4.2: the errors of n terms grow as √n).
_ROUNDING = 100.0
#: Shorter trainings have no schedule to speak of; our own.
_SHORTEST = 10


@dataclass(frozen=True, eq=False)
class Motion:
    """Of the iterations of a history; `decayed` is the share of its largest below which a rate has ended it."""

    history: History
    decayed: float = DECAYED

    @property
    def training(self) -> Training:
        return self.history.scenario.training

    @property
    def graph(self) -> Graph:
        return self.history.start.graph

    @property
    def summaries(self) -> Summaries:
        return self.history.summaries

    @cached_property
    def rates(self) -> Array:
        """The rate of each row, shape (rows,)."""
        starts, optimizer = self.summaries.starts[:-1], self.training.optimizer
        rates = self.summaries.rate.high
        falls = float(optimizer["lr_decay"]) if "lr_decay" in type(optimizer).options else 0.0
        return np.asarray(rates / (1 + falls * (starts - 1)))

    @cached_property
    def decayed_at(self) -> int:
        """The iteration from which on the rate is below a share of its largest; 0 where there is none."""
        high = np.flatnonzero(self.rates >= self.decayed * self.rates.max())
        first = int(high[-1]) + 1 if len(high) else 0
        if first >= len(self.rates) or self.history.made < _SHORTEST:
            return 0
        return int(self.summaries.starts[first])

    @property
    def warm(self) -> bool:
        """Whether the rate of the first iteration is one of the larger ones, and not the beginning of a warm-up."""
        return bool(self.rates[0] >= _WARM * self.rates.max())

    @cached_property
    def rises(self) -> float:
        """The share of rows at which the loss rises."""
        return float(self.up.mean()) if len(self.up) else 0.0

    @cached_property
    def up(self) -> Array:
        """Whether the loss rises from each row to the next by more than rounding, shape (rows − 1,)."""
        losses = self.summaries.loss.high
        with np.errstate(all="ignore"):
            return np.asarray(np.diff(losses) > _ROUNDING * np.finfo(self.graph.dtype).eps * np.abs(losses[1:]))

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
            return np.sqrt(sum(norm**2 for norm in norms)) if norms else np.zeros(len(self.rates))

    @cached_property
    def update_ratios(self) -> Array:
        """How far updates move the weight that moves most, over its size; shape (rows,)."""
        worst = np.zeros(len(self.rates))
        for value, _, size in self.weights_over_time:
            with np.errstate(all="ignore"):
                worst = np.fmax(worst, self.summaries.moved(value.id).high / np.maximum(size, 1e-300))
        return worst
