"""The keys, made from the key table. Typing filters them."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from gradstep.tui.keymap import ACT, APP, SPACE, TIME, Key, Keymap
from gradstep.tui.screens.dialog import Dialog, Line
from gradstep.tui.theme import Palette

_KEYS_WIDTH = 9


class Help(Dialog[None]):
    """All keys in groups, and what the colours mean."""

    kind = "help"
    BINDINGS: ClassVar = [
        Binding("f1", "close", "close", show=False),
        *(
            Binding(key, f"scroll('{key}')", key, show=False, priority=True)
            for key in ("up", "down", "pageup", "pagedown")
        ),
    ]

    def __init__(self, palette: Palette, keymap: Keymap) -> None:
        super().__init__("Keys", "↑↓ scroll · esc closes")
        self._palette, self._keymap = palette, keymap

    def inside(self) -> ComposeResult:
        yield Line(placeholder="type to filter", id="filter")
        with VerticalScroll(can_focus=False):
            yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        self._fill("")

    def on_resize(self) -> None:
        self._fill(self.query_one(Input).value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def _fill(self, wanted: str) -> None:
        words = wanted.lower().split()
        chosen = [
            k for k in self._keymap.keys if all(w in f"{k.shown} {k.help} {k.hint} {k.group}".lower() for w in words)
        ]
        left = self._groups(chosen, (TIME,))
        right = self._groups(chosen, (SPACE, ACT, APP))
        if not words:
            left += [Content(""), *self._colours()]
        wide = self.app.size.width >= 92
        lines = _beside(left, right) if wide and left and right else [*left, *right]
        if not chosen:
            lines = [Content("no key does that")]
        self.query_one("#keys", Static).update(Content("\n").join(lines))

    def _groups(self, chosen: list[Key], groups: tuple[str, ...]) -> list[Content]:
        role = self._palette.roles
        lines: list[Content] = []
        for group in groups:
            mine = [k for k in chosen if k.group == group]
            if mine:
                title = group + ("  (capital: the same move backwards)" if group == TIME else "")
                lines.append(Content.styled(title, f"{role['dim']} bold"))
                lines += [Content.styled(f" {k.shown:<{_KEYS_WIDTH}}", "bold") + Content(f" {k.help}") for k in mine]
        return lines

    def _colours(self) -> list[Content]:
        role = self._palette.roles
        return [
            Content.styled("Colours", f"{role['dim']} bold"),
            Content.styled(" + ━━ blue", role["positive"]) + Content("    positive"),
            Content.styled(" − ╍╍ orange", role["negative"]) + Content("  negative"),
            Content.styled(" ·", role["placeholder"]) + Content("           not computed yet"),
            Content(" ") + Content.styled(" 0.540 ", "reverse") + Content("     just computed"),
        ]

    def action_scroll(self, key: str) -> None:
        box = self.query_one(VerticalScroll)
        {"up": box.scroll_up, "down": box.scroll_down, "pageup": box.scroll_page_up, "pagedown": box.scroll_page_down}[
            key
        ](animate=False)


def _beside(left: list[Content], right: list[Content]) -> list[Content]:
    """Two columns of lines next to each other."""
    width = max(line.cell_length for line in left) + 3
    rows = max(len(left), len(right))
    blank = Content("")
    left, right = left + [blank] * (rows - len(left)), right + [blank] * (rows - len(right))
    return [a.pad_right(width - a.cell_length) + b for a, b in zip(left, right, strict=True)]
