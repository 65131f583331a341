"""Expressions that are watched, and what `info watch` says of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.changes import Change
from gradstep.engine.ask.conditions import Held
from gradstep.engine.ask.query import Answer, Query
from gradstep.engine.ask.scope import Moment, Part
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Position, Sweep


class Watch:
    """An expression that is shown at every stop, and stops the run where it changes: where what it is
    made of is written. Raises CommandError if it cannot be read."""

    def __init__(self, text: str, recording: Recording) -> None:
        self.query, self.recording = Query(text), recording
        value = np.asarray(self.query(Moment.end(recording)).value)
        #: Whether it is one number (or truth), which can be drawn over iterations.
        self.single = value.size == 1 and value.dtype.kind in "fiub"
        #: What a single number was at the end of iterations that were looked at.
        self.seen: dict[int, float] = {}
        self._change = Change(self.query, recording)

    @property
    def text(self) -> str:
        return self.query.text

    def of(self, recording: Recording) -> Watch:
        """The same about another iteration of the same network."""
        if recording is self.recording:
            return self
        other = copy(self)
        other.recording = recording
        return other

    def at(self, position: Position) -> Part:
        """Its value at a moment; one that is not known yet has `known` False."""
        return self.query(Moment.at(self.recording, position))

    def answer(self, position: Position) -> Answer:
        """The same beside its text."""
        return self.query.answer(Moment.at(self.recording, position))

    def wants(self, iteration: int) -> bool:
        """Whether it is to be noted what it is at the end of an iteration."""
        return self.single and iteration not in self.seen

    def note(self, recording: Recording) -> None:
        """Notes what it is at the end of an iteration, where that is known: `previous` is not in the first."""
        part = self.query(Moment.end(recording))
        if part.certain:
            self.seen[recording.iteration] = float(np.asarray(part.value).item())

    def changed(self, position: Position) -> bool:
        """Whether the step that was just done wrote something of it."""
        if not position.step or position.term is not None:
            return False
        sweep, flat = self.recording.timeline.locate(position.step)
        return bool(self.held(sweep, flat, flat + 1).mask[0])

    def held(self, sweep: Sweep, start: int, stop: int) -> Held:
        return Held(self._change.mask(sweep, start, stop))

    def sweeps(self) -> Sequence[Sweep]:
        return [sweep for sweep in self.recording.timeline.sweeps if self._change.writes(sweep)]

    def slice_of(self, sweep: Sweep) -> int:
        return 1 << 20


class Watched(NamedTuple):
    """What is watched, at a moment: each with its value, and whether the step that was just done changed it."""

    answers: tuple[tuple[Answer, bool], ...]

    @classmethod
    def at(cls, watches: Iterable[Watch], position: Position) -> Watched:
        """All of some watches at a position of their iteration."""
        return cls(tuple((w.answer(position), w.changed(position)) for w in watches))

    def lines(self) -> Iterator[str]:
        """For people."""
        if not self.answers:
            yield "nothing is watched"
        for answer, new in self.answers:
            for line in answer.lines():
                yield f"{line}{'   ◂ just changed' if new else ''}"

    def document(self) -> list[dict[str, Any]]:
        """For programs; a value that is not known yet is null."""
        return [{"watch": a.text, "value": a.document(), "changed": new} for a, new in self.answers]
