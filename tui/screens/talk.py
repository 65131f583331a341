"""Commands of the debugger, what they answer, and dialogs in which one is typed or chosen.

What commands and dialogs need is loaded when the first of them is used: it would be felt at the start. Opening a
dialog is awaited, and so is what it is answered with: keys that are typed ahead then wait for it too.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gradstep.engine.notation import counted, number
from gradstep.tui.cells import wrap
from gradstep.tui.screens.past import Past
from gradstep.tui.screens.player import Player
from gradstep.tui.screens.runner import Longer, Runner, patiently
from gradstep.tui.screens.scenery import Scenery

if TYPE_CHECKING:
    from gradstep.engine.ask import Stop
    from gradstep.engine.debugger import Result
    from gradstep.engine.diagnosis import Diagnosis
    from gradstep.tui.screens.chooser import Choice


class Talk:
    """What one says to the debugger, and what it says."""

    def __init__(self, scenery: Scenery, runner: Runner, player: Player) -> None:
        self._scenery, self._runner, self._player = scenery, runner, player
        beginning = scenery.beginning
        self._past = Past(beginning.typed, beginning.note_typed)

    # Commands ------------------------------------------------------------------------------------

    async def do(self, line: str, beside: bool = False) -> None:
        """Carries out one command and shows what it has to say."""
        session = self._scenery.session
        self.settle()
        await self._runner.attempt(
            line, lambda go_on: session.do(line, go_on), lambda result: self._said(line, result), beside
        )

    def settle(self) -> None:
        """Forgets what belongs to the place that is left."""
        self._player.stop()
        self._scenery.forget_selection()

    def stop_playing(self) -> bool:
        """Whether it was playing."""
        return self._player.stop()

    async def leave(self) -> None:
        """Ends the program; asks first if there are edits."""
        app, edits = self._scenery.screen.app, self._scenery.session.edits
        if not edits:
            app.exit(0)
            return
        from gradstep.tui.screens.chooser import Choice
        from gradstep.tui.screens.leaving import Leaving

        def decided(where: str | None) -> None:
            if where == "quit":
                app.exit(0)

        kept = all(edit.iteration == 1 for edit in edits)
        hint = " (^s saves them as a new file)" if kept else ""
        choices = [Choice("stay", "stay"), Choice(f"quit, and drop {counted(len(edits), 'edit')}{hint}", "quit")]
        await app.push_screen(Leaving("there are unsaved edits", choices), decided)

    async def _said(self, line: str, result: Result) -> None:
        scenery = self._scenery
        if result.quit:
            await self.leave()
            return
        said = result.text.strip()
        if result.moved:
            scenery.arrived(result.stop is not None and result.stop.reason in ("breakpoint", "watch"))
        if result.moved or not said:
            if self._fits(result.news):
                scenery.show(message=result.news if result.stop is None else self._resting(result.stop))
                return
            said = result.news
        app = scenery.screen.app
        if len(said.splitlines()) <= 2 and self._fits(said.replace("\n", "   ")):
            scenery.show(message=said.replace("\n", "   "))
            return
        from gradstep.engine.diagnosis import Diagnosis

        scenery.show(message="")
        if isinstance(result.found, Diagnosis) and result.found:
            await self._found(result.found)
            return
        from gradstep.tui.screens.said import Said

        await app.push_screen(Said(line, said))

    async def _found(self, found: Diagnosis) -> None:
        """What the rules see, to walk through, to go to, and to try."""
        from gradstep.tui.screens.findings import Findings

        screen, palette = self._scenery.screen, self._scenery.view.palette

        async def chosen(line: str | None) -> None:
            if line is not None:
                await self.do(line)

        await screen.app.push_screen(Findings(found, palette), chosen)

    def _fits(self, message: str) -> bool:
        """Whether there is room for a message beside what happens now."""
        room = self._scenery.screen.query_one("#headline").size
        return len(wrap(message, room.width - 2)) < room.height

    def _resting(self, stop: Stop) -> str:
        """What to say where a run has come to rest; at a stop the headline says it."""
        if stop.reason in ("breakpoint", "watch"):
            return ""
        interrupted, history = stop.reason == "interrupted", self._scenery.session.history
        text = f"{stop.text[0].upper()}{stop.text[1:]}." if interrupted else f"No stop before {stop.text}."
        if history.made > 1 and stop.reason in ("end", "interrupted"):
            losses = history.summaries.loss.high
            text += f" Loss {number(losses[0])} → {number(losses[-1])}."
            text += " u goes on, 9 shows all iterations." if interrupted else " ! tells what the rules see."
        return text

    # Dialogs -------------------------------------------------------------------------------------

    async def ask(self, title: str, hint: str, command: str, initial: str = "") -> None:
        """A line to type, which stays until the command can be read."""
        from gradstep.tui.screens.completer import Completer
        from gradstep.tui.screens.prompt import Prompt

        session, screen = self._scenery.session, self._scenery.screen
        said: list[tuple[str, Result | None]] = []

        def act(text: str) -> None:
            line = f"{command} {text}" if command else text
            self._past.add(line)
            try:
                said.append((line, session.do(line, patiently())))
            except Longer:
                said.append((line, None))

        async def closed(done: bool | None) -> None:
            if not done or not said:
                return
            line, result = said[-1]
            if result is None:
                await self.do(line, beside=True)
            else:
                self.settle()
                await self._said(line, result)

        prompt = Prompt(title, hint, act, initial, Completer(session, command), self._past.of(command))
        await screen.app.push_screen(prompt, closed)

    async def choose(self, title: str, choices: Iterable[Choice], about: str = "") -> None:
        """A list of places, of which one is gone to; `about` is said above them."""
        from gradstep.tui.screens.chooser import Chooser

        screen = self._scenery.screen

        async def chosen(where: str | None) -> None:
            if where is not None:
                await self.do(f"goto {where}")

        await screen.app.push_screen(Chooser(title, choices, about), chosen)
