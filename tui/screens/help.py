"""The keys on one screen, made from the key table, those for the panel that has the focus first. Typing filters them,
and ⏎ does what a line says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Click
from textual.widgets import Input, Static

from gradstep.tui.cells import breadth, clip
from gradstep.tui.keymap import ACT, APP, SPACE, TIME, Key, Keymap
from gradstep.tui.screens.dialog import Dialog, Line
from gradstep.tui.table import NUMBERED
from gradstep.tui.theme import Palette

#: Cells for the keys of a line, and lines and columns of the window that are not the keys'.
_KEYS_WIDTH, _AROUND, _EDGES = 9, 3, 4
#: So many lines stand in one column.
_FEW = 16
#: Keys that share a line with another one, and what it says then.
_TOGETHER: Mapping[str, tuple[tuple[str, ...], str]] = {
    "time.step": (("time.back",), "one step; back"),
    "time.into": (("time.outof",), "into a sum's term; out"),
    "time.finish": (("time.restart",), "finish, restart this sum"),
    "time.layer": (("time.rlayer",), "next layer; previous"),
    "time.phase": (("time.rphase",), "next phase; previous"),
    "time.iterate": (("time.riterate",), "next iteration; previous"),
    "time.train": ((), "train on; pause"),
    "time.run": (("time.rrun",), "run to a stop; backwards"),
    "time.place": (("time.rplace",), "before a jump; after it"),
    "time.play": (("time.rplay",), "play, faster; backwards"),
    "time.travel": ((), "to the selection's step"),
    "time.goto": ((), "go to 24, h[1], loss, @12"),
    "time.start": (("time.end",), "first step; last"),
    "space.up": (("space.down", "space.left", "space.right"), "select a node"),
    "space.zoom": (("space.outer",), "nearer; farther"),
    "space.escape": ((), "close, drop the selection"),
    "space.next": (("space.previous",), "next panel; previous"),
    "space.tape": (tuple(f"space.{panel}" for panel in NUMBERED if panel != "tape"), "open a panel"),
    "space.sample": (("space.rsample", "space.samples"), "sample; previous; all"),
    "space.order": (("space.filter",), "Params: sort; list some"),
    "act.break": (("act.rule",), "breakpoint here; a rule"),
    "act.watch": (("act.when",), "watch; since when?"),
    "act.why": ((), "why? the blame chain"),
    "act.edit": (("act.revert", "act.undo"), "what if?; drop all; undo"),
    "act.verify": (("act.verify_all",), "verify this gradient; all"),
    "act.explain": (("act.digits",), "explain more; digits"),
    "act.copy": ((), "copy the formula"),
    "app.save": (("app.open",), "save; open a scenario"),
    "app.findings": ((), "what the rules see"),
    "app.theme": ((), "dark, light, contrast"),
    "app.help": ((), "this help"),
    "app.quit": (("app.interrupt",), "quit; stop what runs"),
}
#: What keys do in a panel that has the focus.
_HERE: Mapping[str, Mapping[str, str]] = {
    "tape": {"space.up": "along the tape", "time.goto": "", "time.layer": "", "act.break": ""},
    "network": {"space.up": "", "space.zoom": "", "time.travel": "", "act.find": ""},
    "math": {"time.into": "", "act.explain": "", "act.copy": "", "space.maximise": ""},
    "params": {"space.up": "select a parameter", "space.order": "sort; list only some", "act.edit": ""},
    "watch": {"act.watch": ""},
    "breaks": {"act.break": "", "time.run": ""},
    "log": {"time.place": ""},
    "delta": {"act.edit": ""},
    "training": {"space.left": "point at an iteration", "space.zoom": "go to that iteration", "time.train": ""},
    "timeline": {"space.left": "one step back; one step"},
}


class _Row(NamedTuple):
    """A line: the keys as they are written, what they do, and the first of them; a title has none."""

    keys: str
    says: str
    key: Key | None = None


class Help(Dialog[str | None]):
    """All keys in groups, and what the colours mean. It is answered with the name of the chosen one."""

    kind = "help"
    BINDINGS: ClassVar = [
        Binding("f1", "close", "close", show=False),
        *(Binding(key, f"move('{key}')", key, show=False, priority=True) for key in ("up", "down", "left", "right")),
        Binding("pageup", "scroll(-1)", "back", show=False, priority=True),
        Binding("pagedown", "scroll(1)", "on", show=False, priority=True),
    ]

    def __init__(self, palette: Palette, keymap: Keymap, focused: str = "") -> None:
        super().__init__(
            "Keys · capital: the same move backwards", "↑↓←→ choose · ⏎ does it · type to filter · esc closes"
        )
        self._palette, self._keymap, self._focused = palette, keymap, focused
        self._rows: list[_Row] = []
        #: How many of them stand in the left column, and the one that is chosen.
        self._left, self._at = 0, 0

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

    def on_input_submitted(self) -> None:
        if self._rows and self._rows[self._at].key is not None:
            key = self._rows[self._at].key
            self.dismiss(key.id if key is not None else None)

    # What there is ---------------------------------------------------------------------------------

    def _fill(self, wanted: str) -> None:
        words = wanted.lower().split()
        self._rows = self._found(words) if words else self._all()
        room = max(self.app.size.height - _AROUND, 4)
        wide = self.app.size.width >= 76 and len(self._rows) > _FEW
        self._left = self._break(room) if wide else len(self._rows)
        self._at = next((k for k, row in enumerate(self._rows) if row.key is not None), 0)
        self._show()

    def _found(self, words: list[str]) -> list[_Row]:
        """Each key by itself that has all words, with all that is said of it."""
        found = [
            _Row(key.shown, key.help, key)
            for key in self._keymap.keys
            if all(w in f"{key.shown} {key.help} {key.hint} {key.group}".lower() for w in words)
        ]
        return found or [_Row("", "no key does that")]

    def _all(self) -> list[_Row]:
        keys = {key.id: key for key in self._keymap.keys}
        behind = {other for others, _ in _TOGETHER.values() for other in others}
        here = _HERE.get(self._focused, {})
        rows = []
        if here:
            title = NUMBERED[self._focused].title if self._focused in NUMBERED else self._focused.title()
            rows = [_Row("", f"here, in {title}"), *(self._row(keys, name, says) for name, says in here.items())]
        for group in (TIME, SPACE, ACT, APP):
            mine = [k.id for k in keys.values() if k.group == group and k.id not in behind and k.id not in here]
            rows += [_Row("", group), *(self._row(keys, name) for name in mine)]
        return rows

    def _row(self, keys: Mapping[str, Key], name: str, says: str = "") -> _Row:
        others, together = _TOGETHER.get(name, ((), ""))
        faces = [keys[one].shown.split(" ")[0] for one in (name, *others)]
        if name == "space.left":
            faces.append(keys["space.right"].shown.split(" ")[0])
        shown = " ".join(faces) if len(faces) < 5 else f"{faces[0]} … {faces[-1]}"
        return _Row(shown, says or together or keys[name].help, keys[name])

    def _break(self, room: int) -> int:
        """After how many rows the right column begins: at a group, where both columns have room then."""
        count = len(self._rows)
        titles = [k for k, row in enumerate(self._rows) if row.key is None and count - room <= k <= room]
        return min(titles, key=lambda k: abs(2 * k - count), default=-(-count // 2))

    # How it looks ----------------------------------------------------------------------------------

    def _show(self) -> None:
        width = self.app.size.width - _EDGES
        column = min(width // 2, 56) if self._left < len(self._rows) else width
        lines = [self._line(k, column) for k in range(len(self._rows))]
        if self._left < len(lines):
            right = lines[self._left :]
            blank = Content("")
            left = lines[: self._left] + [blank] * (len(right) - self._left)
            right += [blank] * (len(left) - len(right))
            lines = [a.pad_right(column - a.cell_length) + b for a, b in zip(left, right, strict=True)]
        if len(lines) + 2 < self.app.size.height - _AROUND:
            lines += [Content(""), self._colours()]
        for keys in self.query("#keys").results(Static):
            keys.update(Content("\n").join(lines))

    def _line(self, number: int, width: int) -> Content:
        row, role = self._rows[number], self._palette.roles
        if row.key is None:
            return Content.styled(row.says, f"{role['dim']} bold")
        keys = f"{' ' * max(_KEYS_WIDTH - breadth(row.keys), 0)}"
        says = clip(row.says, max(width - max(_KEYS_WIDTH, breadth(row.keys)) - 4, 1))
        line = Content.styled(f" {row.keys}{keys}", "bold") + Content(f" {says}")
        return line.stylize(f"{role['current']} on {role['tint']}") if number == self._at else line

    def _colours(self) -> Content:
        role = self._palette.roles
        return Content.assemble(
            (" + ━━ blue", role["positive"]), " positive ", (" − ╍╍ orange", role["negative"]), " negative ",
            (" ·", role["placeholder"]), " not yet ", (" 0.540 ", "reverse"), " just computed",
        )  # fmt: skip

    # What keys do here -----------------------------------------------------------------------------

    def action_move(self, direction: str) -> None:
        """To the next line that says what a key does: up, down, or beside it in the other column."""
        if direction in ("left", "right"):
            other = self._at + (self._left if direction == "right" else -self._left)
            if self._left < len(self._rows):
                low, high = (self._left, len(self._rows)) if direction == "right" else (0, self._left)
                self._choose(min(max(other, low), high - 1), 1)
            return
        self._choose(self._at + (1 if direction == "down" else -1), 1 if direction == "down" else -1)

    def _choose(self, at: int, onward: int) -> None:
        while 0 <= at < len(self._rows) and self._rows[at].key is None:
            at += onward
        if 0 <= at < len(self._rows):
            self._at = at
            self._show()
            line = at - self._left if at >= self._left else at
            for box in self.query(VerticalScroll):
                box.scroll_to(y=max(line - box.size.height + 1, 0) if line >= box.size.height else 0, animate=False)

    def action_scroll(self, direction: int) -> None:
        for box in self.query(VerticalScroll):  # none yet, where a key comes before what is inside
            (box.scroll_page_down if direction > 0 else box.scroll_page_up)(animate=False)

    def on_click(self, event: Click) -> None:
        """A click on a line does it."""
        if event.widget is None or event.widget.id != "keys":
            return
        width = self.app.size.width - _EDGES
        right = self._left < len(self._rows) and event.x >= min(width // 2, 56)
        at = event.y + (self._left if right else 0)
        if at < (len(self._rows) if right or self._left == len(self._rows) else self._left) and self._rows[at].key:
            self._at = at
            self.on_input_submitted()
