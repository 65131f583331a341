"""One line to type, which stays until it is right."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.suggester import Suggester
from textual.widgets import Input, Static

from gradstep.engine.errors import GradstepError
from gradstep.tui.cells import shown
from gradstep.tui.screens.dialog import Dialog, Line


class Prompt(Dialog[bool]):
    """Asks for a line and hands it to `act`. What `act` refuses is said below the line, and the
    text stays to be mended."""

    kind = "prompt"

    def __init__(
        self,
        title: str,
        hint: str,
        act: Callable[[str], None],
        initial: str = "",
        suggester: Suggester | None = None,
    ) -> None:
        super().__init__(title)
        self._hint, self._act = hint, act
        self._initial, self._suggester = initial, suggester

    def inside(self) -> ComposeResult:
        yield Line(self._initial, id="line", suggester=self._suggester)
        yield Static(self._hint, id="said", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.answered:  # enter was typed ahead more than once
            return
        try:
            self._act(event.value)
        except GradstepError as error:
            said = self.query_one("#said", Static)
            said.update(shown(str(error)))
            said.add_class("error")
            return
        self.dismiss(True)
