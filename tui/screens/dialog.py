"""What all dialogs are: a window over the screen, and a line to type in."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input

from gradstep.engine.errors import printable
from gradstep.tui.cells import shown
from gradstep.tui.wall import Walled

Answer = TypeVar("Answer")
#: Characters of a line that is typed; of a longer one that is pasted the first ones are taken.
LONGEST = 2000
#: So long, in seconds, a key waits at most for what the one before it has led to.
_PATIENCE = 0.5


class Line(Walled, Input):
    """A line to type in. Of what is pasted its first line is taken, and what is left out is said."""

    def __init__(self, value: str = "", **options: Any) -> None:
        super().__init__(value, max_length=LONGEST, **options)

    async def _on_key(self, event: events.Key) -> None:
        """What keys do besides typing is done in its turn among the letters. Textual would do it only once the letters
        behind it stand there as well, as in what a program types, or a fast person: ^u would take them too."""
        for owner in (self, self.screen) if not event.is_printable else ():
            if await _done_by(owner, event):
                return

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()  # Textual's own way with it
        lines = event.text.splitlines() or [""]
        start, end = sorted(self.selection)
        room = max(LONGEST - len(self.value) + end - start, 0)
        # Cut before it is looked at: a paste may be as long as a file.
        text = printable(lines[0][:room].replace("\t", " "))[:room]
        self.replace(text, start, end)
        taken = [f"line 1 of {len(lines):,}"] if len(lines) > 1 else []
        taken += [f"{room:,} of {len(lines[0]):,} characters"] if len(lines[0]) > room else []
        if taken and isinstance(self.screen, Dialog):
            self.screen.tell(f"pasted: {', '.join(taken)}")


class Dialog(Walled, ModalScreen[Answer]):
    """A window over the screen, with a title, and on its lower edge what its keys do. It is answered once, however many
    keys have been typed ahead."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "close", show=False),
        # Before the line's own keys: where something is selected in it, ^c would copy that, again and again.
        Binding("ctrl+c", "close", "close", show=False, priority=True),
    ]
    dispensable = True
    #: Its class in the style sheet.
    kind: ClassVar[str]

    def __init__(self, title: str, keys: str = "esc closes") -> None:
        super().__init__()
        self._heading, self._keys = title, keys
        #: Whether it has its answer, and the one that it is still to be closed with.
        self.answered, self._late = False, list[Answer | None]()

    @abstractmethod
    def inside(self) -> ComposeResult:
        """What stands in the window."""

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes=self.kind) as window:
            window.border_title = Content(shown(self._heading))
            window.border_subtitle = Content(self._keys)
            yield from self.inside()

    def on_mount(self) -> None:
        for line in self.query(Line):
            self.set_focus(line)

    async def _on_key(self, event: events.Key) -> None:
        """Its keys act here and not on the way up to the application, which has read the next key by then."""
        await _done_by(self, event)

    async def settled(self) -> None:
        """Waits until what has come to it is done with: a line says what was typed by messages, which go up from it one
        widget after the other. The key behind one that closes it is then for the screen below."""
        first = self.focused or self
        way = [one for one in first.ancestors_with_self if isinstance(one, Widget)]
        for one in (first, *way):  # the first twice: it is behind its key that its messages are
            reached = asyncio.Event()
            if one.call_later(reached.set):
                with suppress(TimeoutError):
                    await asyncio.wait_for(reached.wait(), _PATIENCE)

    def tell(self, line: str) -> bool:
        windows = self.query("#dialog")
        for window in windows:
            window.border_subtitle = Content(shown(line))
        return bool(windows)

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Closes it with an answer; a second one is nobody's: it would close the screen below. Where another window
        has come over it, it is that which Textual would close: it waits until it is uncovered."""
        if self.answered:
            return AwaitComplete()
        self.answered = True
        if self.is_active:
            return super().dismiss(result)
        self._late = [result]
        return AwaitComplete()

    def on_screen_resume(self) -> None:
        while self._late and self.is_active:
            super().dismiss(self._late.pop())

    def action_close(self) -> None:
        self.dismiss(None)


async def _done_by(owner: Widget, event: events.Key) -> bool:
    """Does what a key does in a widget, if it has one; whether it has."""
    for binding in reversed(owner._bindings.key_to_bindings.get(event.key, [])):
        if not binding.priority and await owner.app.run_action(binding.action, owner):
            event.stop()
            event.prevent_default()
            return True
    return False
