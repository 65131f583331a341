"""Keys about the program itself."""

from __future__ import annotations

from gradstep.engine.run import GoOn, Scenario
from gradstep.tui.screens.player import Player
from gradstep.tui.screens.runner import Runner
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.screens.talk import Talk
from gradstep.tui.theme import theme_name


class Program:
    """Commands that are typed, files, help, and the ways out."""

    def __init__(self, scenery: Scenery, runner: Runner, player: Player, talk: Talk) -> None:
        self._scenery, self._runner, self._player, self._talk = scenery, runner, player, talk

    async def command(self) -> None:
        await self._talk.ask("command", "break grad == 0   why h.grad[1]   set W2[0,1] = 0.4   help", "")

    async def findings(self) -> None:
        await self._talk.do("findings")

    async def save(self) -> None:
        await self._talk.ask("save as a new file", "the scenario with edits, breakpoints and watches", "save")

    async def open(self) -> None:
        """Another scenario in place of this one."""
        from gradstep.tui.screens.picker import Picker

        scenery = self._scenery

        async def chosen(scenario: Scenario | None) -> None:
            if scenario is not None:
                await self._open(scenario)

        self._player.stop()
        await scenery.screen.app.push_screen(Picker(scenery.session.recording.scenario.name), chosen)

    async def _open(self, scenario: Scenario) -> None:
        session = self._scenery.session

        def opened(go_on: GoOn) -> None:
            session.open(scenario, go_on)

        def arrived(nothing: None) -> None:
            self._scenery.arrived(False)
            self._scenery.show(message="")

        self._talk.settle()
        await self._runner.attempt(f"open {scenario.name}", opened, arrived)

    def theme(self) -> None:
        scenery = self._scenery
        names = list(scenery.palettes)
        following = names[(names.index(scenery.view.palette.name) + 1) % len(names)]
        scenery.screen.app.theme = theme_name(following)
        scenery.beginning.remember(following)
        scenery.show(palette=scenery.palettes[following])

    async def help(self) -> None:
        """All keys; the one that is chosen is done."""
        from gradstep.tui.screens.help import Help

        scenery, focused = self._scenery, self._scenery.focused
        panel = "" if focused is None else "tape" if focused.id == "rail" else str(focused.id)

        async def chosen(key: str | None) -> None:
            if key is not None:
                await scenery.screen.app.run_action(f"press('{key}')", scenery.screen)

        await scenery.screen.app.push_screen(Help(scenery.view.palette, scenery.view.keymap, panel), chosen)

    async def quit(self) -> None:
        await self._talk.leave()

    async def interrupt(self) -> None:
        """Stops what is running; where nothing is, ends the program as the key to quit does. Where something has ended
        just now, it was that which was to be stopped."""
        playing = self._player.stop()
        if self._runner.busy:
            self._runner.stop()
        elif playing:
            self._scenery.show(message="stopped")
        elif self._runner.just_ended:
            self._scenery.show(message="What ran had ended already. ^c leaves now.")
        else:
            await self._talk.leave()
