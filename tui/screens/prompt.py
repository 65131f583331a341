"""One line to type, which stays until it is right."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from gradstep.engine.errors import GradstepError, printable


class Prompt(ModalScreen[bool]):
    """Asks for a line and hands it to `act`. What `act` refuses is said below the line, and the
    text stays to be mended."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar = [Binding("escape", "close", "close", show=False)]

    def __init__(
        self,
        title: str,
        hint: str,
        act: Callable[[str], None],
        initial: str = "",
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__()
        self._title, self._hint, self._act = title, hint, act
        self._initial, self._suggester = initial, suggester

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="prompt") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "esc closes"
            yield Input(self._initial, id="line", suggester=self._suggester)
            yield Static(self._hint, id="said", markup=False)

    def on_mount(self) -> None:
        self.set_focus(self.query_one(Input))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            self._act(event.value)
        except GradstepError as error:
            said = self.query_one("#said", Static)
            said.update(printable(str(error)))
            said.add_class("error")
            return
        self.dismiss(True)

    def action_close(self) -> None:
        self.dismiss(False)
