"""The debugger's screen: its panels, and the parts that its keys are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from inspect import isawaitable
from typing import ClassVar

from textual.actions import parse
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.message import Message
from textual.screen import Screen

from gradstep.engine.debugger import Session
from gradstep.tui import keymap
from gradstep.tui.panels.base import Panel
from gradstep.tui.screens.actions.act import Act
from gradstep.tui.screens.actions.program import Program
from gradstep.tui.screens.actions.space import Space
from gradstep.tui.screens.actions.time import Time
from gradstep.tui.screens.player import Player
from gradstep.tui.screens.runner import Runner
from gradstep.tui.screens.scenery import Scenery
from gradstep.tui.screens.talk import Talk
from gradstep.tui.table import PANELS, Entry, Place
from gradstep.tui.theme import Palette
from gradstep.tui.view import AS_EVER, Beginning
from gradstep.tui.wall import Walled


class Debugger(Walled, Screen[None]):
    """All panels around one session.

    It is made of parts: the `scenery` shows the session as the view says; the `runner` does what may take a while,
    the `player` steps by itself, `talk` carries out commands; and `time`, `space`, `act` and `program` are what
    keys do.
    """

    BINDINGS: ClassVar = keymap.BINDINGS
    # At first arrow keys are the picture's.
    AUTO_FOCUS = ""

    def __init__(self, session: Session, palettes: Mapping[str, Palette], beginning: Beginning = AS_EVER) -> None:
        super().__init__()
        self.session = session
        self.scenery = Scenery(self, session, palettes, beginning)
        self.runner = Runner(self.scenery)
        self.player = Player(self.scenery, self.runner)
        self.talk = Talk(self.scenery, self.runner, self.player)
        self.time = Time(self.scenery, self.runner, self.talk)
        self.space = Space(self.scenery, self.talk, self.time)
        self.act = Act(self.scenery, self.talk)
        self.program = Program(self.scenery, self.runner, self.player, self.talk)
        #: By the names that the key table has for them.
        self.parts: Mapping[str, object] = {
            "time": self.time, "player": self.player, "space": self.space, "act": self.act, "program": self.program,
            "talk": self.talk,
        }  # fmt: skip

    def compose(self) -> ComposeResult:
        yield from _made(Place.TOP)
        with Horizontal(id="body"):
            yield from _made(Place.RAIL)
            with Vertical(id="main"):
                yield from _made(Place.HEAD)
                yield from _made(Place.PICTURE)
                with Horizontal(id="lower"):
                    yield from _made(Place.LOWER)
                    with Vertical(id="side"):
                        yield from _made(Place.SIDE)
                        with Vertical(id="lists"):
                            yield from _made(Place.LIST)
        yield from _made(Place.BOTTOM)

    def on_mount(self) -> None:
        self.scenery.mounted()
        # Before the first layout: panels that stand elsewhere a moment later would be painted for nothing.
        self.scenery.arrange()
        self.scenery.paint()

    def on_resize(self, event: Resize) -> None:
        if self.scenery.arrange():
            self.scenery.show()

    def on_unmount(self) -> None:
        """Lets what runs beside the screen end with it: the process waits for its threads."""
        self.runner.stop()

    async def action_press(self, key: str) -> None:
        """What a key does, by its id in the key table."""
        await self._do(keymap.BY_ID[key].action)

    async def _do(self, does: str) -> None:
        """An action, as the key table writes it: a method of one of the parts."""
        part, name, given = parse(does)
        if part not in self.parts:  # one of Textual's own
            await self.app.run_action(does)
            return
        done = getattr(self.parts[part], name)(*given)
        if isawaitable(done):
            await done

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something runs beside the screen, only those keys act that leave it in peace."""
        return not self.runner.busy or action != "press" or keymap.BY_ID[str(parameters[0])].always

    def tell(self, line: str) -> bool:
        self.scenery.show(message=line)
        return self.scenery.built

    def on_paste(self) -> None:
        self.scenery.show(message="Nothing here takes what is pasted; a line that is typed does, as behind :")

    async def on_panel_do(self, message: Panel.Do) -> None:
        if not self.runner.busy or any(key.always for key in keymap.KEYS if key.action == message.does):
            await self._do(message.does)

    async def _heed(self, message: Message) -> None:
        if not self.runner.busy:
            await self.space.heed(message)

    on_panel_travel = on_panel_visit = on_panel_point = on_panel_scroll = on_panel_select = on_panel_turn = _heed


def _made(place: Place) -> Iterator[Panel]:
    """The panels that may stand in a place. One that is also in the rail has the rail's name there."""
    for entry in PANELS:
        if place in entry.places:
            yield panel_class(entry)(id="rail" if place is Place.RAIL else entry.id)


def panel_class(entry: Entry) -> type[Panel]:
    """The class of a panel, loaded."""
    found: type[Panel] = getattr(import_module(f"gradstep.tui.panels.{entry.module}"), entry.kind)
    return found
