"""The session: where one is in a recording, what stops one there, and what one has changed in it.
The only object that changes.

The screen, the command line and scripts all drive this; stepping changes nothing but integers, so
every move has an exact inverse and needs no history.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from gradstep.engine import edits, trouble, where, zeros
from gradstep.engine.compare import Comparison, alike, compare
from gradstep.engine.conditions import Condition
from gradstep.engine.edits import Edit
from gradstep.engine.errors import CommandError, nearest
from gradstep.engine.explain import segments_at
from gradstep.engine.frame import Desk, Frame
from gradstep.engine.notation import number
from gradstep.engine.recording import Recording, record
from gradstep.engine.scenario import Scenario
from gradstep.engine.stops import Noted, Stop, Stops, Watch, search
from gradstep.engine.terms import total
from gradstep.engine.timeline import Grain, Phase, Position
from gradstep.engine.trace import GoOn

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
    """A person's place in a scenario's run.

    `base` is the run as the scenario has it, `recording` the same with all edits. `visited` are the
    places that one has left by a jump; `marks` those that one has given a name. `said` is what log
    points noted in the last run. `against` is another run with the same steps, to compare with.
    """

    def __init__(self, scenario: Scenario, go_on: GoOn | None = None) -> None:
        """Runs the scenario. Raises CommandError if its `start` cannot be found, or one of its
        breakpoints or watches cannot be read."""
        self.recording: Recording = record(scenario, go_on)
        self.base = self.recording
        self._position = Position(0)
        self._sample: int | None = 0
        self.stops = Stops()
        self.stop: Stop | None = None
        self.log: list[Noted] = []
        self.said: tuple[Noted, ...] = ()
        self.edits: list[Edit] = []
        self._undone: list[Edit] = []
        self.visited: list[Position] = []
        self._ahead: list[Position] = []
        self.marks: dict[str, Position] = {}
        self.against: Recording | None = None
        for text in scenario.breakpoints:
            self.stops.add(text, self.recording)
        self.stops.watches = [Watch(text, self.recording) for text in scenario.watch]
        if scenario.start is not None:
            self.goto(str(scenario.start))

    @property
    def position(self) -> Position:
        return self._position

    @position.setter
    def position(self, position: Position) -> None:
        self._position = position
        self.stop = None
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
        return self.frame_at(self.position)

    def frame_at(self, position: Position) -> Frame:
        """What may be seen at another moment; the session stays where it is."""
        desk = Desk(tuple(self.stops.breakpoints), tuple(self.stops.watches), self.log, self.stop, tuple(self.edits))
        other = self.against or (self.base if self.edits else None)
        return Frame(self.recording, position, self._sample, other, desk)

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
        if text.strip() in self.marks:
            self._jump(self.marks[text.strip()])
            return
        self._jump(where.find(self.recording.timeline, self.recording.board, self.position, text))

    def _jump(self, position: Position) -> None:
        """Travels to a place, and remembers the one that is left."""
        if position != self.position:
            self.visited.append(self.position)
            del self.visited[:-_REMEMBERED]
            self._ahead.clear()
        self.position = position

    def revisit(self, back: bool) -> Move:
        """To the place one has been before the last jump; or, not `back`, the other way again."""
        source, other = (self.visited, self._ahead) if back else (self._ahead, self.visited)
        if not source:
            return Move(0, "There is no earlier place." if back else "There is no later place.")
        other.append(self.position)
        self.position = source.pop()
        return Move(1)

    # Stops ---------------------------------------------------------------------------------------

    def run(self, forward: bool, go_on: Callable[[float], bool] | None = None) -> Stop:
        """To the next (or previous) place at which a breakpoint or a watch stops, or to the end.
        Raises Interrupted where `go_on` says so; then nothing has moved."""
        noted: list[Noted] = []
        position, stop = self.stops.run(
            self.recording,
            self.position,
            forward,
            lambda at, text: noted.append(Noted(at.step, text)),
            go_on,
        )
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
        return found

    def unwatch(self, text: str) -> None:
        """No longer. Raises CommandError if it is not watched."""
        kept = [w for w in self.stops.watches if w.text != text.strip()]
        if len(kept) == len(self.stops.watches):
            raise CommandError(f"'{text}' is not watched{nearest(text, [w.text for w in kept])}")
        self.stops.watches = kept

    def open(self, scenario: Scenario, go_on: GoOn | None = None) -> None:
        """Another scenario in place of this one. Raises CommandError, and then this one stays."""
        self.__dict__.update(Session(scenario, go_on).__dict__)

    def diff(self, scenario: Scenario, go_on: GoOn | None = None) -> Comparison:
        """Compares with the run of another scenario. If it takes the same steps, the screen shows its
        numbers beside these from now on."""
        other = record(scenario, go_on)
        found = compare(self.recording, other)
        self.against = other if alike(self.recording, other) else None
        self.note(f"diff {scenario.name}: {found.differing:,} of {found.compared:,} numbers differ")
        return found

    def note(self, text: str) -> None:
        """Writes a line into the log."""
        self.log.append(Noted(self.position.step, text))

    def when(self, text: str, go_on: Callable[[float], bool] | None = None) -> When:
        """Back to the step at which a condition became true: at which it holds, and the one before
        did not. Raises CommandError where it was not true so far, and then stays."""
        condition = Condition(text, self.recording)
        here = Position(self.position.step + 1, 1) if self.position.term is None else self.position
        latest: int | None = None
        for found in search(self.recording, [condition], here, False, go_on):
            step = found.position.step
            if latest is not None and step != latest - 1:
                break
            latest = step
        if latest is None:
            latest = self._of_the_sum(condition)
            if latest is None:
                raise CommandError(f"'{text}' was not true at any step up to here{self._never(condition)}")
            about = f"'{text}' was never true; but of the sum into the same neuron it is, since step {latest:,}. "
        else:
            about = f"'{text}' became true at step {latest:,}. "
        self._jump(Position(latest))
        self.note(f"when {text}: step {latest:,}")
        return When(latest, about + self._suspect())

    def _of_the_sum(self, condition: Condition) -> int | None:
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
        return None if found is None else found.position.step

    def _never(self, condition: Condition) -> str:
        later = next(iter(search(self.recording, [condition], self.position, True)), None)
        return "; it never is in this iteration" if later is None else f"; it will be at step {later.position.step:,}"

    def _suspect(self) -> str:
        """What to look at next from here."""
        frame = self.frame()
        element = frame.element
        assert element is not None, "a condition holds at steps, and the beginning is none"
        if frame.trouble is not None:
            began = trouble.origin(self.recording, frame.trouble)
            where = "here" if began.step == frame.step else f"at step {began.step:,}"
            return f"The next suspect: {began.blame.cause.value}, {where}."
        if frame.phase is Phase.BACKWARD:
            zero = zeros.reason(self.recording, element)
            if zero is not None:
                step = self.recording.timeline.step_of(Phase.BACKWARD, *zero.element) or frame.step
                where = (
                    "here"
                    if step == frame.step
                    else f"at step {step:,}, {self.recording.board.gradient(*zero.element)}"
                )
                return f"The next suspect: {zero.reason.value}, {where}."
            if frame.terms is not None and len(frame.terms):
                k = int(abs(frame.terms.contribution).argmax())
                via = self.recording.board.gradient(int(frame.terms.via_value[k]), int(frame.terms.via[k]))
                return f"The next suspect: {via}, which brings the largest part."
        if frame.live:
            source = max(frame.live, key=lambda link: abs(link.amount)).source
            return f"The next suspect: {self.recording.board.element(*source)}, which enters it."
        return ""

    # What-if -------------------------------------------------------------------------------------

    def edit(self, text: str, go_on: GoOn | None = None) -> Edit:
        """Sets something to another number, and computes again what depends on it. The place stays
        the same. Raises CommandError, and then nothing has changed."""
        edit = edits.read(self.recording, text)
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
            self.note(f"revert {count:,} edits")
        return count

    def _apply(self, wanted: list[Edit], go_on: GoOn | None = None) -> None:
        recording = edits.apply(self.base, wanted, go_on)
        self.stops.renew(recording)
        self.recording, self.edits = recording, wanted
        self.position = self.position

    def _losses(self) -> str:
        return f"{number(self.base.trace.loss)} → {number(self.recording.trace.loss)}"

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
