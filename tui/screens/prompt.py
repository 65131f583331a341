"""One line to type, which stays until it is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input, Static

from gradstep.engine.errors import GradstepError
from gradstep.tui.cells import clip, shown
from gradstep.tui.screens.completer import Completer
from gradstep.tui.screens.dialog import Dialog, Line

#: So many cells the candidates take.
_LISTED = 120


class Prompt(Dialog[bool]):
    """Asks for a line and hands it to `act`. What `act` refuses is said below the line, and the
    text stays to be mended. `past` are lines that were typed before, the newest last."""

    kind = "prompt"
    BINDINGS: ClassVar = [
        Binding("up", "past(-1)", "the line before", show=False),
        Binding("down", "past(1)", "the line after", show=False),
        Binding("tab", "complete", "complete", show=False),
    ]

    def __init__(
        self,
        title: str,
        hint: str,
        act: Callable[[str], None],
        initial: str = "",
        completer: Completer | None = None,
        past: Sequence[str] = (),
    ) -> None:
        keys = ["enter does it", *["tab completes"] * (completer is not None), *["↑↓ typed before"] * bool(past)]
        super().__init__(title, " · ".join([*keys, "esc closes"]))
        self._hint, self._act = hint, act
        self._initial, self._completer = initial, completer
        #: What was typed before, and as the last what is being typed; which of them stands in the line.
        self._past = [*past, initial]
        self._at = len(past)

    def inside(self) -> ComposeResult:
        yield Line(self._initial, id="line", suggester=self._completer)
        yield Static(self._hint, id="said", markup=False)

    def action_past(self, by: int) -> None:
        """Another line that was typed before."""
        for line in self.query(Line):  # none yet, where a key comes before what is inside
            if not 0 <= self._at + by < len(self._past):
                return
            self._past[self._at] = line.value
            self._at += by
            line.value = self._past[self._at]
            line.cursor_position = len(line.value)

    def action_complete(self) -> None:
        """As far as all candidates agree; where they part, they are listed."""
        for line in self.query(Line):
            found = [] if self._completer is None else self._completer.candidates(line.value)
            if not found:
                return
            agreed = _agreed(found)
            if len(agreed) > len(line.value):
                line.value = agreed
                line.cursor_position = len(agreed)
            if len(found) > 1:
                start = max(agreed.rfind(c) for c in " (") + 1
                self._say(clip("  ".join(one[start:] for one in found), _LISTED))

    def _say(self, text: str, error: bool = False) -> None:
        said = self.query_one("#said", Static)
        said.update(shown(text))
        said.set_class(error, "error")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.answered:  # enter was typed ahead more than once
            return
        try:
            self._act(event.value)
        except GradstepError as error:
            self._say(str(error), True)
            return
        self.dismiss(True)


def _agreed(texts: Sequence[str]) -> str:
    """What all of some texts begin with."""
    first, last = min(texts), max(texts)
    same = next((k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
    return first[:same]
