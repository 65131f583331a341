"""What if this number were another? The answer, live, before it is applied."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, Static

from gradstep.engine.ask import preview, read_edit
from gradstep.engine.debugger import Session
from gradstep.engine.errors import GradstepError
from gradstep.engine.notation import number, padded
from gradstep.tui.cells import shown
from gradstep.tui.screens.dialog import Dialog, Line
from gradstep.tui.theme import Palette, sign_role

#: So many of the numbers that would change are listed.
_SHOWN = 10


class _Number(Line):
    """A line in which ~ is a key and no character: no number has one."""

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return key != "tilde" and super().check_consume_key(key, character)


class Edit(Dialog[str | None]):
    """A number to change with the arrows or by typing. Dismissed with the edit, or None."""

    kind = "edit"
    BINDINGS: ClassVar = [
        Binding("up", "nudge(0.1)", "+0.1", show=False, priority=True),
        Binding("down", "nudge(-0.1)", "-0.1", show=False, priority=True),
        Binding("right", "nudge(0.01)", "+0.01", show=False, priority=True),
        Binding("left", "nudge(-0.01)", "-0.01", show=False, priority=True),
        Binding("tilde", "sign", "sign", show=False, priority=True),
    ]

    def __init__(self, session: Session, name: str, value: float, palette: Palette) -> None:
        super().__init__(f"what if {name} =", "↑↓ ±0.1 · ←→ ±0.01 · ~ sign · ⏎ applies · esc leaves it")
        self._session, self._name, self._value, self._palette = session, name, value, palette

    def inside(self) -> ComposeResult:
        yield _Number(f"{self._value!r}", id="line")
        yield Static("", id="said", markup=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        said = self.query_one("#said", Static)
        said.remove_class("error")
        try:
            said.update(self._preview(event.value))
        except GradstepError as error:
            said.update(shown(str(error)))
            said.add_class("error")

    def _preview(self, text: str) -> Content:
        """Loss and gradients before → after."""
        session = self._session
        found = preview(session.base, session.edits, session.recording, f"{self._name} = {text}")
        lines, rows = [], [(found.loss, False), *((one, True) for one in found.gradients)]
        for one, signed in rows[:_SHOWN]:
            before, now = number(one.before, signed=signed), number(one.after, signed=signed)
            role = self._palette.roles[sign_role(one.after) if signed else "text"]
            lines.append(Content(f"{padded(one.name, 14)} {before:>9} → ") + Content.styled(f"{now:>9}", role))
        if len(rows) > _SHOWN:
            lines.append(Content(f"… and {len(rows) - _SHOWN} more"))
        return Content("\n").join(lines)

    def action_nudge(self, by: float) -> None:
        line = self.query_one(Input)
        try:
            line.value = repr(round(float(line.value) + by, 10))
        except ValueError:
            return
        line.cursor_position = len(line.value)

    def action_sign(self) -> None:
        line = self.query_one(Input)
        line.value = line.value[1:] if line.value.startswith("-") else f"-{line.value}"
        line.cursor_position = len(line.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        try:
            read_edit(self._session.recording, f"{self._name} = {event.value}")
        except GradstepError:
            return  # what is wrong is said already
        self.dismiss(f"{self._name} = {event.value}")
