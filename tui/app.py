"""The application: themes, signals, and the debugger's screen."""

from __future__ import annotations

import codecs
import gc
import signal
import sys
from functools import partial
from types import FrameType

from textual.app import App
from textual.theme import Theme

from gradstep.engine.debugger import Session
from gradstep.engine.errors import GradstepError
from gradstep.engine.run import Scenario
from gradstep.tui.loading import Loading
from gradstep.tui.screens.debugger import Debugger
from gradstep.tui.theme import PALETTES, Palette, palettes


def _theme(palette: Palette) -> Theme:
    role = palette.roles
    return Theme(
        name=palette.name,
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


class Gradstep(App[int]):
    """gradstep on the screen. Returns the exit status."""

    TITLE = "gradstep"
    ENABLE_COMMAND_PALETTE = False

    session: Session

    def __init__(self, scenario: Scenario | Loading, ascii: bool = False) -> None:
        """Shows a scenario; one that is still loading as soon as it is there. `ascii`: in ASCII."""
        super().__init__()
        _forgive_keys()
        self._loading = scenario if isinstance(scenario, Loading) else None
        #: What went wrong with it, where something did.
        self.failure: Exception | None = None
        if isinstance(scenario, Scenario):
            self.session = Session(scenario)
        elif scenario.wait(0):
            self.session, self._loading = scenario.session(), None
        self.palettes = palettes(self.console.color_system, self.no_color or ascii)
        for palette in self.palettes.values():
            self.register_theme(_theme(palette))
        self.theme = next(iter(self.palettes))
        if ascii:
            from gradstep.tui.ascii import Ascii

            self._filters.append(Ascii())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {f"grad-{name}": colour for name, colour in next(iter(PALETTES.values())).roles.items()}

    def on_mount(self) -> None:
        if self._loading is None:
            self.push_screen(Debugger(self.session, self.palettes))
        else:
            from gradstep.tui.screens.opening import Opening

            self.push_screen(Opening(self._loading), self._loaded)
        self.call_after_refresh(_collect_from_now_on)
        # Left alone, these signals would end the process with the terminal still in full-screen mode.
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end_by_signal)

    def _loaded(self, nothing: None) -> None:
        assert self._loading is not None, "it was waited for"
        try:
            self.session = self._loading.session()
        except (GradstepError, OSError) as error:
            self.failure = error
            self.exit(2)
        else:
            self.push_screen(Debugger(self.session, self.palettes))

    def _end_by_signal(self, number: int, frame: FrameType | None) -> None:
        self.call_later(self.exit, 128 + number, 128 + number)


def _collect_from_now_on() -> None:
    """Turns garbage collection on (see the command line) for what comes after the first frame only,
    so that no key has to wait until the whole program has been looked through."""
    gc.freeze()
    gc.enable()


def _forgive_keys() -> None:
    """Lets a key that is no UTF-8 be an unknown key. Textual's reader would end the program."""
    if sys.platform != "win32":
        from textual.drivers import linux_driver

        decoder = partial(codecs.getincrementaldecoder("utf-8"), errors="replace")
        linux_driver.getincrementaldecoder = lambda encoding: decoder  # type: ignore[attr-defined]
