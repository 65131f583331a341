"""What a network is to learn, from what: the loss and its targets, what one answer for all samples would have, and what
can be told of the targets from the inputs without the network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradstep.engine.diagnosis.head import Head, all_targets, best_constant, find_head, floor
from gradstep.engine.diagnosis.neighbours import LEAST, explained
from gradstep.engine.index import Array
from gradstep.engine.run.recording import Recording
from gradstep.engine.training.batches import drawn, held_back

#: Five neighbours that are drawn by lot explain −1/5 of a variance; below this they are wrong on purpose; our own.
_OPPOSITE = -0.5


@dataclass(frozen=True, eq=False)
class Task:
    """Of the scenario of an iteration, `here`."""

    here: Recording

    @cached_property
    def head(self) -> Head | None:
        """The loss, what it compares, and what made that."""
        return find_head(self.here.graph)

    @cached_property
    def samples(self) -> int:
        """How many samples are trained on, in all batches; 1 where there is no batch."""
        pool = self.here.scenario.pool
        return len(next(iter(pool.values()))) if pool else self.here.samples.count

    @cached_property
    def rows(self) -> Array:
        """Which rows of the data the samples that are trained on are, where some are held back."""
        scenario = self.here.scenario
        kept = np.arange(self.samples)
        if scenario.training.validation is None or scenario.held_back is None:
            return kept
        held = len(next(iter(scenario.held_back.inputs.values())))
        return np.asarray(held_back(self.samples + held, scenario.training.validation)[0])

    def row(self, sample: int, iteration: int) -> int:
        """Which row of the data a sample of an iteration's batch is."""
        training = self.here.scenario.training
        if training.batch_size is None or training.batch_size >= self.samples:
            return int(self.rows[sample])
        return int(self.rows[drawn(self.samples, training.batch_size, training.shuffle, iteration)][sample])

    def found(self, sample: int, made: int) -> tuple[int, int] | None:
        """The first of so many iterations whose batch has a sample, counted over all that are trained on, and which it
        is there; None where no batch has it."""
        training = self.here.scenario.training
        if training.batch_size is None or training.batch_size >= self.samples:
            return 1, sample
        for k in range(1, min(made, self.samples // training.batch_size) + 1):
            taken = np.arange(self.samples)[drawn(self.samples, training.batch_size, training.shuffle, k)]
            if (at := np.flatnonzero(taken == sample)).size:
                return k, int(at[0])
        return None

    @cached_property
    def targets(self) -> Array:
        """The targets of all samples that are trained on, in float64; empty where there is no head."""
        return np.zeros(0) if self.head is None else all_targets(self.here, self.head)

    @cached_property
    def baseline(self) -> tuple[float, str] | None:
        """The lowest loss of one answer for all samples, and what it is in words; None where that is not known."""
        if self.head is None or not self.head.alone:
            return None
        width = (self.here.graph.values[self.head.outputs].shape or (1,))[-1]
        found = best_constant(self.head, self.targets, width)
        if found is not None and self.head.name == "half_squared_error":  # a sum, of a batch's samples and not of all
            return found[0] * self.here.samples.count / max(self.samples, 1), found[1]
        return found

    @property
    def constant(self) -> float | None:
        """The lowest loss of one answer for all samples; None where that is not known."""
        return None if self.baseline is None else self.baseline[0]

    @cached_property
    def held_constant(self) -> float | None:
        """The lowest loss of one answer for all samples that are held back; None where that is not known."""
        held, head = self.here.scenario.held_back, self.head
        if held is None or head is None or not head.alone or head.targets not in held.inputs:
            return self.constant
        width = (self.here.graph.values[head.outputs].shape or (1,))[-1]
        found = best_constant(head, np.asarray(held.inputs[head.targets], dtype=np.float64), width)
        return self.constant if found is None or head.name == "half_squared_error" else found[0]

    @cached_property
    def floor(self) -> float:
        """The lowest loss that there can be: 0, or of targets that are shares their entropy."""
        if self.head is None or not self.head.alone:
            return 0.0
        return floor(self.head, self.targets)

    @property
    def few(self) -> bool:
        """Whether there are so few samples that a network can learn them by heart, all of them different (Zhang et al.,
        Understanding deep learning requires rethinking generalization, ICLR 2017)."""
        if not 1 < self.samples < LEAST or self.head is None:
            return False
        inputs = [self.here.graph.by_name[name].id for name in self.here.scenario.batch]
        pool = self.here.scenario.pool
        arrays = [pool.get(v, self.here.trace.data[v]) for v in inputs if v != self.head.targets]
        rows = [np.asarray(array).reshape(self.samples, -1) for array in arrays]
        return bool(rows) and len(np.unique(np.hstack(rows), axis=0)) == self.samples

    @property
    def explained(self) -> float:
        """The share of the targets' variance that can be told from the inputs without the network."""
        return max(self._told)

    @property
    def silent(self) -> bool:
        """Whether the inputs seem to tell nothing of the targets. Where neighbours tell the opposite of what is right,
        as of a parity, they tell much."""
        return self.explained <= 0 and self._told[0] > _OPPOSITE

    @property
    def plane(self) -> float:
        """What of it a plane tells."""
        return self._told[1]

    @property
    def bends(self) -> float:
        """How much more nearest neighbours tell of the targets than a plane: that they are no plane over the inputs."""
        return self._told[0] - self._told[1]

    @cached_property
    def _told(self) -> tuple[float, float]:
        """What nearest neighbours tell, and what a plane does; NaN where samples are no rows of numbers, or too few."""
        head, inputs = self.head, []
        for name in self.here.scenario.batch if head is not None and self.samples > 1 else ():
            value = self.here.graph.by_name[name].id
            if head is not None and value != head.targets:
                array = np.asarray(self.here.scenario.pool.get(value, self.here.trace.data[value]), dtype=np.float64)
                looked_up = any(n.op.name == "embedding" and value in n.inputs for n in self.here.graph.nodes)
                if array.ndim > 2 or looked_up or len(array) != self.samples:
                    return float("nan"), float("nan")
                inputs.append(array.reshape(len(array), -1))
        targets = self.targets if inputs else np.zeros(0)
        if head is None or targets.shape[:1] != (self.samples,):
            return float("nan"), float("nan")
        if head.classes and targets.ndim == 1 and np.isfinite(targets).all():
            targets = (targets[:, None] == np.unique(targets)).astype(np.float64)
        targets = targets.reshape(len(targets), -1)
        near, plane = explained(np.hstack(inputs), targets)
        if (
            len(inputs) > 1 and len({one.shape for one in inputs}) == 1
        ):  # pairs: what they differ by, and their products
            first, *others = inputs
            pairs = np.hstack([part for one in others for part in (abs(first - one), first * one)])
            near = max(near, explained(pairs, targets)[0])
        return near, plane
