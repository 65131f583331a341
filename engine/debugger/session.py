"""The session: where one is in a recording, what stops one there, and what one has changed in it.
The only object that changes.

The screen, the command line and scripts all drive this; stepping changes nothing but integers, so
every move has an exact inverse and needs no history.
"""

from __future__ import annotations

import re
from functools import partial
from typing import NamedTuple

from gradstep.engine.ask import whatif
from gradstep.engine.ask.comparison import Comparison, alike, compare
from gradstep.engine.ask.conditions import Condition
from gradstep.engine.ask.search import search
from gradstep.engine.ask.stops import Noted, Stop
from gradstep.engine.ask.watches import Watch
from gradstep.engine.ask.whatif import Edit
from gradstep.engine.debugger.desk import Desk
from gradstep.engine.debugger.frame import Frame
from gradstep.engine.errors import CommandError, GoOn, nearest
from gradstep.engine.explain import nonfinite, zeros
from gradstep.engine.files.stopping import stops_of
from gradstep.engine.history import search as across
from gradstep.engine.history.history import BUDGET, History
from gradstep.engine.history.mover import mover
from gradstep.engine.notation import counted, number
from gradstep.engine.run import moments
from gradstep.engine.run.reading import segments_at
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.terms import total
from gradstep.engine.run.timeline import Grain, Phase, Position

#: In so many iterations a watched number is looked at, if a network has no more bytes.
_LOOKS, _CHEAP = 40, 1 << 18
#: So many places are remembered to come back to.
_REMEMBERED = 200


class Move(NamedTuple):
    """How far a move went, and what to say where it met an end."""

    moved: int
    message: str = ""


class When(NamedTuple):
    """The step at which something became true, and what to look at next."""

    step: int
    text: str


class Session:
    """A person's place in a scenario's training.

    `history` are its iterations with all edits, `original` as the scenario has them; `recording` and `base`
    are the iteration one is in, in the one and the other. `visited` are the places that one has left by a
    jump; `marks` those that one has given a name. `said` is what log points noted in the last run.
    `against` is another run with the same steps, to compare with.
    """

    def __init__(self, scenario: Scenario, go_on: GoOn | None = None, budget: int = BUDGET) -> None:
        """Runs the scenario's first iteration; `budget` are the bytes for the past of its training. Raises
        CommandError if its `start` cannot be found, and ScenarioError if a breakpoint or watch cannot be read."""
        self.history = self.original = History(scenario, budget, go_on)
        self.recording: Recording = self.history.recording(1)
        self._position = Position(0)
        self._sample: int | None = 0
        self.stops = stops_of(scenario, self.recording)
        self.stop: Stop | None = None
        self.log: list[Noted] = []
        self.said: tuple[Noted, ...] = ()
        self.edits: list[Edit] = []
        self._undone: list[Edit] = []
        self.visited: list[Position] = []
        self._ahead: list[Position] = []
        self.marks: dict[str, Position] = {}
        self.beside: History | None = None
        if scenario.against is not None:
            self.beside = History(scenario.against, budget)
        if scenario.start is not None:
            self.goto(str(scenario.start), go_on)

    @property
    def base(self) -> Recording:
        """The iteration one is in, without edits."""
        return self.recording if not self.edits else self.original.recording(self.position.iteration)

    @property
    def against(self) -> Recording | None:
        """The same iteration of the run that this one is compared with."""
        return None if self.beside is None else self.beside.recording(self.position.iteration)

    @property
    def last(self) -> int:
        """The iteration with which the training ends: the scenario's last, or one beyond that was made."""
        return max(self.recording.scenario.training.steps, self.history.made)

    @property
    def position(self) -> Position:
        return self._position

    @position.setter
    def position(self, position: Position) -> None:
        self._go(position)

    def _go(self, position: Position, go_on: GoOn | None = None) -> None:
        """Goes to a place, whose iteration is made or computed again first. Raises Interrupted, and then
        stays."""
        recording = self.recording
        if position.iteration != recording.iteration or self._position.iteration != position.iteration:
            recording = self.history.recording(position.iteration, go_on)
            for other in (self.beside, self.original if self.edits else None):
                if other is not None:
                    other.recording(position.iteration, go_on)
        self._enter(recording)
        self._position = position
        self.stop = None
        here = Frame(self.recording, position).sample_here
        if self._sample is not None and here is not None:
            self._sample = here

    def _enter(self, recording: Recording) -> None:
        """What stops one and what is watched is from now on about this iteration."""
        if recording is not self.recording:
            self.stops.turn_to(recording)
            self.recording = recording
            self._look_back()

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
        return self.frame_at(self.position)

    def frame_at(self, position: Position) -> Frame:
        """What may be seen at another moment; the session stays where it is."""
        desk = Desk(
            tuple(self.stops.breakpoints), tuple(self.stops.watches), self.log, self.stop, tuple(self.edits),
            self.history, self.beside or (self.original if self.edits else None), self.last,
        )  # fmt: skip
        other = self.against or (self.base if self.edits else None)
        return Frame(self.recording, position, self._sample, other, desk)

    def step(self, grain: Grain, count: int = 1, go_on: GoOn | None = None) -> Move:
        """`count` moves of one grain onward in time, or back for a negative count.

        A move comes to rest at the nearest place of its grain strictly later (or earlier), so from
        such a place every move is undone exactly by its inverse. Time is one axis through all iterations
        that are made; at its ends nothing wraps round, and only `iterate` goes on beyond.
        """
        if grain is Grain.ITERATION:
            return self._iterate(count, go_on)
        forward, moved = count > 0, 0
        for _ in range(abs(count)):
            found = self._neighbour(grain, forward) or self._across(forward)
            if found is None:
                return Move(moved, self._end_message(forward))
            self._go(found, go_on)
            moved += 1
        return Move(moved)

    def _neighbour(self, grain: Grain, forward: bool) -> Position | None:
        here = self.position
        if grain is Grain.TERM:
            return self._next_term() if forward else self._previous_term()
        found = self.recording.timeline.neighbour(grain, here.step, here.term is not None, forward)
        return None if found is None else Position(found, None, here.iteration)

    def _across(self, forward: bool) -> Position | None:
        """From the end of an iteration to the beginning of the next, if that is made; or the other way."""
        here = self.position.iteration
        if forward:
            return Position(0, None, here + 1) if here < self.history.made else None
        return Position(self.recording.timeline.total, None, here - 1) if here > 1 else None

    def _iterate(self, count: int, go_on: GoOn | None) -> Move:
        """To the same moment of a later iteration, or an earlier one; from the end of one to the beginning of
        the next."""
        step, term, here = self.position
        if count > 0 and step == self.recording.timeline.total and term is None:
            step = 0
        there = max(here + count, 1)
        if there == here:
            return Move(0, "This is the first iteration.")
        self._go(Position(step, term, there), go_on)
        return Move(abs(there - here))

    @property
    def trained(self) -> int:
        """How many iterations are behind one who stands in the last that is made; seen from an earlier one, all."""
        inside = self.position.iteration == self.history.made and self.position.step < self.recording.timeline.total
        return self.history.made - inside

    def train(self, to: int, go_on: GoOn | None = None) -> Stop:
        """Goes on from where one is in the last iteration that is made, or else from its end, to the end of
        iteration `to` or to where a breakpoint stops; watches do not stop it. Stopped by `go_on`, it rests at
        the end of the last that is made."""
        made, trained = self.history.made, self.trained
        if trained >= to:
            raise CommandError(f"{counted(made, 'iteration')} made already; say how many more, as in train 100")
        start = self.position if trained < made else Position(self.recording.timeline.total, None, made)
        return self._run_to(start, to, watches=False, go_on=go_on)

    def _next_term(self) -> Position | None:
        step, term, iteration = self.position
        if term is None:
            step, term = step + 1, 0
        if step > self.recording.timeline.total:
            return None
        # The last term completes the step, so that "whole" and "all terms in" are one place.
        return Position(step, term + 1 if term + 1 < self._terms_at(step) else None, iteration)

    def _previous_term(self) -> Position | None:
        step, term, iteration = self.position
        if step == 0:
            return None
        before = (term if term is not None else max(self._terms_at(step), 1)) - 1
        return Position(step, before, iteration) if before else Position(step - 1, None, iteration)

    def _terms_at(self, step: int) -> int:
        """How many terms a step adds up, or of how many lines the rule of an update is."""
        if self.recording.timeline.phase_at(step) is Phase.UPDATE:
            return len(self.recording.update.lines)
        return total(segments_at(self.recording.trace, self.recording.timeline, step))

    def finish(self) -> Move:
        """To the end of the sum that is under way."""
        if self.position.term is None:
            return Move(0, "This step is complete.")
        self.position = self.position._replace(term=None)
        return Move(1)

    def restart(self) -> Move:
        """To the first term of the current step's sum."""
        step = self.position.step
        if not step:
            return Move(0, self._end_message(False))
        first = self.position._replace(term=1 if self._terms_at(step) > 1 else None)
        if first == self.position:
            return Move(0, "This is the first term." if first.term else "This step is a single term.")
        self.position = first
        return Move(1)

    def goto(self, text: str, go_on: GoOn | None = None) -> None:
        """Travels to a moment: see `where.find`. Raises CommandError and Interrupted, and then stays."""
        if text.strip() in self.marks:
            self._jump(self.marks[text.strip()], go_on)
            return
        recording = self.recording
        self._jump(moments.find(recording.timeline, recording.board, self.position, text, self.history.made), go_on)

    def _jump(self, position: Position, go_on: GoOn | None = None) -> None:
        """Travels to a place, and remembers the one that is left."""
        before = self.position
        self._go(position, go_on)
        if position != before:
            self.visited.append(before)
            del self.visited[:-_REMEMBERED]
            self._ahead.clear()

    def revisit(self, back: bool, go_on: GoOn | None = None) -> Move:
        """To the place one has been before the last jump; or, not `back`, the other way again. Raises Interrupted,
        and then stays."""
        source, other = (self.visited, self._ahead) if back else (self._ahead, self.visited)
        if not source:
            return Move(0, "There is no earlier place." if back else "There is no later place.")
        before = self.position
        self._go(source[-1], go_on)
        source.pop()
        other.append(before)
        return Move(1)

    # Stops ---------------------------------------------------------------------------------------

    def run(self, forward: bool, go_on: GoOn | None = None) -> Stop:
        """To the next (or previous) place at which a breakpoint or a watch stops, through all iterations, or
        to the end. Raises Interrupted where `go_on` says so, and then nothing has moved; if that was while
        iterations were made, it rests at the end of the last one instead."""
        if forward:
            return self._run_to(self.position, self.last, go_on=go_on)
        noted: list[Noted] = []
        armed, wanted = self.stops.armed, self.stops.wanted()
        for recording, found in across.back(self.history, wanted, self.position, go_on):
            stop = self.stops.met(recording, found, armed, partial(_note, noted))
            if stop is not None:
                return self._stopped(found.position, stop, noted)
        return self._stopped(Position(0), Stop("start", None, "the beginning"), noted)

    def _run_to(self, start: Position, to: int, watches: bool = True, go_on: GoOn | None = None) -> Stop:
        """Onward from a place to a stop, or to the end of an iteration."""
        noted: list[Noted] = []
        armed, wanted = self.stops.armed, self.stops.wanted(watches)
        total = self.recording.timeline.total
        try:
            for recording, found in across.onward(self.history, wanted, start, to, go_on):
                stop = self.stops.met(recording, found, armed, partial(_note, noted))
                if stop is not None:
                    return self._stopped(found.position, stop, noted)
        except across.Paused:
            made = self.history.made
            stop = Stop("interrupted", None, f"stopped after iteration {made:,}; all up to there is kept")
            return self._stopped(Position(total, None, made), stop, noted)
        end = "the end of the iteration" if to == 1 else f"the end of iteration {to:,}"
        return self._stopped(Position(total, None, to), Stop("end", None, end), noted)

    def _stopped(self, position: Position, stop: Stop, noted: list[Noted]) -> Stop:
        self._jump(position)
        self.stop = stop
        self.said = tuple(noted)
        self.log += noted
        if stop.reason in ("breakpoint", "watch"):
            number = f" {stop.breakpoint}" if stop.breakpoint is not None else ""
            self.note(f"{stop.reason}{number}: {stop.text}")
        return stop

    def watch(self, text: str) -> Watch:
        """Shows an expression at every stop from now on. Raises CommandError if it cannot be read."""
        found = Watch(text, self.recording)
        self.stops.watches = [w for w in self.stops.watches if w.text != found.text] + [found]
        self._look_back()
        return found

    def _look_back(self) -> None:
        """Notes what is watched at the end of some iterations, evenly spread, and of this one: to be drawn over
        time. Of a large network only of those that one visits."""
        history, made = self.history, self.history.made
        if made < 2 or not self.stops.watches:
            return
        cheap = history.cost <= _CHEAP
        for k in {*(range(1, made + 1, -(-made // _LOOKS)) if cheap else ()), self.recording.iteration}:
            for watch in self.stops.watches:
                if watch.wants(k):
                    watch.note(history.recording(k))

    def unwatch(self, text: str) -> None:
        """No longer. Raises CommandError if it is not watched."""
        kept = [w for w in self.stops.watches if w.text != text.strip()]
        if len(kept) == len(self.stops.watches):
            raise CommandError(f"'{text}' is not watched{nearest(text, [w.text for w in kept])}")
        self.stops.watches = kept

    def open(self, scenario: Scenario, go_on: GoOn | None = None) -> None:
        """Another scenario in place of this one. Raises CommandError, and then this one stays."""
        self.__dict__.update(Session(scenario, go_on, self.history.budget).__dict__)

    def diff(self, scenario: Scenario, go_on: GoOn | None = None) -> Comparison:
        """Compares with the run of another scenario. If it takes the same steps, the screen shows its
        numbers beside these from now on."""
        other = History(scenario, self.history.budget, go_on)
        there = other.recording(self.position.iteration, go_on)
        found = compare(self.recording, there)
        self.beside = other if alike(self.recording, there) else None
        self.note(f"diff {scenario.name}: {found.differing:,} of {found.compared:,} numbers differ")
        return found

    def note(self, text: str) -> None:
        """Writes a line into the log."""
        self.log.append(Noted(self.position.step, text, self.position.iteration))

    def when(self, text: str, go_on: GoOn | None = None) -> When:
        """Back to the step at which a condition became true: at which it holds, and the one before did not;
        through all iterations in a row in which it holds somewhere to the first of them. Raises
        CommandError where it was not true so far, and Interrupted; and then stays."""
        condition = Condition(text, self.recording)
        here = (
            self.position._replace(step=self.position.step + 1, term=1) if self.position.term is None else self.position
        )
        latest = self._latest(condition, here, go_on)
        if latest is None:
            latest = self._of_the_sum(condition)
            if latest is None:
                raise CommandError(f"'{text}' was not true at any step up to here{self._never(condition, go_on)}")
            about = f"'{text}' was never true; but of the sum into the same neuron it is, since step {latest.step:,}. "
        else:
            moments = f"in iteration {latest.iteration:,}, at step" if self.history.made > 1 else "at step"
            about = f"'{text}' became true {moments} {latest.step:,}. "
        self._jump(latest, go_on)
        self.note(f"when {text}: step {latest.step:,}")
        return When(latest.step, about + self._suspect(latest.iteration > 1))

    def _latest(self, condition: Condition, here: Position, go_on: GoOn | None) -> Position | None:
        """Where a condition became true that holds now, or held last: from the latest step in a row, or, where
        that is no longer in the first iteration, from the latest iteration in a row."""
        found: Position | None = None
        for recording, place in across.back(self.history, [condition], here, go_on):
            step = place.position.step
            if found is not None and (recording.iteration != found.iteration or step != found.step - 1):
                break
            found = Position(step, None, recording.iteration)
        if found is None:
            return None
        began = across.began(self.history, condition, found.iteration, go_on)
        if began > 1 or found.iteration > 1:
            # It did not hold anywhere in the iteration before, so it began with the first place in this one.
            first = across.first_in(self.history.recording(began, go_on), [condition])
            assert first is not None, "it holds somewhere in that iteration"
            return Position(first.position.step, None, began)
        return found

    def _of_the_sum(self, condition: Condition) -> Position | None:
        """Where a condition about the gradient of a neuron's output holds for its sum instead: people
        who ask for the gradient of h₂ mean the neuron, and its gate stands between the two."""
        board = self.recording.board
        text, changed = condition.text, False
        for layer in board.layers:
            if layer.pre >= 0:
                output, pre = (self.recording.graph.values[v].name for v in (layer.output, layer.pre))
                renamed = re.sub(rf"(?<![\w.]){re.escape(output)}(?=\.grad)", pre, text)
                text, changed = renamed, changed or renamed != text
        if not changed:
            return None
        other = Condition(text, self.recording)
        found = next(iter(search(self.recording, [other], Position(self.position.step + 1, 1), False)), None)
        return None if found is None else found.position._replace(term=None)

    def _never(self, condition: Condition, go_on: GoOn | None) -> str:
        made = self.history.made
        later = next(across.onward(self.history, [condition], self.position, made, go_on), None)
        if later is None:
            return f"; it never is in {'this iteration' if made == 1 else f'the {made:,} iterations that are made'}"
        at = later[1].position
        moments = f"in iteration {at.iteration:,}, " if at.iteration != self.position.iteration else ""
        return f"; it will be {moments}at step {at.step:,}"

    def _suspect(self, by_update: bool = False) -> str:
        """What to look at next from here; `by_update`: it was not so in the iteration before."""
        frame = self.frame()
        if by_update and frame.phase in (Phase.FORWARD, Phase.LOSS) and frame.element is not None:
            moved = mover(self.history, frame.element, frame.position.iteration)
            if moved is not None:
                return f"The next suspect: the update at the end of iteration {moved.iteration:,}, {moved.text}."
        element = frame.element
        assert element is not None, "a condition holds at steps, and the beginning is none"
        if frame.story.trouble is not None:
            began = nonfinite.origin(self.recording, frame.story.trouble)
            moments = "here" if began.step == frame.step else f"at step {began.step:,}"
            return f"The next suspect: {began.blame.cause.value}, {moments}."
        if frame.phase is Phase.BACKWARD:
            zero = zeros.reason(self.recording, element)
            if zero is not None:
                step = self.recording.timeline.step_of(Phase.BACKWARD, *zero.element) or frame.step
                moments = (
                    "here"
                    if step == frame.step
                    else f"at step {step:,}, {self.recording.board.gradient(*zero.element)}"
                )
                return f"The next suspect: {zero.reason.value}, {moments}."
            if frame.sum.terms is not None and len(frame.sum.terms):
                k = int(abs(frame.sum.terms.contribution).argmax())
                via = self.recording.board.gradient(int(frame.sum.terms.via_value[k]), int(frame.sum.terms.via[k]))
                return f"The next suspect: {via}, which brings the largest part."
        if frame.origin.live:
            source = max(frame.origin.live, key=lambda link: abs(link.amount)).source
            return f"The next suspect: {self.recording.board.element(*source)}, which enters it."
        return ""

    # What-if -------------------------------------------------------------------------------------

    def edit(self, text: str, go_on: GoOn | None = None) -> Edit:
        """Sets something to another number, and computes again what depends on it. The place stays
        the same. Raises CommandError, and then nothing has changed."""
        edit = whatif.read_edit(self.recording, text)
        self._apply([*self.edits, edit], go_on)
        self._undone.clear()
        self.note(f"set {edit.text}: loss {self._losses()}")
        return edit

    def undo(self, go_on: GoOn | None = None) -> Edit:
        """Takes the last edit back. Raises CommandError if there is none."""
        if not self.edits:
            raise CommandError("there is no edit to undo")
        edit = self.edits[-1]
        self._apply(self.edits[:-1], go_on)
        self._undone.append(edit)
        self.note(f"undo {edit.text}")
        return edit

    def redo(self, go_on: GoOn | None = None) -> Edit:
        """Makes the edit that was undone last once more. Raises CommandError if there is none."""
        if not self._undone:
            raise CommandError("there is no edit to redo")
        edit = self._undone[-1]
        self._apply([*self.edits, edit], go_on)
        self._undone.pop()
        self.note(f"redo {edit.text}")
        return edit

    def revert(self) -> int:
        """Takes all edits back; how many there were."""
        count = len(self.edits)
        self._undone += reversed(self.edits)
        self._apply([])
        if count:
            self.note(f"revert {counted(count, 'edit')}")
        return count

    def _apply(self, wanted: list[Edit], go_on: GoOn | None = None) -> None:
        by_iteration: dict[int, list[Edit]] = {}
        for edit in wanted:
            by_iteration.setdefault(edit.iteration, []).append(edit)
        history = self.history.with_edits(by_iteration, go_on)
        recording = history.recording(self.position.iteration, go_on)
        if wanted:
            self.original.recording(self.position.iteration, go_on)
        self.stops.renew(recording)
        self.history = history
        self.recording, self.edits = recording, wanted
        self.position = self.position

    def _losses(self) -> str:
        return f"{number(self.base.trace.loss)} → {number(self.recording.trace.loss)}"

    def _end_message(self, forward: bool) -> str:
        if not forward:
            return "This is the beginning."
        recording = self.recording
        before, k = number(recording.trace.loss), self.position.iteration
        if recording.timeline.span(Phase.UPDATE)[0] == recording.timeline.total:
            return f"End of iteration {k:,}: loss {before}. There are no parameters to update."
        after = recording.next_loss()
        rose = " The loss rose: the learning rate may be too large." if after > recording.trace.loss else ""
        return f"End of iteration {k:,}: loss {before} → {number(after)}.{rose} i goes on."


def _note(noted: list[Noted], at: Position, text: str) -> None:
    noted.append(Noted(at.step, text, at.iteration))
