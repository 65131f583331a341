"""What is known at one moment: a number that is not written yet is None here, so that nobody can show it, let
alone show it as 0."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np

from gradstep.engine.debugger.here import Here
from gradstep.engine.debugger.sum import Sum
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array
from gradstep.engine.notation import Stale
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Position


class TapeLine(NamedTuple):
    """One step in the list of steps; `value` is None while it is still to come."""

    step: int
    phase: Phase
    name: str
    value: float | None
    signed: bool


class Known(Here):
    """The numbers at a moment, as seen for one `sample` of the batch or for all (None). `base` is a run to
    compare with: the one that an edited run was made from, or another one."""

    def __init__(
        self, recording: Recording, position: Position, sample: int | None = 0, base: Recording | None = None
    ) -> None:
        super().__init__(recording, position)
        self.sample, self.base = sample, base

    @cached_property
    def sum(self) -> Sum:
        """What the current step adds up."""
        return Sum(self)

    @property
    def elsewhere(self) -> int | None:
        """The sample that the current step is about, where one looks at another one."""
        here = self.sample_here
        return here if self.sample is not None and here != self.sample else None

    def written(self, phase: Phase, value: int) -> int:
        """How many elements of the value's array of that phase are complete at this moment."""
        timeline = self.recording.timeline
        return timeline.written(timeline.sweep_of(phase, value), self.done)

    def data(self, value: int, flat: int) -> float | None:
        """The value of an element, None if it is not computed yet. Leaves are always known."""
        node = self.recording.graph.values[value].node
        if node >= 0:
            phase = self.recording.timeline.phase_of(value)
            if flat >= self.written(phase, value):
                return self._under_way(phase, value, flat)
        # A truth and a whole number are shown as such: a mask, a row, a place, a class.
        return self.recording.trace.number(Element(value, flat))

    def _as_it_is(self, number: float, kind: str, value: int, flat: int) -> float:
        """A number that says of itself whether it is stale."""
        stale = self.recording.trace.stale and self.recording.stale(kind, Element(value, flat))
        return Stale(number) if stale else number

    def grad(self, value: int, flat: int) -> float | None:
        """∂L/∂value[flat], None if the backward pass has not written it yet, or never will."""
        array = self.recording.trace.grad[value]
        if array is None or flat >= self.written(Phase.BACKWARD, value):
            return self._under_way(Phase.BACKWARD, value, flat)
        return self._as_it_is(float(array.item(flat)), "grad", value, flat)

    def new(self, value: int, flat: int) -> float | None:
        """A parameter's number after the update, None if it is still to come."""
        if flat >= self.written(Phase.UPDATE, value):
            return None
        return self.recording.moved_to(Element(value, flat))

    @property
    def averages(self) -> bool:
        """Whether an average of the weights is kept."""
        return self.recording.scenario.training.avg_fn is not None

    def averaged(self, value: int, flat: int) -> float | None:
        """The average of a parameter's weights as it is by now; None where none is kept, or it has not begun."""
        update = self.recording.update
        if flat >= self.written(Phase.UPDATE, value) or update.average is None:
            found = update.average_before(value, flat)
            return None if found is None else float(found[0])
        return self._as_it_is(float(update.averaged(value, flat)[0]), "averaged", value, flat)

    def over_samples(self, value: int, flat: int, phase: Phase) -> Array | None:
        """An element's number in every sample, shape (samples,): its value or (backward) gradient.
        None while one of them is not known, or where it belongs to no sample."""
        samples = self.recording.samples
        if samples.axis(value) is None:
            return None
        over = samples.over(value, flat)
        last = over.base + (samples.count - 1) * over.strides[0]
        known = self.grad(value, last) if phase is Phase.BACKWARD else self.data(value, last)
        if known is None or (self.position.term is not None and self.element == Element(value, last)):
            return None
        array = self.recording.trace.grad[value] if phase is Phase.BACKWARD else self.recording.trace.data[value]
        assert array is not None, "it is known"
        return array.take(over.take(0, samples.count))

    def seen(self, value: int, flat: int, phase: Phase) -> float | None:
        """An element's value, or in the backward pass its gradient, as the screen shows it: where one
        looks at all samples, the mean of the values and the sum of the gradients over them."""
        if self.sample is None and self.recording.samples.axis(value) is not None:
            numbers = self.over_samples(value, flat, phase)
            with np.errstate(all="ignore"):
                if numbers is None:
                    return None
                found = float(numbers.sum() if phase is Phase.BACKWARD else numbers.mean())
            stale = self.recording.stale("grad" if phase is Phase.BACKWARD else "data", Element(value, flat))
            return Stale(found) if stale else found
        return self.grad(value, flat) if phase is Phase.BACKWARD else self.data(value, flat)

    def before(self, phase: Phase, value: int, flat: int) -> float | None:
        """The number of the original run in the place of one that is known and differs from it."""
        if self.base is None:
            return None
        then = Known(self.base, self.position, self.sample)
        read = {Phase.BACKWARD: Known.grad, Phase.UPDATE: Known.new}.get(phase, Known.data)
        old, new = read(then, value, flat), read(self, value, flat)
        return old if old is not None and new is not None and old != new and not (old != old and new != new) else None

    @cached_property
    def old(self) -> float | None:
        """What the current step writes in the run that this one is compared with; None where it is the same."""
        return self.before(self.phase, *self.element) if self.element else None

    def _under_way(self, phase: Phase, value: int, flat: int) -> float | None:
        """The sum so far, if this is the very element that is being added up."""
        here = self.element == Element(value, flat) and self.phase is phase
        return self.sum.so_far if here else None

    @property
    def loss(self) -> float | None:
        return self.data(self.recording.graph.loss.id, 0)

    def tape_line(self, step: int) -> TapeLine:
        """Step number `step` (1 to total) as a line of the tape."""
        sweep, flat = self.recording.timeline.locate(step)
        board = self.recording.board
        if sweep.phase is Phase.BACKWARD:
            return TapeLine(step, sweep.phase, board.gradient(sweep.value, flat), self.grad(sweep.value, flat), True)
        read = self.new if sweep.phase is Phase.UPDATE else self.data
        name = board.element(sweep.value, flat)
        return TapeLine(step, sweep.phase, name, read(sweep.value, flat), sweep.phase is Phase.UPDATE)
