"""Where one is in a training, what stops one there, and what one has changed in it. The only object that changes.

Stepping changes nothing but integers, so every move has an exact inverse and needs no history.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from gradstep.engine.ask.stops import Stop, Tally
from gradstep.engine.ask.watches import Watch
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.debugger import moves
from gradstep.engine.debugger.desk import Desk
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.debugger.here import Here
from gradstep.engine.debugger.log import Log
from gradstep.engine.debugger.runs import Runs
from gradstep.engine.debugger.visited import Visited
from gradstep.engine.errors import CommandError, GoOn, Interrupted
from gradstep.engine.files.stopping import stops_of
from gradstep.engine.history import search
from gradstep.engine.history.history import BUDGET, History
from gradstep.engine.notation import counted
from gradstep.engine.run import moments
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Grain, Position
from gradstep.engine.training.settings import check_iteration


class Move(NamedTuple):
    """How far a move went, and what to say where it met an end."""

    moved: int
    message: str = ""


class Traveller:
    """A person's place in a scenario's training.

    `runs` are the training's iterations, with what was changed in them and what they are compared with; `recording`
    is the one that `position` is in. `sample` is the sample of the batch that is looked at, from 0 on; None: all of
    them together. It is another one only after `look`, whatever sample the current step is about. `stops` are the
    breakpoints and watches, and `stop` is why one stands still. `visited` are the places that one has left, `log`
    what has happened; `thresholds` are those of rules that were asked for last.

    Nothing is assigned before all that can fail, or be interrupted, is done.
    """

    runs: Runs
    recording: Recording
    position: Position
    stop: Stop | None

    def __init__(self, scenario: Scenario, go_on: GoOn | None = None, budget: int = BUDGET) -> None:
        """Opens a scenario; `budget` are the bytes for the past of a training, of this one and of those that are
        opened in its place. Raises as `open` does."""
        self.budget = budget
        self.open(scenario, go_on)

    def open(self, scenario: Scenario, go_on: GoOn | None = None) -> None:
        """Runs a scenario's first iteration, in place of what there was. Raises CommandError if its `start` cannot
        be found, ScenarioError if a breakpoint or watch cannot be read, and Interrupted; and then what there was
        stays."""
        runs = Runs.of(scenario, self.budget, go_on)
        first, begin = runs.history.start, Position(0)
        stops, visited = stops_of(scenario, first), Visited()
        start = begin
        if scenario.start is not None:
            start = moments.find(first.timeline, first.board, begin, str(scenario.start))
        if start != begin:
            visited.leave(begin)
        recording = runs.recording(start.iteration, go_on)
        stops.turn_to(recording)
        runs.look_back(stops.watches, start.iteration, go_on)
        self.runs, self.stops, self.visited, self.log = runs, stops, visited, Log()
        self.thresholds: Mapping[str, float] = {}
        self.sample: int | None = Here(recording, start).sample_here or 0
        self._rest(recording, start)

    @property
    def history(self) -> History:
        """All iterations of the training, with all edits."""
        return self.runs.history

    @property
    def edits(self) -> tuple[Edit, ...]:
        """What one has changed, in the order in which it was."""
        return self.runs.edits

    @property
    def base(self) -> Recording:
        """The iteration one is in, without edits."""
        return self.runs.base(self.recording)

    # What is seen --------------------------------------------------------------------------------

    def frame(self) -> Frame:
        """Everything that may be seen now."""
        return self.frame_at(self.position)

    def frame_at(self, position: Position) -> Frame:
        """What may be seen at another moment of this iteration; one stays where one is."""
        runs, stops = self.runs, self.stops
        desk = Desk(
            tuple(stops.breakpoints), tuple(stops.watches), self.log, self.stop, runs.edits, runs.history,
            runs.compared, runs.last,
        )  # fmt: skip
        return Frame(self.recording, position, self.sample, runs.other(self.recording.iteration), desk)

    def look(self, sample: int | None, along: bool = True) -> None:
        """Looks at another sample, or at all (None), and goes `along`: to the step that does there what the current
        one does here. Raises CommandError where there is no such sample."""
        samples, element = self.recording.samples, self.frame().element
        if not samples.count:
            raise CommandError("there is no sample: the batch is empty")
        if sample is not None and not 0 <= sample < samples.count:
            raise CommandError(f"there is no sample {sample}; they go from 0 to {samples.count - 1}")
        self.sample = sample
        if along and sample is not None and element is not None:
            there = samples.moved(element.value, element.flat, sample)
            self.go_to(self.position._replace(step=self.position.step + there - element.flat))

    # Going ---------------------------------------------------------------------------------------

    def go_to(self, position: Position, go_on: GoOn | None = None, alone: bool = False) -> None:
        """Goes to a place, whose iteration is made or computed again first; and so is, unless one goes `alone`, the
        one to compare it with. Raises Interrupted, and then stays."""
        recording = self.recording
        if position.iteration != recording.iteration:
            recording = self.runs.recording(position.iteration, go_on, alone)
            self.runs.look_back(self.stops.watches, position.iteration, go_on)
            self.stops.turn_to(recording)
        self._rest(recording, position)

    def _rest(self, recording: Recording, position: Position) -> None:
        self.recording, self.position, self.stop = recording, moves.fitting(recording, position), None

    def step(self, grain: Grain, count: int = 1, go_on: GoOn | None = None) -> Move:
        """`count` moves of one grain onward in time, or back for a negative count. Raises Interrupted, and then
        stays.

        A move comes to rest at the nearest place of its grain strictly later (or earlier), so from
        such a place every move is undone exactly by its inverse. Time is one axis through all iterations
        that are made; at its ends nothing wraps round, and only `iterate` goes on beyond.
        """
        if grain is Grain.ITERATION:
            return self._iterate(count, go_on)
        forward, made = count > 0, self.history.made
        recording, here, moved = self.recording, self.position, 0
        while moved < abs(count):
            if go_on is not None and moved and not go_on(moved / abs(count)):
                raise Interrupted
            left = abs(count) - moved
            there, some = moves.move(recording, here, grain, left if forward else -left, made)
            if there.iteration != here.iteration:
                recording = self.history.recording(there.iteration, go_on)
            here, moved = there, moved + some
            if not some:
                break
        message = moves.end(recording, forward) if moved < abs(count) else ""
        if moved:
            self.go_to(here, go_on)
        return Move(moved, message)

    def _iterate(self, count: int, go_on: GoOn | None) -> Move:
        """To the same moment of a later iteration, or an earlier one; from the end of one to the beginning of
        the next."""
        step, term, here = self.position
        if count > 0 and step == self.recording.timeline.total and term is None:
            step = 0
        there = max(here + count, 1)
        if there == here:
            return Move(0, "This is the first iteration.")
        check_iteration(there)
        self.go_to(Position(step, term, there), go_on)
        return Move(abs(there - here))

    def finish(self) -> Move:
        """To the end of the sum that is under way."""
        if self.position.term is None:
            return Move(0, "This step is complete.")
        self.go_to(self.position._replace(term=None))
        return Move(1)

    def restart(self) -> Move:
        """To the first term of the current step's sum."""
        if not self.position.step:
            return Move(0, moves.end(self.recording, False))
        first = moves.first_term(self.recording, self.position)
        if first == self.position:
            return Move(0, "This is the first term." if first.term else "This step is a single term.")
        self.go_to(first)
        return Move(1)

    def goto(self, text: str, go_on: GoOn | None = None) -> None:
        """Travels to a moment: see `moments.find`, or to a bookmark. Raises CommandError and Interrupted, and then
        stays."""
        there = self.visited.bookmarks.get(text.strip())
        if there is None:
            time, board = self.recording.timeline, self.recording.board
            there = moments.find(time, board, self.position, text, self.history.made)
        self.jump(there, go_on)

    def jump(self, position: Position, go_on: GoOn | None = None, alone: bool = False) -> None:
        """Travels to a place, and remembers the one that is left. Raises Interrupted, and then stays."""
        before = self.position
        self.go_to(position, go_on, alone)
        if position != before:
            self.visited.leave(before)

    def revisit(self, back: bool, go_on: GoOn | None = None) -> Move:
        """To the place one has been before the last jump; or, not `back`, the other way again. Raises Interrupted,
        and then stays."""
        there, before = self.visited.nearest(back), self.position
        if there is None:
            return Move(0, "There is no earlier place." if back else "There is no later place.")
        self.go_to(there, go_on)
        self.visited.revisit(back, before)
        return Move(1)

    # Stops ---------------------------------------------------------------------------------------

    def run(self, forward: bool, go_on: GoOn | None = None) -> Stop:
        """To the next (or previous) place at which a breakpoint or a watch stops, through all iterations, or
        to the end. Raises Interrupted where `go_on` says so, and then nothing has moved; if that was while
        iterations were made, it rests at the end of the last one instead."""
        if forward:
            return self._run_to(self.position, self.runs.last, Tally(self.stops), go_on)
        tally = Tally(self.stops)
        for recording, found in search.back(self.history, tally.wanted, self.position, go_on):
            stop = tally.met(recording, found)
            if stop is not None:
                return self._stopped(found.position, stop, tally, go_on)
        return self._stopped(Position(0), Stop("start", None, "the beginning"), tally, go_on)

    def train(self, to: int, go_on: GoOn | None = None) -> Stop:
        """Goes on from where one is in the last iteration that is made, or else from its end, to the end of
        iteration `to` or to where a breakpoint stops; watches do not stop it. Stopped by `go_on`, it rests at
        the end of the last that is made. Raises CommandError where that is made already."""
        check_iteration(to)
        made, trained = self.history.made, self.runs.trained(self.position)
        if trained >= to:
            raise CommandError(f"{counted(made, 'iteration')} made already; say how many more, as in train 100")
        start = self.position if trained < made else Position(self.recording.timeline.total, None, made)
        return self._run_to(start, to, Tally(self.stops, watches=False), go_on)

    def _run_to(self, start: Position, to: int, tally: Tally, go_on: GoOn | None) -> Stop:
        """Onward from a place to a stop, or to the end of an iteration."""
        total = self.recording.timeline.total
        try:
            for recording, found in search.onward(self.history, tally.wanted, start, to, go_on):
                stop = tally.met(recording, found)
                if stop is not None:
                    return self._stopped(found.position, stop, tally, go_on)
        except search.Paused:
            made = self.history.made
            stop = Stop("interrupted", None, f"stopped after iteration {made:,}; all up to there is kept")
            return self._stopped(Position(total, None, made), stop, tally, go_on)
        end = "the end of the iteration" if to == 1 else f"the end of iteration {to:,}"
        return self._stopped(Position(total, None, to), Stop("end", None, end), tally, go_on)

    def _stopped(self, position: Position, stop: Stop, tally: Tally, go_on: GoOn | None) -> Stop:
        try:
            self.jump(position, go_on)
        except Interrupted:
            # What was looked for is found; only what it is compared with has not come so far, and is not waited for.
            self.jump(position, alone=True)
        tally.count()
        self.stop = stop
        self.log.say(tally.noted)
        if stop.reason in ("breakpoint", "watch"):
            number = f" {stop.breakpoint}" if stop.breakpoint is not None else ""
            self.log.note(position, f"{stop.reason}{number}: {stop.told}")
        return stop

    def watch(self, text: str, go_on: GoOn | None = None) -> Watch:
        """Shows an expression at every stop from now on. Raises CommandError if it cannot be read, and
        Interrupted."""
        stops = self.stops.watched(text, self.recording)
        self.runs.look_back(stops.watches, self.recording.iteration, go_on)
        self.stops = stops
        return stops.watches[-1]

    # What-if -------------------------------------------------------------------------------------

    def enter(self, runs: Runs, go_on: GoOn | None = None) -> None:
        """Goes on with other edits, at the same place. Raises CommandError where a breakpoint or watch can no
        longer be read, and Interrupted; and then nothing has changed."""
        recording = runs.recording(self.position.iteration, go_on)
        stops = self.stops.renewed(recording)
        runs.look_back(stops.watches, recording.iteration, go_on)
        self.runs, self.stops = runs, stops
        self._rest(recording, self.position)
