"""The debugger's keys: each is a command of the session, with a dialog where something is to be typed.

What commands and dialogs need is loaded when the first of them is used: it would be felt at the start.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from types import ModuleType
from typing import TYPE_CHECKING

from textual.screen import Screen
from textual.suggester import Suggester
from textual.timer import Timer

from gradstep.engine.debugger import Session
from gradstep.engine.errors import CommandError, GradstepError, Interrupted
from gradstep.engine.graph import Element, Role
from gradstep.engine.notation import number, progress
from gradstep.engine.run import GoOn, Phase
from gradstep.tui.view import View
from gradstep.tui.wall import Walled

if TYPE_CHECKING:
    from gradstep.engine.ask import Stop
    from gradstep.engine.debugger import Result
    from gradstep.tui.screens.chooser import Choice

#: Something done to the session; it asks from time to time whether to go on.
Work = Callable[[GoOn], "Result"]
#: Cells of a progress bar.
_BAR = 20
#: A command that takes longer goes on in the background, where it can be stopped.
_PATIENCE = 0.2


def _commands() -> ModuleType:
    from gradstep.engine.debugger import commands

    return commands


class Longer(Exception):
    """Something takes too long to wait for; nothing has moved."""


def patiently(started: float) -> GoOn:
    """Goes on as long as one waits for it; then raises Longer. It does not say that it is to stop: a training
    that is stopped rests where it is."""

    def go_on(share: float) -> bool:
        if perf_counter() - started >= _PATIENCE:
            raise Longer
        return True

    return go_on


class Debugging(Walled, Screen[None]):
    """Runs commands on a session: at once where they are quick, else beside the screen."""

    session: Session
    _view: View
    #: What is running beside the screen, its share done, and whether it is to stop.
    _busy = ""
    _share = 0.0
    _stopped = False
    #: How many iterations were made when it began.
    _begun = 0
    _ticker: Timer | None = None

    def show(self, **changes: object) -> None:
        raise NotImplementedError

    def arrived(self, stopped: bool) -> None:
        """Goes as near to the place one has come to as it asks for; it was `stopped` at, or gone to."""
        raise NotImplementedError

    async def action_quit(self) -> None:
        raise NotImplementedError

    def settle(self) -> None:
        """Forgets what belongs to the place that is left."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not self._busy or action in ("interrupt", "help", "theme", "train", "panel", "maximise", "quit")

    def on_unmount(self) -> None:
        """Lets what runs beside the screen end with it: the process waits for its threads."""
        self._stopped = True

    # Commands ------------------------------------------------------------------------------------

    async def do(self, line: str, beside: bool = False) -> None:
        """Carries out one command and shows what it has to say."""
        await self.attempt(line, lambda go_on: _commands().run(self.session, line, go_on), beside)

    async def attempt(self, name: str, work: Work, beside: bool = False) -> None:
        """Does something to the session: at once if it is quick, else beside the screen."""
        self.settle()
        started = perf_counter()
        if beside:
            self._beside(name, work)
            return
        try:
            result = work(patiently(started))
        except Longer:
            self._beside(name, work)
        except GradstepError as error:
            self.show(message=f"✗ {error}")
        else:
            await self._said(name, result)

    async def _said(self, line: str, result: Result) -> None:
        if result.quit:
            await self.action_quit()
            return
        said = result.text.strip()
        if result.moved:
            self.arrived(result.stop is not None and result.stop.reason in ("breakpoint", "watch"))
        if result.moved or not said:
            first = said.splitlines()[0] if said.startswith("'") else ""  # what `when` has found
            if result.stop is not None:
                first = self._resting(result.stop)
            self.show(message=first)
            return
        if len(said.splitlines()) <= 2 and len(said) <= 2 * (self.app.size.width - 4):
            self.show(message=said.replace("\n", "   "))
            return
        from gradstep.tui.screens.said import Said

        self.show(message="")
        await self.app.push_screen(Said(line, said))

    def _resting(self, stop: Stop) -> str:
        """What to say where a run has come to rest."""
        if stop.reason in ("breakpoint", "watch"):
            return "c runs on, C runs back; B sets another rule."
        history = self.session.history
        text = (
            f"{stop.text[0].upper()}{stop.text[1:]}."
            if stop.reason == "interrupted"
            else f"No stop before {stop.text}."
        )
        if history.made > 1 and stop.reason in ("end", "interrupted"):
            losses = history.summaries.loss.high
            text += f" Loss {number(losses[0])} → {number(losses[-1])}."
            text += (
                " u goes on, 9 shows all iterations."
                if stop.reason == "interrupted"
                else " ! tells what the rules see."
            )
        return text

    def _beside(self, name: str, work: Work) -> None:
        """In a thread of its own, with progress; the screen stays alive, and ctrl+c stops it."""
        self._busy, self._share, self._stopped = name, 0.0, False
        self._begun = self.session.history.made
        self._ticker = self.set_interval(0.1, self._tick)
        self._tick()
        self.run_worker(lambda: self._work(name, work), thread=True, exclusive=True)

    def _tick(self) -> None:
        bar = progress(self._share, _BAR)
        made = self.session.history.made
        where = f" · iteration {made:,}" if made > self._begun else ""
        stops = "u or ^c pauses" if self._busy.startswith("train") else "^c stops it"
        self.show(message=f"{self._busy}: {bar} {self._share:.0%}{where} · {stops}")

    def _work(self, name: str, work: Work) -> None:
        def go_on(share: float) -> bool:
            self._share = share
            return not self._stopped

        try:
            result = work(go_on)
        except Interrupted:
            self.app.call_from_thread(self._finish, name, None, "stopped; nothing has moved")
        except GradstepError as error:
            self.app.call_from_thread(self._finish, name, None, f"✗ {error}")
        else:
            self.app.call_from_thread(self._finish, name, result, "")

    def _finish(self, line: str, result: Result | None, message: str) -> None:
        if self.is_running:
            self.run_worker(self._done(line, result, message))

    async def _done(self, line: str, result: Result | None, message: str) -> None:
        self._busy = ""
        if self._ticker is not None:
            self._ticker.stop()
        if result is None:
            self.show(message=message)
        else:
            await self._said(line, result)

    def action_interrupt(self) -> None:
        if self._busy:
            self._stopped = True
        else:
            self.app.exit(0)

    # What the keys are about ----------------------------------------------------------------------

    def _about(self) -> str:
        """The name of what is selected, or what the step writes: its gradient in the backward pass."""
        frame = self.session.frame()
        element = self._view.selection or frame.element
        if element is None:
            raise CommandError("select a node with the arrow keys, or take a step first")
        backward = frame.phase in (Phase.BACKWARD, Phase.UPDATE)
        graph = self.session.recording.graph
        gets = graph.gets_gradient(graph.values[element.value])
        phase = Phase.BACKWARD if gets and (backward or graph.values[element.value].node < 0) else Phase.FORWARD
        return self.session.recording.typed(element, phase)

    async def _with_name(self, act: Callable[[str], object]) -> None:
        try:
            act(self._about())
        except CommandError as error:
            self.show(message=str(error))
        else:
            self.show()

    async def action_train(self) -> None:
        """To the end of the training or, if that is made, as many iterations more; pauses one that is going on."""
        if self._busy:
            self._stopped = self._stopped or self._busy.startswith("train")
            return
        trained, last = self.session.trained, self.session.last
        await self.do("train" if trained < last else f"train {self.session.recording.scenario.training.steps}")

    async def action_run(self, forward: bool) -> None:
        await self.do("continue" if forward else "rcontinue")

    def action_revisit(self, back: bool) -> None:
        self.settle()
        self.show(message=self.session.revisit(back).message)

    async def action_toggle_break(self) -> None:
        def toggle(name: str) -> None:
            stops = self.session.stops
            mine = [b for b in stops.breakpoints if b.text == name]
            if mine:
                stops.breakpoints.remove(mine[0])
            else:
                stops.add(name, self.session.recording)

        await self._with_name(toggle)

    async def action_toggle_watch(self) -> None:
        def toggle(name: str) -> None:
            watched = [w.text for w in self.session.stops.watches]
            if name in watched:
                self.session.unwatch(name)
            else:
                self.session.watch(name)

        await self._with_name(toggle)

    async def action_undo(self) -> None:
        await self.do("undo")

    async def action_revert(self) -> None:
        await self.do("revert")

    async def action_findings(self) -> None:
        await self.do("findings")

    async def action_verify_all(self) -> None:
        await self.do("verify", beside=True)

    async def action_verify(self) -> None:
        try:
            name = self._about()
        except CommandError as error:
            self.show(message=str(error))
            return
        await self.do(f"nudge {name}")

    def action_copy(self) -> None:
        from gradstep.engine.explain import equation_text

        equation = self.session.frame().story.equation
        if equation is None:
            self.show(message="There is no formula before the first step.")
            return
        digits = self._view.math_digits
        numbers = f" = {equation_text(equation.numbers, digits)}" if equation.numbers else ""
        text = f"{equation.left} {equation.relation} {equation.right}{numbers}"
        self.app.copy_to_clipboard(text)
        self.show(message=f"copied: {text}")

    # Dialogs -------------------------------------------------------------------------------------

    async def _ask(self, title: str, hint: str, command: str, initial: str = "") -> None:
        """A line to type, which stays until the command can be read."""
        from gradstep.tui.screens.prompt import Prompt

        said: list[tuple[str, Result | None]] = []

        def act(text: str) -> None:
            line = f"{command} {text}" if command else text
            try:
                said.append((line, _commands().run(self.session, line, patiently(perf_counter()))))
            except Longer:
                said.append((line, None))

        def closed(done: bool | None) -> None:
            if not done or not said:
                return
            line, result = said[-1]
            if result is None:
                self.run_worker(self.do(line, beside=True))
            else:
                self.settle()
                self.run_worker(self._said(line, result))

        prompt = Prompt(title, hint, act, initial, Completer(self.session, command))
        await self.app.push_screen(prompt, closed)

    async def action_command(self) -> None:
        await self._ask("command", "break grad == 0   why h.grad[1]   set W2[0,1] = 0.4   help", "")

    async def action_rule(self) -> None:
        await self._ask("stop where", "grad == 0 and op == relu   dead   flip   vanish(1e-3)   h.grad", "break")

    async def action_save(self) -> None:
        await self._ask("save as a new file", "the scenario with edits, breakpoints and watches", "save")

    async def action_when(self) -> None:
        initial = ""
        frame = self.session.frame()
        if frame.element is not None and frame.phase is Phase.BACKWARD and self._view.selection is None:
            grad = frame.grad(*frame.element)
            name = self.session.recording.typed(frame.element, Phase.BACKWARD)
            initial = f"{name} == 0" if grad == 0 else "nonfinite" if grad is not None and abs(grad) == grad * 0 else ""
        await self._ask("when did it become true?", "h.grad[1] == 0   nonfinite   abs(grad) < 1e-6", "when", initial)

    async def action_edit(self) -> None:
        from gradstep.tui.screens.edit import Edit

        frame, graph = self.session.frame(), self.session.recording.graph
        element = self._view.selection or frame.element
        if element is None:
            self.show(message="Select a node with the arrow keys, or take a step first.")
            return
        value = graph.values[element.value]
        gradient = frame.phase is Phase.BACKWARD and value.role is Role.NODE and graph.gets_gradient(value)
        arrays = self.session.recording.trace.grad if gradient else self.session.recording.trace.data
        array = arrays[element.value]
        assert array is not None, "it has one"
        name = self.session.recording.typed(element, Phase.BACKWARD if gradient else Phase.FORWARD)
        now = array.item(element.flat)

        def decided(text: str | None) -> None:
            if text is not None:
                self.run_worker(self.do(f"set {text}"))

        await self.app.push_screen(Edit(self.session, name, now, self._view.palette), decided)

    async def action_why(self) -> None:
        """The blame chain as a list to walk and to jump from."""
        from gradstep.engine.explain import why
        from gradstep.tui.screens.chooser import Choice

        frame, graph, board = self.session.frame(), self.session.recording.graph, self.session.recording.board
        element = self._view.selection or frame.element
        if element is None or not graph.gets_gradient(graph.values[element.value]):
            self.show(message="Only a gradient has a blame chain: step into the backward pass, or select a node.")
            return
        found = why(self.session.recording, element)
        typed = (self.session.recording.typed(link.source, Phase.BACKWARD) for link in found.chain)
        choices = [Choice(text, where) for text, where in zip(found.links(), typed, strict=True)]
        about = (
            found.reason
            or f"{board.gradient(*element)} = {number(found.gradient, signed=True)}, hop by hop to the loss"
        )
        await self._choose(f"why {board.gradient(*element)}", choices, about)

    async def action_find(self) -> None:
        from gradstep.tui.screens.chooser import Choice

        session = self.session
        frame, choices = session.frame(), []
        for sweep in session.recording.timeline.sweeps:
            for flat in range(min(sweep.size, 40)):
                name = session.recording.typed(Element(sweep.value, flat), sweep.phase)
                line = frame.tape_line(sweep.start + flat + 1)
                choices.append(
                    Choice(f"{sweep.start + flat + 1:>6}  {line.name:<14} {sweep.phase.value:<9} {name}", name)
                )
        await self._choose("find", choices, "type a name")

    async def _choose(self, title: str, choices: list[Choice], about: str) -> None:
        from gradstep.tui.screens.chooser import Chooser

        def chosen(where: str | None) -> None:
            if where is not None:
                self.run_worker(self.do(f"goto {where}"))

        await self.app.push_screen(Chooser(title, choices, about), chosen)


class Completer(Suggester):
    """Completes a command's name, and then the names and words that it may be about."""

    def __init__(self, session: Session, command: str) -> None:
        from gradstep.engine.ask import condition_words

        super().__init__(case_sensitive=True)
        self._command = command
        names = list(session.recording.graph.by_name)
        self._words = [*names, *(f"{n}.grad" for n in names), *condition_words()]

    async def get_suggestion(self, value: str) -> str | None:
        if not self._command and " " not in value:
            return next((name for name in _commands().COMMANDS if value and name.startswith(value)), None)
        start = max(value.rfind(c) for c in " (")
        word = value[start + 1 :]
        found = next((w for w in self._words if word and w.startswith(word) and w != word), None)
        return None if found is None else value[: start + 1] + found
