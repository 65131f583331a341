"""What rules look at: an iteration, all that are made, and what several rules ask of them, found out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from gradstep.engine.diagnosis.course import SHORTEST, Course
from gradstep.engine.diagnosis.finding import Place
from gradstep.engine.diagnosis.head import Head
from gradstep.engine.diagnosis.motion import DECAYED, Motion
from gradstep.engine.diagnosis.probing import Probe, probe
from gradstep.engine.diagnosis.task import Task
from gradstep.engine.diagnosis.trouble import First, first_trouble
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
    def task(self) -> Task:
        """What is to be learned, from what."""
        return Task(self.here)

    @cached_property
    def motion(self) -> Motion:
        """How far updates move the parameters; only asked for where it is `trained`."""
        return Motion(self.iterations, self.at.get("rate_decayed", DECAYED))

    @property
    def head(self) -> Head | None:
        """The loss, what it compares, and what made that."""
        return self.task.head

    @property
    def samples(self) -> int:
        """How many samples are trained on, in all batches; 1 where there is no batch."""
        return self.task.samples

    @cached_property
    def course(self) -> Course | None:
        """Where the loss has gone; None of a single iteration, and where it is not finite."""
        if not self.trained or not np.isfinite(self.losses).all():
            return None
        passes = self.iterations.passes if len(self.losses) == self.made else 1
        return Course(self.losses, passes, self.task.constant, self.task.floor)

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
        return tuple(probe(self.iterations.recording(k, self.go_on), self.task.floor) for k in wanted)

    @cached_property
    def headroom(self) -> float:
        """By how much more can be told of the targets from the inputs than the network has learned at the end: of
        shares of their variance, or of their entropy. −∞ where that is not known."""
        course = self.course
        if course is None or np.isnan(course.level) or np.isnan(self.task.explained):
            return float("-inf")
        return self.task.explained - (1 - course.level)

    @property
    def full_batch(self) -> bool:
        """Whether each iteration sees the same samples and the same network, so that a loss that rises rose."""
        return self.training.batch_size is None and not any(node.op.varies for node in self.graph.nodes)


def early(evidence: Evidence) -> bool:
    """Whether no more than half of the iterations that are wanted are made: what has not come yet may come."""
    return 2 * evidence.made <= evidence.training.steps
