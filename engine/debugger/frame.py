"""Everything that may be seen at one moment: a pure function of (recording, position).

This is where it is decided what is known yet; what is said about it, and where it comes from, are views of it.
"""

from __future__ import annotations

from functools import cached_property

from gradstep.engine.debugger.desk import Desk
from gradstep.engine.debugger.known import Known
from gradstep.engine.debugger.origin import Origin
from gradstep.engine.debugger.story import Story
from gradstep.engine.history.summaries import Summaries
from gradstep.engine.notation import number
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.timeline import Phase, Position

_EMPTY = Desk()


class Frame(Known):
    """The moment `position` of `recording`: its numbers, its `sum`, its `story` and its `origin`, with the `desk`
    around it. Properties are computed when first looked at."""

    def __init__(
        self,
        recording: Recording,
        position: Position,
        sample: int | None = 0,
        base: Recording | None = None,
        desk: Desk = _EMPTY,
    ) -> None:
        super().__init__(recording, position, sample, base)
        self.desk = desk

    def seen_for(self, sample: int | None) -> Frame:
        """The same moment, looked at in another sample."""
        return self if sample == self.sample else Frame(self.recording, self.position, sample, self.base, self.desk)

    def other(self, digits: int) -> str:
        """`was 0.2000`: the number in the place of this step's, before the edits or in another run; empty where it is
        the same."""
        if self.old is None:
            return ""
        signed = self.phase is Phase.BACKWARD
        return f"{'was' if self.desk.edits else 'there'} {number(self.old, digits, signed)}"

    @cached_property
    def story(self) -> Story:
        """What is said about the current step."""
        return Story(self)

    @cached_property
    def origin(self) -> Origin:
        """Where the number of the current step comes from."""
        return Origin(self, self.story)

    @cached_property
    def summaries(self) -> Summaries | None:
        """The iterations of the training as they are now, also while it goes on; None where there is none."""
        return None if self.desk.history is None else self.desk.history.summaries.view()
