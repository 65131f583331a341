"""The session: where one is in a recording. The only object that changes.

The screen, the command line and scripts all drive this; stepping changes nothing but integers, so
every move has an exact inverse and needs no history.
"""

from __future__ import annotations

from typing import NamedTuple

from gradstep.engine import where
from gradstep.engine.errors import CommandError
from gradstep.engine.explain import segments_at
from gradstep.engine.frame import Frame
from gradstep.engine.notation import number
from gradstep.engine.recording import Recording, record
from gradstep.engine.scenario import Scenario
from gradstep.engine.terms import total
from gradstep.engine.timeline import Grain, Phase, Position


class Move(NamedTuple):
    """How far a move went, and what to say where it met an end."""

    moved: int
    message: str = ""


class Session:
    """A person's place in a scenario's run."""

    def __init__(self, scenario: Scenario) -> None:
        """Runs the scenario. Raises CommandError if its `start` cannot be found."""
        self.recording: Recording = record(scenario)
        self._position = Position(0)
        self._sample: int | None = 0
        if scenario.start is not None:
            self.goto(str(scenario.start))

    @property
    def position(self) -> Position:
        return self._position

    @position.setter
    def position(self, position: Position) -> None:
        self._position = position
        here = Frame(self.recording, position).sample_here
        if self._sample is not None and here is not None:
            self._sample = here

    @property
    def sample(self) -> int | None:
        """The sample of the batch that is looked at, from 0 on: the one that the current step is
        about, or was about last. None: all of them together."""
        return self._sample

    def look(self, sample: int | None) -> None:
        """Looks at another sample, or at all (None), and goes to the step that does there what the
        current one does here. Raises CommandError where there is no such sample."""
        count = self.recording.samples.count
        if sample is not None and not 0 <= sample < count:
            raise CommandError(f"there is no sample {sample}; they go from 0 to {count - 1}")
        self._sample = sample
        element = self.frame().element
        if sample is not None and element is not None:
            there = self.recording.samples.moved(element.value, element.flat, sample)
            self.position = self.position._replace(step=self.position.step + there - element.flat)

    def frame(self) -> Frame:
        """Everything that may be seen now."""
        return Frame(self.recording, self.position, self._sample)

    def frame_at(self, position: Position) -> Frame:
        """What may be seen at another moment; the session stays where it is."""
        return Frame(self.recording, position, self._sample)

    def step(self, grain: Grain, count: int = 1) -> Move:
        """`count` moves of one grain onward in time, or back for a negative count.

        A move comes to rest at the nearest place of its grain strictly later (or earlier), so from
        such a place every move is undone exactly by its inverse. Nothing wraps round at the ends.
        """
        forward, moved = count > 0, 0
        for _ in range(abs(count)):
            found = self._neighbour(grain, forward)
            if found is None:
                return Move(moved, self._end_message(forward))
            self.position = found
            moved += 1
        return Move(moved)

    def _neighbour(self, grain: Grain, forward: bool) -> Position | None:
        here = self.position
        if grain is Grain.TERM:
            return self._next_term() if forward else self._previous_term()
        found = self.recording.timeline.neighbour(grain, here.step, here.term is not None, forward)
        return None if found is None else Position(found)

    def _next_term(self) -> Position | None:
        step, term = self.position.step, self.position.term
        if term is None:
            step, term = step + 1, 0
        if step > self.recording.timeline.total:
            return None
        # The last term completes the step, so that "whole" and "all terms in" are one place.
        return Position(step, term + 1) if term + 1 < self._terms_at(step) else Position(step)

    def _previous_term(self) -> Position | None:
        step, term = self.position.step, self.position.term
        if step == 0:
            return None
        before = (term if term is not None else max(self._terms_at(step), 1)) - 1
        return Position(step, before) if before else Position(step - 1)

    def _terms_at(self, step: int) -> int:
        return total(segments_at(self.recording.trace, self.recording.timeline, step))

    def finish(self) -> Move:
        """To the end of the sum that is under way."""
        if self.position.term is None:
            return Move(0, "This step is complete.")
        self.position = Position(self.position.step)
        return Move(1)

    def restart(self) -> Move:
        """To the first term of the current step's sum."""
        step = self.position.step
        if not step:
            return Move(0, self._end_message(False))
        first = Position(step, 1) if self._terms_at(step) > 1 else Position(step)
        if first == self.position:
            return Move(0, "This is the first term." if first.term else "This step is a single term.")
        self.position = first
        return Move(1)

    def goto(self, text: str) -> None:
        """Travels to a moment: see `where.find`. Raises CommandError, and then stays."""
        self.position = where.find(self.recording.timeline, self.recording.board, self.position, text)

    def _end_message(self, forward: bool) -> str:
        if not forward:
            return "This is the beginning."
        recording = self.recording
        before = number(recording.trace.loss)
        if recording.timeline.span(Phase.UPDATE)[0] == recording.timeline.total:
            return f"End of iteration 1: loss {before}. There are no parameters to update."
        after = recording.next_loss()
        rose = " The loss rose: the learning rate may be too large." if after > recording.trace.loss else ""
        return f"End of iteration 1: loss {before} → {number(after)}.{rose}"
