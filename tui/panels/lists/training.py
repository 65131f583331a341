"""The iterations of the training as curves and lines of bars, and where one is among them."""

from __future__ import annotations

from itertools import chain, islice
from typing import NamedTuple

import numpy as np
from textual.events import Click
from textual.message import Message

from gradstep.engine.debugger import Frame
from gradstep.engine.history import History, Series, Topic, column_of, curves, iteration_at, measures
from gradstep.engine.notation import Digits, number
from gradstep.tui import plot
from gradstep.tui.cells import breadth, clip
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.panels.base import Panel, Scene, framed, hint
from gradstep.tui.view import View

#: Below so many lines there are only lines of bars.
_PLOT = 8
#: Cells of the numbers at the left of a plot, and at the right of a line of bars.
_AXIS, _FIELD = 8, 9


class _Frame(NamedTuple):
    """Where things stand: the columns that are iterations, and the lines of the plot (none: 0)."""

    x: int
    width: int
    y: int
    height: int


class Training(Panel):
    """Loss, the loss over the samples held back, norms of gradients, dead units, how far updates go. ▼ is
    where one is; a click, or ⏎ on what ← and → point at, travels there."""

    arrows = ("left", "right", "up", "down")

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        return _state(before) == _state(scene)

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas = framed("training", view, width, height, focused)
        history = frame.desk.history
        if history is None or history.made < 2:
            says = "i makes the next iteration" + (", u trains to the end" if frame.desk.last > 1 else "")
            hint(canvas, says)
            return canvas
        _Sheet(canvas, frame, view, history).paint()
        return canvas

    def on_click(self, event: Click) -> None:
        if self.frame is None or self.frame.desk.history is None:
            return
        history, place = self.frame.desk.history, _place(self.size.width, self.size.height)
        if place.x <= event.x < place.x + place.width:
            self.post_message(self.Visit(iteration_at(event.x - place.x, history.summaries.last, place.width)))

    def arrow(self, direction: str, scene: Scene) -> Message | None:
        """Points at an iteration a column further."""
        history = scene.frame.desk.history
        if history is None or history.made < 2:
            return None
        here = scene.view.pointed or scene.frame.position.iteration
        columns = max(_place(self.size.width, self.size.height).width, 1)
        by = max(history.summaries.last // columns, 1) * {"left": -1, "right": 1}.get(direction, 0)
        return self.Point(min(max(here + by, 1), history.summaries.last))

    def enter(self, scene: Scene) -> Message | None:
        """Goes to the iteration that is pointed at."""
        return None if scene.view.pointed is None else self.Visit(scene.view.pointed)


def _state(scene: Scene) -> tuple[object, ...]:
    """All that the panel depends on: within an iteration nothing changes."""
    frame, view, desk = scene.frame, scene.view, scene.frame.desk
    made = desk.history.made if desk.history is not None else 0
    beside = desk.beside.made if desk.beside is not None else 0
    rules = tuple((b.text, b.enabled) for b in desk.breakpoints)
    looks = view.palette, view.pointed, view.beside("training")
    return id(desk.history), made, beside, desk.last, frame.position.iteration, rules, len(desk.log), looks


def _place(width: int, height: int, rows: int = 0) -> _Frame:
    """Of `rows` lines of bars; where there is room, the plot takes at least half of the height."""
    inner = height - 2
    if inner < _PLOT:
        return _Frame(13, max(width - 13 - _FIELD - 3, 4), 0, 0)
    below = min(rows, max(inner // 2 - 2, 1))
    return _Frame(2 + _AXIS, max(width - _AXIS - 4 - _FIELD, 4), 2, inner - 2 - below)


class _Sheet:
    """One painting of the panel's inside."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View, history: History) -> None:
        self.canvas, self.frame, self.view, self.palette = canvas, frame, view, canvas.palette
        assert frame.summaries is not None, "what has a history has summaries"
        self.history, self.summaries = history, frame.summaries
        self.last = self.summaries.last
        #: What the numbers are about: the iteration that is pointed at, else the one one is in.
        self.here = min(view.pointed or frame.position.iteration, self.last)
        self.rows = measures(self.summaries)
        self.place = _place(canvas.width, canvas.height, len(self.rows))

    def paint(self) -> None:
        y, end = 1, self.canvas.height - 1
        several = curves(self.history, self.summaries, self.frame.desk.beside)
        if self.place.height:
            self._plot(several)
            y, several = self.place.y + self.place.height + 1, []
        room = max(end - y, 0)
        for series in islice(chain(several, self.rows), room):
            self._row(y, series)
            y += 1
        self._foot(len(several) + len(self.rows) - room)

    def _plot(self, several: list[Series]) -> None:
        canvas, (x, width, y, height) = self.canvas, self.place
        dim = self.palette.style("dim")
        at = 2
        for k, series in enumerate(several):
            value = series.latest(self.here)
            if at + breadth(series.name) + 14 > canvas.width:
                break
            at = canvas.put(at, 1, "━ ", self.palette.style(plot.role(series), bold=not k))
            at = canvas.put(at, 1, f"{series.name} ", dim)
            at = canvas.put(at, 1, PENDING if value != value else number(value, Digits.MATH)) + 3
        scale = plot.curves(canvas, x, y, width, height, several, self.last)
        top, bottom = plot.labels(scale)
        canvas.put(x - 1 - len(top), y, top, dim)
        canvas.put(x - 1 - len(bottom), y + height - 1, bottom, dim)
        if scale.logarithmic and height > 2:
            canvas.put(x - 4, y + height // 2, "log", dim)
        self._axis(y + height)

    def _axis(self, y: int) -> None:
        """The iterations under the plot, what fires in them, and where one is."""
        canvas, (x, width, top, height) = self.canvas, self.place
        line = self.palette.style("line")
        canvas.put(x, y, "─" * width, line)
        first, last = "1", f"{self.last:,}"
        canvas.put(x - 1 - len(first), y, first, self.palette.style("dim"))
        canvas.put(x + width + 1, y, last, self.palette.style("dim"))
        for mark in self.frame.desk.events:
            canvas.put(x + column_of(mark.iteration, self.last, width), y, mark.sign, self.palette.style("alarm"))
        here = x + column_of(self.here, self.last, width)
        for row in range(top, min(top + height, canvas.height)):
            if here < canvas.width and canvas.chars[row][here] == " ":  # where there is hardly any room, it is beyond
                canvas.put(here, row, "┊", self.palette.style("placeholder"))
        canvas.put(here, y, "▼", self.palette.inverse("current"))
        text = f" {self.here:,} "
        at = min(max(here - len(text) // 2, x), x + width - len(text))
        if self.here not in (1, self.last):
            at = at if at > here or at + len(text) <= here else here + 1
            if at + len(text) <= x + width:
                canvas.put(at, y, text, self.palette.style("current", bold=True))

    def _row(self, y: int, series: Series) -> None:
        canvas = self.canvas
        canvas.put(2, y, clip(series.name, self.place.x - 3), self.palette.style("dim"))
        plot.bars(canvas, self.place.x, y, self.place.width, series, self.last)
        value = series.latest(self.here)
        text = PENDING if value != value else number(value, Digits.NETWORK)
        if value == int(value if np.isfinite(value) else 0) and series.topic is Topic.DEAD:
            text = f"{int(value)}"
        canvas.put(canvas.width - 2 - len(text), y, text)
        here = self.place.x + column_of(self.here, self.last, self.place.width)
        canvas.tint(here, y, 1)

    def _foot(self, missing: int) -> None:
        canvas, made = self.canvas, self.last
        words = (
            f" {made:,} of {self.frame.desk.last:,} iterations "
            if self.frame.desk.last > made
            else f" {made:,} iterations "
        )
        if self.view.pointed is not None:
            words = f" ⏎ travels to {self.view.pointed:,} "
        elif missing > 0:
            words = f" m shows {missing} more ·{words}"
        if breadth(words) + 6 < canvas.width:
            canvas.put(canvas.width - breadth(words) - 2, canvas.height - 1, words, self.palette.style("dim"))
