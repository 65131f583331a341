"""Choosing another scenario: one of the built-in ones, or the path of a file."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from gradstep.engine.errors import GradstepError
from gradstep.engine.files import builtin, find
from gradstep.engine.notation import padded
from gradstep.engine.run import Scenario
from gradstep.tui.cells import shown
from gradstep.tui.screens.dialog import Dialog, Line
from gradstep.tui.wall import noted


class Picker(Dialog[Scenario | None]):
    """A list that what is typed narrows; a path opens a file. A file that cannot be used says why,
    and the screen behind stays as it was."""

    kind = "picker"
    BINDINGS: ClassVar = [
        Binding("down", "move('down')", "next", show=False, priority=True),
        Binding("up", "move('up')", "previous", show=False, priority=True),
    ]

    def __init__(self, current: str) -> None:
        super().__init__("Open a scenario", "enter opens · esc closes · or type the path of a file")
        self._current = current
        self._shows = {name: find(name).shows for name in builtin()}

    def inside(self) -> ComposeResult:
        yield Line(placeholder="name or path", id="line")
        yield OptionList(id="names")
        yield Static("", id="said", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        names, words = self.query_one(OptionList), wanted.lower().split()
        names.clear_options()
        width = max(map(len, self._shows)) + 2
        for name, shows in self._shows.items():
            if all(w in f"{name} {shows}".lower() for w in words):
                mark = "▸ " if name == self._current else "  "
                line = Content.styled(f"{mark}{padded(name, width)}", "bold") + Content(shown(shows))
                names.add_option(Option(line, id=name))
        names.highlighted = 0 if names.option_count else None

    def action_move(self, direction: str) -> None:
        names = self.query_one(OptionList)
        if direction == "down":
            names.action_cursor_down()
        else:
            names.action_cursor_up()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        names = self.query_one(OptionList)
        if names.highlighted is not None:
            self._open(str(names.get_option_at_index(names.highlighted).id))
        elif event.value.strip():
            self._open(event.value.strip())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._open(str(event.option.id))

    def _open(self, name: str) -> None:
        if name in self._shows:  # small, and read already
            self.dismiss(find(name))
            return
        self.query_one("#said", Static).update(f"reading {shown(name)} …")
        self.run_worker(lambda: self._read(name), thread=True, exclusive=True)

    def _read(self, name: str) -> None:
        """In a thread of its own: a file may have large arrays beside it."""
        try:
            scenario = find(name)
        except GradstepError as error:
            self.app.call_from_thread(self._refuse, str(error))
        except OSError as error:
            self.app.call_from_thread(self._refuse, f"{name}: {error.strerror or error}")
        except Exception as error:
            self.app.call_from_thread(self._refuse, noted(error))
        else:
            self.app.call_from_thread(self._done, scenario)

    def _done(self, scenario: Scenario) -> None:
        if self.is_current:  # it may have been closed meanwhile
            self.dismiss(scenario)

    def _refuse(self, problems: str) -> None:
        if self.is_current:
            said = self.query_one("#said", Static)
            said.update("\n".join(map(shown, problems.split("\n"))))
            said.add_class("error")
