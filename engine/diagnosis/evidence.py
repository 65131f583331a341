"""What rules look at: an iteration, all that are made, and what several rules ask of them, found out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradstep.engine.diagnosis.course import SHORTEST, Course
from gradstep.engine.diagnosis.finding import Place
from gradstep.engine.diagnosis.head import Head, all_targets, best_constant, find_head, floor
from gradstep.engine.diagnosis.neighbours import explained
from gradstep.engine.diagnosis.probing import Probe, probe
from gradstep.engine.diagnosis.trouble import First, first_trouble
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

#: So much more of the targets' variance is to be told from the inputs than was learned, and a network could have done
#: better: several times what nearest neighbours and loss differ by in trainings that reach their noise; our own.
HEADROOM = 0.2
#: A step of any length that gains less than this share of the loss gains nothing; our own.
FLAT = 0.01


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
    def course(self) -> Course | None:
        """Where the loss has gone; None of a single iteration, and where it is not finite."""
        if not self.trained or not np.isfinite(self.losses).all():
            return None
        passes = self.iterations.passes if len(self.losses) == self.made else 1
        return Course(self.losses, passes, self.best_constant, self.floor)

    @property
    def recent_loss(self) -> float:
        """The mean loss over the end; NaN where it is not finite."""
        return float("nan") if self.course is None else self.course.last

    @cached_property
    def converged(self) -> bool:
        """Whether next to nothing is left to learn, or the loss stands still at its lowest, below what one answer for
        all samples has, where a step of no length gains anything, and the inputs say no more of the targets: a good end
        in spite of what a rule sees. Not of a single iteration."""
        course = self.course
        if course is None or self.made < SHORTEST:
            return False
        return course.done or (course.rests and self.headroom < HEADROOM and self.probes[-1].best < FLAT)

    @cached_property
    def trouble(self) -> First | None:
        """The first number of the training that is not finite; None where all are, and of a single iteration."""
        return first_trouble(self.iterations, self.go_on) if self.trained else None

    @property
    def learned(self) -> bool:
        """Whether most of what there is was learned, or the loss stands still for a good reason."""
        return self.converged or (self.course is not None and self.course.learned and not self.course.rises)

    @cached_property
    def probes(self) -> tuple[Probe, ...]:
        """What multiples of the update gain in the first, the middle and the last iteration."""
        wanted = dict.fromkeys((1, max(self.made // 2, 1), self.made))
        return tuple(probe(self.iterations.recording(k, self.go_on), self.floor) for k in wanted)

    @property
    def explained(self) -> float:
        """The share of the targets' variance that can be told from the inputs without the network."""
        return max(self._told)

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
        for name in self.scenario.batch if head is not None and self.samples > 1 else ():
            value = self.graph.by_name[name].id
            if head is not None and value != head.targets:
                array = np.asarray(self.scenario.pool.get(value, self.here.trace.data[value]), dtype=np.float64)
                looked_up = any(n.op.name == "embedding" and value in n.inputs for n in self.graph.nodes)
                if array.ndim > 2 or looked_up or len(array) != self.samples:
                    return float("nan"), float("nan")
                inputs.append(array.reshape(len(array), -1))
        targets = all_targets(self.here, head) if head is not None and inputs else np.zeros(0)
        if head is None or targets.shape[:1] != (self.samples,):
            return float("nan"), float("nan")
        if head.classes and targets.ndim == 1 and np.isfinite(targets).all():
            targets = (targets[:, None] == np.unique(targets)).astype(np.float64)
        return explained(np.hstack(inputs), targets.reshape(len(targets), -1))

    @cached_property
    def headroom(self) -> float:
        """By how much more can be told of the targets from the inputs than the network has learned at the end: of
        shares of their variance, or of their entropy. −∞ where that is not known."""
        course = self.course
        if course is None or np.isnan(course.level) or np.isnan(self.explained):
            return float("-inf")
        return self.explained - (1 - course.level)

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

    @property
    def rate_warm(self) -> bool:
        """Whether the rate of the first iteration is one of the larger ones, and not the beginning of a warm-up."""
        return self.training.lr(1) >= 0.5 * max(self.training.lr(int(k)) for k in self.starts)

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
    def baseline(self) -> tuple[float, str] | None:
        """The lowest loss of one answer for all samples, and what it is in words; None where that is not known."""
        if self.head is None or not self.head.alone:
            return None
        width = (self.graph.values[self.head.outputs].shape or (1,))[-1]
        found = best_constant(self.head, all_targets(self.here, self.head), width)
        if found is not None and self.head.name == "half_squared_error":  # a sum, of a batch's samples and not of all
            return found[0] * self.here.samples.count / max(self.samples, 1), found[1]
        return found

    @property
    def best_constant(self) -> float | None:
        """The lowest loss of one answer for all samples; None where that is not known."""
        return None if self.baseline is None else self.baseline[0]

    @cached_property
    def floor(self) -> float:
        """The lowest loss that there can be: 0, or of targets that are shares their entropy."""
        if self.head is None or not self.head.alone:
            return 0.0
        return floor(self.head, all_targets(self.here, self.head))
