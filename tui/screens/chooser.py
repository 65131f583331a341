"""A list to choose from, narrowed by what is typed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from gradstep.tui.cells import shown
from gradstep.tui.screens.dialog import Dialog, Line

#: So many lines are listed; more are found by typing.
_LISTED = 200
#: So many of those that fit what is typed are rated: rating takes a while.
_RATED = 2000


class Choice(NamedTuple):
    """A line: its text, what is typed for it, and where it leads (as `goto` reads it)."""

    text: str
    where: str


class Chooser(Dialog[str | None]):
    """Shows choices under what is `said` of them; the one that is taken is what `where` says. There may be very many:
    no more of them are asked for than are listed, before something is typed."""

    kind = "chooser"
    #: What stands on its lower edge.
    keys: ClassVar = "enter goes there · esc closes · type to narrow"
    BINDINGS: ClassVar = [
        Binding("down", "move(1)", "next", show=False, priority=True),
        Binding("up", "move(-1)", "previous", show=False, priority=True),
    ]

    def __init__(self, title: str, choices: Iterable[Choice], said: str = "", at: int = 0) -> None:
        super().__init__(title, self.keys)
        self._about, self._at = said, at
        self._rest, self._known = iter(choices), list[Choice]()

    def inside(self) -> ComposeResult:
        if self._about:
            yield Static(shown(self._about), id="head", markup=False)
        yield Line(placeholder="type to narrow", id="line")
        yield OptionList(id="names")

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._fill("")
        self.query_one(OptionList).highlighted = self._at if self._shown else None

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        names = self.query_one(OptionList)
        names.clear_options()
        self._shown = self._rated(wanted.strip()) if wanted.strip() else self._first(_LISTED)
        names.add_options(map(_Listed, self._shown))
        names.highlighted = 0 if self._shown else None

    def _first(self, count: int | None) -> list[Choice]:
        """So many choices; all for None."""
        if count is None or len(self._known) < count:
            self._known += islice(self._rest, None if count is None else count - len(self._known))
        return self._known[:count]

    def _rated(self, wanted: str) -> list[Choice]:
        """Those that have the letters of what is wanted in order, the best first."""
        long = [choice for choice in self._first(None) if len(choice.where) + 1 + len(choice.text) >= len(wanted)]
        if not long:  # a pattern of thousands of letters takes longer to be read than all names to be looked at
            return []
        # Each up to its first place: a pattern with .* between them would try all others too.
        letters = re.compile("".join(f"[^{re.escape(c)}]*{re.escape(c)}" for c in wanted), re.IGNORECASE)
        near = [choice for choice in long if letters.match(f"{choice.where} {choice.text}")]
        if len(near) > _RATED:  # what has it in one piece goes before
            near = sorted(near, key=lambda choice: wanted.lower() not in choice.where.lower())[:_RATED]
        return sorted(near, key=lambda choice: -_rating(wanted.lower(), choice))[:_LISTED]

    def action_move(self, direction: int) -> None:
        for names in self.query(OptionList):  # none yet, where a key comes before what is inside
            if direction > 0:
                names.action_cursor_down()
            else:
                names.action_cursor_up()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        at = self.query_one(OptionList).highlighted
        self.dismiss(None if at is None else self._shown[at].where)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        # By what it was when it was clicked: the list may be another one since.
        assert isinstance(event.option, _Listed), "the list has nothing else"
        self.dismiss(event.option.where)


class _Listed(Option):
    """A choice in the list."""

    def __init__(self, choice: Choice) -> None:
        super().__init__(Content(shown(choice.text)))
        self.where = choice.where


def _rating(wanted: str, choice: Choice) -> float:
    """How well a choice has the letters that are wanted: best in one piece, where a word begins; then in long ones."""
    text = f"{choice.where} {choice.text}".lower()
    at = text.find(wanted)
    if at >= 0:
        return 2.0 + (not at or not re.match(r"\w", text[at - 1]))
    pieces = [0]
    for letter in wanted:
        before, at = at, text.find(letter, at + 1)
        if at != before + 1:
            pieces.append(0)
        pieces[-1] += 1
    return sum(piece**2 for piece in pieces) / len(wanted) ** 2
