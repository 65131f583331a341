"""The application: themes, signals, and the debugger's screen."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from textual import events
from textual.dom import DOMNode
from textual.driver import Driver
from textual.geometry import Size
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import WorkerFailed

from gradstep.tui.loading import Loading
from gradstep.tui.terminal.frames import Frames
from gradstep.tui.theme import PALETTES, Palette, palettes, theme_name
from gradstep.tui.view import AS_EVER, Beginning
from gradstep.tui.wall import FAULTS, Walled, noted

if TYPE_CHECKING:
    from gradstep.engine.debugger import Session
    from gradstep.engine.run import Scenario


def _theme(palette: Palette) -> Theme:
    role = palette.roles
    return Theme(
        name=theme_name(palette.name),
        primary=role["dim"],
        secondary=role["backward"],
        accent=role["forward"],
        warning=role["negative"],
        error=role["alarm"],
        success=role["update"],
        foreground=role["text"],
        background=role["background"],
        surface=role["background"],
        panel=role["bar"],
        dark=palette.dark,
        variables={f"grad-{name}": colour for name, colour in role.items()},
    )


#: The signals that end the program, with the exit status 128 + their number.
ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT) if sys.platform != "win32" else ()
#: Seconds after a signal in which the program may leave by itself.
_LAST_WAY_OUT = 8.0
#: Seconds that putting the terminal back may take then.
_PUTTING = 2.0
#: After so many faults the screen gives up.
_MOST_FAULTS = 20


class Gradstep(Walled, Frames[int], inherit_bindings=False):
    """gradstep on the screen. Returns the exit status."""

    TITLE = "gradstep"
    # Here and not on the screen: a style sheet that comes with a screen styles everything once more.
    CSS_PATH = Path(__file__).parent / "screens" / "debugger.tcss"
    ENABLE_COMMAND_PALETTE = False

    session: Session

    def __init__(self, scenario: Scenario | Loading, ascii: bool = False, beginning: Beginning = AS_EVER) -> None:
        """Shows a scenario; one that is still loading as soon as it is there. `ascii`: in ASCII."""
        super().__init__()
        self.beginning = beginning
        self._loading: Loading | None = None
        #: What the signals that end it did before.
        self._before: dict[int, Any] = {}
        #: What went wrong with it, or on the screen before there was anything to show.
        self.failure: Exception | None = None
        if not isinstance(scenario, Loading):
            from gradstep.engine.debugger import Session  # here: what is seen first is seen before the engine is there

            self.session = Session(scenario)
        elif scenario.done:
            self.session = scenario.session()
        else:
            self._loading = scenario
        self.palettes = palettes(self.console.color_system, self.no_color or ascii, beginning.theme)
        for palette in self.palettes.values():
            self.register_theme(_theme(palette))
        self.theme = theme_name(next(iter(self.palettes)))
        if beginning.keymap.changes:
            self.set_keymap(beginning.keymap.changes)
        if not beginning.motion:
            self.animation_level = "none"
        if ascii:
            from gradstep.tui.ascii import Ascii

            self._filters.append(Ascii())

    @property
    def alts(self) -> Container[str]:
        """The keys with Alt that do something: those that a person has given to an action, and those of lines."""
        from gradstep.tui.terminal.reader import Alts

        mine = (key for keys in self.beginning.keymap.changes.values() for key in keys.split(","))
        return Alts((key for key in mine if key.startswith("alt+")), self._typing)

    def _typing(self) -> bool:
        """Whether a line is being typed."""
        from textual.widgets import Input

        return isinstance(self.focused, Input)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {f"grad-{name}": colour for name, colour in next(iter(PALETTES.values())).roles.items()}

    def on_load(self) -> None:
        # Left alone, these signals would end the process with the terminal in full-screen mode, which it is in next.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._ended) for number in ENDING}

    def get_default_screen(self) -> Screen[Any]:
        """The first screen there is, so that no empty one is made, styled and laid out before it."""
        if self._loading is None:
            return self._debugger()
        from gradstep.tui.screens.opening import Opening

        return Opening(self._loading, next(iter(self.palettes.values())), self._loaded)

    def _debugger(self) -> Screen[Any]:
        from gradstep.tui.screens.debugger import Debugger

        self.call_after_refresh(_collect_from_now_on)
        return Debugger(self.session, self.palettes, self.beginning)

    async def _loaded(self) -> None:
        assert self._loading is not None, "it was waited for"
        try:
            self.session = self._loading.session()
        except Exception as error:
            self.failure = error
            self.exit(2)
        else:
            await self.push_screen(self._debugger())

    def get_driver_class(self) -> type[Driver]:
        if sys.platform == "win32" or os.environ.get("TEXTUAL_DRIVER"):
            return super().get_driver_class()
        from gradstep.tui.terminal.driver import TerminalDriver

        return TerminalDriver

    def _ended(self, number: int, frame: FrameType | None) -> None:
        """A signal that ends the program. The loop's own handlers hear of one by a byte in a pipe, which has no room
        where some hundred keys are waiting: it would be lost. This wakes the loop up as well."""
        with suppress(RuntimeError):  # it is closed
            assert self._loop is not None, "it has been loaded"
            self._loop.call_soon_threadsafe(self.exit, 128 + number, 128 + number)
        last = threading.Timer(_LAST_WAY_OUT, self._end_at_once, (128 + number,))
        last.daemon = True
        last.start()

    def _end_at_once(self, status: int) -> None:
        """The way out of a program that does not leave by itself: a signal ends it, whatever it waits for."""
        putting = threading.Thread(target=self._put_back, daemon=True)
        putting.start()
        putting.join(_PUTTING)
        os._exit(status)

    def _put_back(self) -> None:
        """The terminal, as far as that can be done now."""
        from gradstep.tui.terminal.driver import TerminalDriver

        if isinstance(self._driver, TerminalDriver):
            self._driver.put_back()

    async def _shutdown(self) -> None:
        await super()._shutdown()
        for number, before in self._before.items():
            if signal.getsignal(number) == self._ended:
                signal.signal(number, before)

    # The first way out is the last thing that happens, and what goes wrong on the way is no news. ----------------

    def exit(self, result: int | None = None, return_code: int = 0, message: Any = None) -> None:
        if not self._exit:
            super().exit(result, return_code or result or 0, message)

    async def _on_resize(self, event: events.Resize) -> None:
        most = self.beginning.size
        if most is not None:
            event.size = Size(min(event.size.width, most[0]), min(event.size.height, most[1]))
        await super()._on_resize(event)

    async def on_event(self, event: events.Event) -> None:
        if self._exit and isinstance(event, events.InputEvent):
            return
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        asked = self.screen if typed and len(self.screen_stack) > 1 else None
        await super().on_event(event)
        if asked is not None:
            from gradstep.tui.screens.dialog import Dialog

            if isinstance(asked, Dialog):
                await asked.settled()

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        if self._exit:
            return True
        try:
            return await super()._dispatch_action(namespace, action_name, params)
        except Exception as error:
            self._handle_exception(error)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """What nobody foresaw: one line where that can be shown, and the traceback in a log."""
        if self._exit:
            return
        if isinstance(error, WorkerFailed):
            error = error.error if isinstance(error.error, Exception) else error
        line = noted(error)
        # The same again and again is a screen that cannot be painted.
        if len(FAULTS) < _MOST_FAULTS:
            with suppress(Exception):  # what cannot be shown is told on leaving
                told = [screen.tell(line) for screen in self.screen_stack if isinstance(screen, Walled)]
                if any(told):
                    return
        self.failure = error
        self.exit(2)

    def panic(self, *renderables: Any) -> None:
        """Called by Textual while it handles an error of its own, or of what a screen is made of."""
        error = sys.exc_info()[1]
        self._handle_exception(error if isinstance(error, Exception) else RuntimeError("the screen has given up"))


def _collect_from_now_on() -> None:
    """Turns garbage collection on (see the command line) for what comes after the first frame only,
    so that no key has to wait until the whole program has been looked through."""
    gc.freeze()
    gc.enable()
