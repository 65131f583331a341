"""What the rules see: a line each, the worst first and what follows from it below; of the one under the cursor all of
it. One goes there, or has its advice tried."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from gradstep.engine.diagnosis import Diagnosis, Finding, Severity
from gradstep.engine.notation import padded
from gradstep.tui.cells import breadth, clip, hanging, shown
from gradstep.tui.screens.dialog import Dialog
from gradstep.tui.theme import Palette

#: As wide as its style says at most; and the cells of its edges and its bar.
_WIDEST, _EDGES = 120, 5
#: Kinds and places are shown up to so many cells.
_KIND, _PLACE = 28, 18
#: A terminal of fewer lines is low.
_LOW = 30


class Row(NamedTuple):
    """A finding, the number of that which it stands under, and whether it follows from it."""

    finding: Finding
    number: int
    follows: bool


class Findings(Dialog[str | None]):
    """The findings as a list, with what is said of one of them below. It is answered with a command."""

    kind = "findings"
    BINDINGS: ClassVar = [
        Binding("down,j", "move(1)", "next", show=False, priority=True),
        Binding("up,k", "move(-1)", "previous", show=False, priority=True),
        Binding("pagedown", "scroll(1)", "on", show=False, priority=True),
        Binding("pageup", "scroll(-1)", "back", show=False, priority=True),
        Binding("enter", "go", "go there", show=False, priority=True),
        Binding("t", "try", "try", show=False),
        Binding("q,exclamation_mark", "close", "close", show=False),
    ]

    def __init__(self, found: Diagnosis, palette: Palette) -> None:
        super().__init__("findings", "↑↓ choose · ⏎ goes there · t tries the advice · esc closes")
        self._found, self._palette = found, palette
        self._rows = [
            Row(one, number, one is not first)
            for number, first in enumerate(found, 1)
            for one in (first, *first.follows)
        ]

    def inside(self) -> ComposeResult:
        if not self._found.faults:
            yield Static(shown(next(iter(self._found.lines()))), id="head", markup=False)
        yield OptionList(id="names")
        with VerticalScroll(can_focus=False):
            yield Static(id="about", markup=False)

    def on_mount(self) -> None:
        self.query_one(OptionList).can_focus = False
        self._fill(0)

    def on_resize(self) -> None:
        self._fill(self._at)

    @property
    def _at(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    @property
    def _room(self) -> int:
        return min(int(self.app.size.width * 0.96), _WIDEST) - _EDGES

    def _fill(self, at: int) -> None:
        self.query_one("#dialog").set_class(self.app.size.height < _LOW, "-low")
        names = self.query_one(OptionList)
        names.clear_options()
        kinds = min(max(breadth(self._kind(row)) for row in self._rows), _KIND)
        places = min(max(breadth(row.finding.at) for row in self._rows), _PLACE)
        names.add_options(Option(self._line(row, kinds, places)) for row in self._rows)
        names.highlighted = at
        self._tell()

    def _kind(self, row: Row) -> str:
        return f"  └ {row.finding.kind}" if row.follows else f"{row.finding.severity.sign} {row.finding.kind}"

    def _line(self, row: Row, kinds: int, places: int) -> Content:
        """A finding in one line."""
        kind, place = padded(clip(self._kind(row), kinds), kinds), padded(clip(row.finding.at, places), places)
        rest = clip(shown(row.finding.text), self._room - kinds - places - 4)
        return Content.assemble((kind, self._style(row)), "  ", (place, self._role("dim")), "  ", rest)

    def _style(self, row: Row) -> str:
        """A fault is red and bold, a warning bold; what follows from another, and what is only to be known, is dim."""
        if row.follows or row.finding.severity is Severity.INFORMATION:
            return self._role("dim")
        return f"{self._role('alarm')} bold" if row.finding.severity is Severity.FAULT else "bold"

    def _role(self, name: str) -> str:
        return self._palette.roles[name]

    def _tell(self) -> None:
        """Says all of the finding under the cursor. There is room for the longest, so that the window stands still."""
        said = [self._about(row) for row in self._rows]
        box = self.query_one(VerticalScroll)
        box.styles.height = max(len(lines) for lines in said)
        self.query_one("#about", Static).update(Content("\n").join(said[self._at]))
        box.scroll_home(animate=False)

    def _about(self, row: Row) -> list[Content]:
        """All that is said of a finding, line by line."""
        first, *rest = row.finding._replace(follows=()).lines(number=0 if row.follows else row.number)
        if row.follows:
            rest.insert(0, f"    why: it follows from {self._found[row.number - 1].kind}")
        lines = [Content.styled(line, "bold") for line in hanging(shown(first), self._room)]
        for line in rest:
            head = line.partition(":")[0] + ":"
            begun, *more = hanging(shown(line), self._room)
            lines.append(Content.assemble((head, self._role("dim")), begun.removeprefix(head)))
            lines += map(Content, more)
        return lines

    def action_move(self, direction: int) -> None:
        self.query_one(OptionList).highlighted = (self._at + direction) % len(self._rows)
        self._tell()

    def action_scroll(self, direction: int) -> None:
        box = self.query_one(VerticalScroll)
        (box.scroll_page_down if direction > 0 else box.scroll_page_up)(animate=False)

    def action_go(self) -> None:
        """To where it is; what is about all of a training is nowhere."""
        go = self._rows[self._at].finding.go
        if go:
            self.dismiss(go)
        else:
            self.tell("it is about the network as a whole: there is no step to go to")

    def action_try(self) -> None:
        row = self._rows[self._at]
        if self._found[row.number - 1].changes:
            self.dismiss(f"try {row.number}")
        else:
            self.tell("its advice is to be done by hand")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.query_one(OptionList).highlighted = event.option_index
        self.action_go()
