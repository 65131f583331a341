"""The training that one is in, with what one has changed in it, and the one that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gradstep.engine.ask.watches import Watch
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.errors import GoOn
from gradstep.engine.history import series
from gradstep.engine.history.history import History
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Position

if TYPE_CHECKING:
    from gradstep.engine.debugger.trial import Trial


class Runs(NamedTuple):
    """`original` are the iterations as the scenario has them, `history` those with all `edits`; `undone` are the
    edits that were taken back, the latest last. `beside` is another training with the same steps, to compare with.
    `tried` is what came of advice that was tried, by the kind and the place of its finding.

    A value: what would change it gives another one, so that whatever fails or is interrupted has changed nothing.
    """

    original: History
    history: History
    edits: tuple[Edit, ...] = ()
    undone: tuple[Edit, ...] = ()
    beside: History | None = None
    tried: Mapping[tuple[str, str], tuple[Trial, ...]] = {}

    @classmethod
    def of(cls, scenario: Scenario, budget: int, go_on: GoOn | None = None) -> Runs:
        """A scenario's first iteration; `budget` are the bytes for the past of each training. Raises Interrupted."""
        history = History(scenario, budget, go_on)
        beside = None if scenario.against is None else History(scenario.against, budget, go_on)
        return cls(history, history, beside=beside)

    def with_edits(self, edits: Sequence[Edit], undone: Sequence[Edit] = (), go_on: GoOn | None = None) -> Runs:
        """The same with other edits. Raises CommandError where one cannot be made, and Interrupted."""
        by_iteration: dict[int, list[Edit]] = {}
        for edit in edits:
            by_iteration.setdefault(edit.iteration, []).append(edit)
        history = self.history.with_edits(by_iteration, go_on)
        return self._replace(history=history, edits=tuple(edits), undone=tuple(undone), tried={})

    @property
    def last(self) -> int:
        """The iteration with which the training ends: the scenario's last, or one beyond that was made."""
        return max(self.original.scenario.training.steps, self.history.made)

    @property
    def compared(self) -> History | None:
        """What the numbers are compared with: another training, else this one without edits, if there are any."""
        return self.beside or (self.original if self.edits else None)

    def recording(self, iteration: int, go_on: GoOn | None = None, alone: bool = False) -> Recording:
        """An iteration with all edits; it is made or computed again, and so is what it is compared with, unless it
        is wanted `alone`. Raises Interrupted."""
        found = self.history.recording(iteration, go_on)
        for other in (self.beside, self.original if self.edits else None):
            if other is not None and not alone:
                other.recording(iteration, go_on)
        return found

    def base(self, recording: Recording) -> Recording:
        """The same iteration as a recording without edits."""
        return self.original.recording(recording.iteration) if self.edits else recording

    def other(self, iteration: int) -> Recording | None:
        """The iteration that one is compared with; None where there is none, or it has not come so far."""
        found = self.compared
        return None if found is None or found.made < iteration else found.recording(iteration)

    def trained(self, here: Position) -> int:
        """How many iterations are behind one who stands in the last that is made; seen from an earlier one, all."""
        history = self.history
        inside = here.iteration == history.made and here.step < history.start.timeline.total
        return history.made - inside

    def look_back(self, watches: Sequence[Watch], iteration: int, go_on: GoOn | None = None) -> None:
        """Notes what is watched over the iterations: see `series.look_back`. Raises Interrupted."""
        series.look_back(self.history, watches, iteration, go_on)
