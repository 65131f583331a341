"""A list to choose from, narrowed by what is typed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from gradstep.engine.errors import printable

#: So many lines are listed; more are found by typing.
_LISTED = 200


class Choice(NamedTuple):
    """A line: its text, what is typed for it, and where it leads (as `goto` reads it)."""

    text: str
    where: str


class Chooser(ModalScreen[str | None]):
    """Shows choices; the one that is taken is what `where` says."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar = [
        Binding("escape", "close", "close", show=False),
        Binding("down", "move(1)", "next", show=False, priority=True),
        Binding("up", "move(-1)", "previous", show=False, priority=True),
    ]

    def __init__(self, title: str, choices: Iterable[Choice], said: str = "", at: int = 0) -> None:
        super().__init__()
        self._title, self._choices, self._about, self._at = title, list(choices), said, at

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="chooser") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "enter goes there · esc closes · type to narrow"
            yield Input(placeholder=self._about or "type to narrow", id="line")
            yield OptionList(id="names")

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._fill("")
        self.query_one(OptionList).highlighted = self._at if self._choices else None
        self.set_focus(self.query_one(Input))

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        names = self.query_one(OptionList)
        names.clear_options()
        shown = self._choices
        if wanted.strip():
            matcher = Matcher(wanted.strip())
            rated = [(matcher.match(f"{c.where} {c.text}"), c) for c in shown]
            shown = [c for score, c in sorted(rated, key=lambda r: -r[0]) if score > 0]
        self._shown = shown[:_LISTED]
        names.add_options(Option(Content(printable(choice.text))) for choice in self._shown)
        names.highlighted = 0 if self._shown else None

    def action_move(self, direction: int) -> None:
        names = self.query_one(OptionList)
        if direction > 0:
            names.action_cursor_down()
        else:
            names.action_cursor_up()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        at = self.query_one(OptionList).highlighted
        self.dismiss(None if at is None else self._shown[at].where)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._shown[event.option_index].where)

    def action_close(self) -> None:
        self.dismiss(None)
