"""The parameters of a network with modules, from afar: a row each, or of a module that is closed together; how many
numbers there are, and how large they and their gradients are."""

from __future__ import annotations

from math import hypot, isfinite, log10
from typing import NamedTuple

from gradstep.engine.debugger import Frame, norm
from gradstep.engine.graph import Element
from gradstep.engine.notation import Digits, Stale, number
from gradstep.engine.run import Phase, Recording, marked
from gradstep.tui.cells import breadth, fold
from gradstep.tui.folding import Branch, Closed, branches, called, closed_in, group_of, tail
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.looking import looked_at
from gradstep.tui.network.marks import OPEN, SHUT
from gradstep.tui.network.names import extent, short_count
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.view import View

#: What has more numbers is too large to be measured for the sake of a row that may not be read.
_LARGEST = 1 << 21
#: Sizes further apart than this are compared by their logarithm.
_DECADES = 3.0


class Owned(NamedTuple):
    """The rows; the parameters of each, none where a module begins; and in which row each parameter is."""

    rows: tuple[Branch, ...]
    parameters: tuple[tuple[int, ...], ...]
    row_of: dict[int, int]


@kept_of_network
def owned(recording: Recording, closed: Closed) -> Owned:
    """The parameters as they are seen with some modules closed."""
    values = [value.id for value in recording.graph.parameters]
    rows = tuple(branches(recording, values, closed))
    mine = tuple(tuple(values[row.first : row.last]) for row in rows)
    return Owned(rows, mine, {value: y for y, some in enumerate(mine) for value in some})


def here(frame: Frame, view: View) -> int:
    """The row of what is looked at: of a parameter its own, else the first of the module that it lies in."""
    recording, element = frame.recording, looked_at(frame, view)
    closed = closed_in(recording, view.opened)
    found = owned(recording, closed)
    if element is None:
        return 0
    if element.value in found.row_of:
        return found.row_of[element.value]
    modules, group = recording.board.modules, group_of(recording, element.value, closed)
    inside = modules.members[group] if group is not None else ()
    path = modules.path(element.value)
    near = [y for v, y in found.row_of.items() if v in inside or (group is None and path and modules.path(v) == path)]
    return min(near, default=0)


def beside(frame: Frame, view: View, step: int) -> Element | None:
    """The first number of the parameter in the next row with any, or in the one before."""
    found = owned(frame.recording, closed_in(frame.recording, view.opened))
    at = here(frame, view)
    element = looked_at(frame, view)
    if element is None or element.value not in found.row_of:
        at -= step
    at += step
    while 0 <= at < len(found.rows) and not found.parameters[at]:
        at += step
    return Element(found.parameters[at][0], 0) if 0 <= at < len(found.rows) else None


def shown(frame: Frame, view: View, height: int) -> range:
    """The rows that have room."""
    count = len(owned(frame.recording, closed_in(frame.recording, view.opened)).rows)
    first = max(0, min(here(frame, view) - height // 2, count - height))
    return range(first, min(first + max(height, 0), count))


class OwnedRows:
    """One painting of them."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        self.canvas, self.frame, self.view, self.palette = canvas, frame, view, canvas.palette
        self.recording = frame.recording
        self.found = owned(frame.recording, closed_in(frame.recording, view.opened))
        self.lines = shown(frame, view, canvas.height - 3)
        self.names = {y: self._name(self.found.rows[y], self.found.parameters[y]) for y in self.lines}
        self.sizes = {y: self._size(self.found.rows[y], self.found.parameters[y]) for y in self.lines}

    def paint(self) -> None:
        canvas, dim = self.canvas, self.palette.style("dim")
        wide = max(map(len, self.sizes.values()), default=0)
        wanted = max([9, *map(breadth, self.names.values())])
        if canvas.width - wide - 25 < min(wanted, 12):  # names before shapes
            wide = 0
        name = min(wanted, max(canvas.width - wide - 25, 6))
        size = 5 + name + wide
        value, grad = size + 8, size + 18
        canvas.put(4, 1, "parameter", dim)
        canvas.put(value - 3, 1, "‖w‖", dim)
        canvas.put(grad - 4, 1, "‖∂w‖", dim)
        grads = {y: self._norm(self.found.parameters[y], True) for y in self.lines}
        known = [g for g in grads.values() if g and isfinite(g)]
        now = here(self.frame, self.view)
        for row, y in enumerate(self.lines, 2):
            branch, mine = self.found.rows[y], self.found.parameters[y]
            bold = y == now and bool(mine)
            self._label(row, branch, self.names[y], name, bold)
            if wide:
                canvas.put(size - len(self.sizes[y]), row, self.sizes[y], dim)
            if mine:
                self._number(value, row, self._norm(mine, False))
                self._number(grad, row, grads[y])
                self._bar(grad + 2, row, grads[y], known, bold)
            if bold:
                canvas.tint(2, row, canvas.width - 4)

    def _name(self, row: Branch, mine: tuple[int, ...]) -> str:
        whole = row.group or self.recording.graph.values[mine[0]].name
        return "  " * len(row.around) + called(tail(whole, row.inside))

    def _size(self, row: Branch, mine: tuple[int, ...]) -> str:
        """Of one parameter its shape, of several how many numbers they have."""
        values = self.recording.graph.values
        if not mine:
            return ""
        return extent(values[mine[0]].shape) if not row.group else short_count(sum(values[v].size for v in mine))

    def _label(self, y: int, row: Branch, name: str, width: int, bold: bool) -> None:
        canvas, indent = self.canvas, len(name) - len(name.lstrip(" "))
        style = self.palette.style("current" if bold else "dim" if row.begins else "text", bold=bold)
        mark = OPEN if row.begins else SHUT if row.group else ""
        canvas.put(2 + indent, y, mark, self.palette.style("dim"))
        canvas.put(4 + indent, y, fold(name[indent:], width - indent), style)

    def _number(self, end: int, y: int, value: float | None) -> None:
        text = PENDING if value is None else number(value, Digits.NETWORK)
        self.canvas.put(end - len(text), y, text, self.palette.style("placeholder" if value is None else "text"))

    def _norm(self, mine: tuple[int, ...], gradient: bool) -> float | None:
        """‖·‖₂ of some parameters together; None while it is not known, and where they are too many to be read."""
        time, phase = self.recording.timeline, Phase.BACKWARD
        if not mine or sum(self._unread(v, gradient) for v in mine) > _LARGEST:
            return None
        sweeps = [time.sweep_of(phase, v) for v in mine] if gradient else []
        if any(sweep is None or self.frame.done < sweep.stop for sweep in sweeps):
            return None
        sizes = [norm(self.recording, v, gradient) for v in mine]
        return marked(hypot(*sizes), any(isinstance(size, Stale) for size in sizes))

    def _unread(self, value: int, gradient: bool) -> int:
        """How many numbers would have to be read for a norm."""
        trace = self.recording.trace
        array = trace.gradient(value) if gradient else trace.data[value]
        return 0 if self.recording.scenario.told(array) is not None else array.size

    def _bar(self, x: int, y: int, size: float | None, known: list[float], bold: bool) -> None:
        room = self.canvas.width - x - 2
        if not size or not isfinite(size) or room < 6:
            return
        low, high = min(known), max(known)
        share = size / high
        if log10(high / low) > _DECADES:
            share = 0.05 + 0.95 * log10(size / low) / log10(high / low)
        self.canvas.put(x, y, "█" * max(round(share * room), 1), self.palette.style("current" if bold else "dim"))
