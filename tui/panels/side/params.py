"""Every parameter with its value, its gradient, and in the update its new number; of a large network
seen from afar, the layer that is looked at."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from textual.events import Click
from textual.message import Message

from gradstep.engine.ask import ORDERS, in_order
from gradstep.engine.debugger import Frame
from gradstep.engine.graph import Element, Value
from gradstep.engine.notation import number
from gradstep.engine.run import Phase, Recording
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.folding import closed_in, foldable
from gradstep.tui.kept import kept_of_network
from gradstep.tui.network.levels import opening
from gradstep.tui.network.looking import looked_at
from gradstep.tui.network.names import folded, leads
from gradstep.tui.network.owned import OwnedRows, beside, owned, shown
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, Scene, framed, hint
from gradstep.tui.tails import tails
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View, Zoom

#: Bars in fewer cells say nothing.
_BARS = 9
#: Names in fewer cells say little.
_NAME = 12


class Params(Panel):
    """A row a number; a window around the current one where there are more than fit."""

    arrows = ("up", "down")

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas = framed("params", view, width, height, focused)
        if not frame.recording.graph.parameters:
            hint(canvas, "This network has no parameters")
            return canvas
        if shows_modules(frame, view):
            OwnedRows(canvas, frame, view).paint()
        elif shows_layer(frame, view):
            _layer(canvas, frame, view)
        else:
            _Table(canvas, frame, view).paint()
        return canvas

    def on_click(self, event: Click) -> None:
        if self.frame is None or self.view is None:
            return
        if shows_modules(self.frame, self.view):
            self._point(self.frame, self.view, event.y)
            return
        if shows_layer(self.frame, self.view):
            return
        _, chosen = window(self.frame, self.view, self.size.height - 3)
        if 2 <= event.y < 2 + len(chosen):
            self.post_message(self.Select(chosen[event.y - 2]))

    def _point(self, frame: Frame, view: View, y: int) -> None:
        """Opens or closes the module of a row, or selects its parameter."""
        lines = shown(frame, view, self.size.height - 3)
        if not 2 <= y < 2 + len(lines):
            return
        found = owned(frame.recording, closed_in(frame.recording, view.opened))
        row, mine = found.rows[lines[y - 2]], found.parameters[lines[y - 2]]
        self.post_message(self.Turn(row.group) if row.group else self.Select(Element(mine[0], 0)))

    def arrow(self, direction: str, scene: Scene) -> Message | None:
        """Selects the parameter above or below the one that is looked at."""
        if shows_modules(scene.frame, scene.view):
            element = beside(scene.frame, scene.view, {"up": -1, "down": 1}[direction])
            return None if element is None else self.Select(element)
        found = _listed(scene.frame, scene.view)
        if not found.count:
            return None
        here = _here(scene.frame, scene.view, found)
        there = (-1 if here is None else here) + {"up": -1, "down": 1}[direction]
        return self.Select(found(min(max(there, 0), found.count - 1)))


def shows_modules(frame: Frame, view: View) -> bool:
    """Whether modules stand here, and not single numbers."""
    return view.zoom is Zoom.NETWORK and foldable(frame.recording) and not view.order and not view.filter


def shows_layer(frame: Frame, view: View) -> bool:
    """Whether the layer that is looked at stands here, and not single parameters."""
    far = view.zoom is Zoom.NETWORK and opening(frame.recording) is Zoom.NETWORK
    return far and not view.order and not view.filter


def _layer(canvas: Canvas, frame: Frame, view: View) -> None:
    from gradstep.tui.network.aside import Aside
    from gradstep.tui.network.layer import OneLayer

    stage = OneLayer(canvas, frame, view)
    words = f" layer {stage.name(stage.layer.output)} "
    canvas.put(max(canvas.width - breadth(words) - 2, 2), canvas.height - 1, words, canvas.palette.style("dim"))
    Aside(stage, stage.layer, stage.unit, 2, canvas.width - 4).paint(1, canvas.height - 1)


class _InFile:
    """All parameters in the order of the file, without a list of them."""

    def __init__(self, parameters: Sequence[Value]) -> None:
        self._values = [p.id for p in parameters]
        self._starts = list(accumulate((p.size for p in parameters), initial=0))
        self._place = dict(zip(self._values, self._starts, strict=False))
        self.count = self._starts[-1]

    def __call__(self, number: int) -> Element:
        at = bisect_right(self._starts, number) - 1
        return Element(self._values[at], number - self._starts[at])

    def index(self, element: Element | None) -> int | None:
        start = None if element is None else self._place.get(element.value)
        return None if start is None or element is None else start + element.flat


class _Ranked:
    """The first of them in another order."""

    def __init__(self, elements: tuple[Element, ...]) -> None:
        self._elements, self.count = elements, len(elements)

    def __call__(self, number: int) -> Element:
        return self._elements[number]

    def index(self, element: Element | None) -> int | None:
        return self._elements.index(element) if element in self._elements else None


@kept_of_network
def _in_file(recording: Recording) -> _InFile:
    return _InFile(recording.graph.parameters)


def _listed(frame: Frame, view: View) -> _InFile | _Ranked:
    """The parameters in the order that is asked for."""
    order = view.order % len(ORDERS)
    if not order and not view.filter:
        return _in_file(frame.recording)
    return _Ranked(in_order(frame.recording, order, view.filter, frame.done))


def _here(frame: Frame, view: View, found: _InFile | _Ranked) -> int | None:
    """The place of what is looked at; of a value in a module that of the first parameter there."""
    element = looked_at(frame, view)
    if element is not None and foldable(frame.recording) and element.value not in _own(frame.recording):
        modules = frame.recording.board.modules
        path = modules.path(element.value)
        near = next((v for v in _own(frame.recording) if path and modules.path(v) == path), None)
        element = None if near is None else Element(near, 0)
    return found.index(element)


@kept_of_network
def _own(recording: Recording) -> dict[int, None]:
    return dict.fromkeys(value.id for value in recording.graph.parameters)


def window(frame: Frame, view: View, height: int) -> tuple[int, list[Element]]:
    """The parameters to show, the one that is looked at among them, and the place of the first."""
    found = _listed(frame, view)
    at = _here(frame, view, found) or 0
    first = max(0, min(at - height // 2, found.count - height))
    return first, [found(k) for k in range(first, min(first + max(height, 0), found.count))]


class _Columns:
    """Where the columns of the table end, for names and arrows of some widths; arrows give way to numbers, and so does
    the middle of long names."""

    def __init__(
        self, width: int, names: list[str], arrows: list[str], updating: bool, averages: bool, field: int
    ) -> None:
        columns = 8 + (2 + updating + averages) * (field + 2)
        self.arrow = max([0, *map(breadth, arrows)])
        if columns + max([6, *map(breadth, names)]) + self.arrow > width:
            self.arrow = 0
        room = max(width - columns, 6)
        #: Whether the number before the update has room: beside names that say nothing it has none.
        self.before = not updating or room >= _NAME
        room += 0 if self.before else field + 2
        self.names = tails(names, lambda some: max(map(breadth, some), default=0) <= room)
        self.name = min(max([6, *map(breadth, self.names)]), room)
        self.value = 3 + self.name + 1 + self.arrow + (field if self.before else -2)
        self.grad, self.new = self.value + 2 + field, self.value + 2 * (2 + field)
        self.updating = updating and self.new < width
        self.average = self.new + (2 + field if updating else 0)
        self.averages = averages and self.average < width
        self.bars = self.new + 2 + (field if updating else -field) + averages * (2 + field)


class _Table:
    """One painting of the rows."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        self.canvas, self.frame, self.view, self.palette = canvas, frame, view, canvas.palette
        self.field = max(view.network_digits + 4, 8)
        self.focus = looked_at(frame, view)

    def paint(self) -> None:
        first, shown = window(self.frame, self.view, self.canvas.height - 3)
        board = self.frame.recording.board
        names = [board.element(e.value, e.flat) for e in shown]
        arrows = [leads(self.frame.recording, e) for e in shown]
        updating, averages = self.frame.phase is Phase.UPDATE, self.frame.averages
        columns = _Columns(self.canvas.width, names, arrows, updating, averages, self.field)
        names = [*folded(tuple(columns.names), columns.name)]
        peak = _peak(self.frame, shown)
        self._heads(columns, peak)
        self._foot(first, len(shown))
        for y, (element, name, arrow) in enumerate(zip(shown, names, arrows, strict=True), 2):
            self._row(y, columns, element, name, arrow, peak)

    def _heads(self, columns: _Columns, peak: float) -> None:
        canvas, dim = self.canvas, self.palette.style("dim")
        canvas.put(4, 1, "weight", dim)
        if columns.before:
            canvas.put(columns.value - 5, 1, "value", dim)
        slope = fold(f"∂{self.frame.recording.board.loss}/∂w", self.field)
        canvas.put(columns.grad - breadth(slope), 1, slope, dim)
        if columns.updating:
            canvas.put(columns.new - 3, 1, "new", dim)
        if columns.averages:
            canvas.put(columns.average - 7, 1, "average", dim)
        width = canvas.width - columns.bars - 2
        if peak and width >= _BARS:  # what a whole half of the bars stands for
            style = self.palette.style("placeholder")
            ends = [number(p, self.view.network_digits) for p in (-peak, peak)]
            both = sum(map(len, ends)) + 2 <= width
            ends = ends if both else [f"±{ends[1]}"]
            canvas.put(columns.bars + width - len(ends[-1]), 1, ends[-1], style)
            if both:
                canvas.put(columns.bars, 1, ends[0], style)

    def _row(self, y: int, columns: _Columns, element: Element, name: str, arrow: str, peak: float) -> None:
        canvas, palette, frame, field = self.canvas, self.palette, self.frame, self.field
        here, digits = element == self.focus, self.view.network_digits
        if here:
            mark = "◇" if self.view.selection is not None else "▸"
            canvas.put(2, y, mark, palette.style("current", bold=True))
        canvas.put(4, y, name, palette.style("current" if here else "text", bold=here))
        canvas.put(5 + columns.name, y, fold(arrow, columns.arrow), palette.style("dim"))
        if columns.before:
            canvas.value(columns.value - field, y, frame.data(element.value, element.flat), field, digits)
        grad = frame.grad(element.value, element.flat)
        style = palette.style(sign_role(grad), bold=here)
        canvas.value(columns.grad - field, y, grad, field, digits + 1, True, style)
        if columns.updating:
            canvas.value(columns.new - field, y, frame.new(element.value, element.flat), field, digits + 1)
        if columns.averages:
            average = frame.averaged(element.value, element.flat)
            canvas.value(columns.average - field, y, average, field, digits + 1)
        _bar(canvas, columns.bars, y, canvas.width - columns.bars - 2, grad, peak)
        if here:
            canvas.tint(2, y, canvas.width - 4)

    def _foot(self, first: int, shown: int) -> None:
        """On the lower edge order and filter, where they are not as at first, and which of how many are shown."""
        view, count = self.view, _listed(self.frame, self.view).count
        words = [f"{first + 1:,}–{first + shown:,} of {count:,} ↕"] if shown < count else []
        words += [ORDERS[view.order % len(ORDERS)].title] if view.order % len(ORDERS) else []
        words += [f"only {view.filter}"] if view.filter else []
        text = " · ".join(words)
        if text:
            text = f" {clip(text, self.canvas.width - 6)} "
            self.canvas.put(
                self.canvas.width - breadth(text) - 2, self.canvas.height - 1, text, self.palette.style("dim")
            )


def _peak(frame: Frame, shown: list[Element]) -> float:
    known = [abs(g) for e in shown if (g := frame.grad(e.value, e.flat)) is not None and abs(g) < float("inf")]
    return max(known, default=0.0)


def _bar(canvas: Canvas, x: int, y: int, width: int, grad: float | None, peak: float) -> None:
    """A bar to the left or the right of a middle line, as long as the gradient is large."""
    if width < _BARS:
        return
    half = width // 2
    canvas.put(x + half, y, "│", canvas.palette.style("line"))
    if grad is None or not peak or not abs(grad) < float("inf") or not grad:
        return
    length = round(abs(grad) / peak * half)
    style = canvas.palette.style(sign_role(grad))
    shown = "█" * min(length, half) or ("▏" if grad > 0 else "▕")
    canvas.put(x + half + 1 if grad > 0 else x + half - len(shown), y, shown, style)
