"""The iterations of the training as curves and lines of bars, and where one is among them."""

from __future__ import annotations

from itertools import chain, islice
from typing import NamedTuple
from weakref import ref

import numpy as np
from textual.events import Click
from textual.message import Message

from gradstep.engine.debugger import Frame
from gradstep.engine.history import Event, History, Series, Topic, column_of, curves, iteration_at, measures
from gradstep.engine.notation import Digits, number
from gradstep.tui import plot
from gradstep.tui.cells import breadth, clip
from gradstep.tui.kept import kept_of_training
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.panels.base import Edge, Panel, Scene, edged, framed, hint
from gradstep.tui.panels.lists.sizes import known_sizes, paint_sizes
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
    """Loss, the loss over the samples held back, norms of gradients, dead units, how far updates go; before there are
    iterations to compare, what this one has come to. ▼ is where one is; a click, or ⏎ on what ← and → point at,
    travels there."""

    arrows = ("left", "right", "up", "down")

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        return _state(before) == _state(scene)

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        history = frame.desk.history
        if history is not None and history.made >= 2:
            return _sheet(frame, view, history, (width, height), focused)
        canvas = framed("training", view, width, height, focused)
        hint(canvas, "i makes the next iteration" + (", u trains to the end" if frame.desk.last > 1 else ""))
        paint_sizes(canvas, frame, view, 3)
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
    """All that the panel depends on: within an iteration nothing changes, as soon as there are several."""
    frame, view, desk = scene.frame, scene.view, scene.frame.desk
    made = desk.history.made if desk.history is not None else 0
    beside = desk.beside.made if desk.beside is not None else 0
    rules = tuple((b.text, b.enabled) for b in desk.breakpoints)
    looks = view.palette, view.pointed, view.beside("training")
    here = (known_sizes(frame), view.math_digits, id(frame.recording)) if made < 2 else ()
    return here, id(desk.history), made, beside, desk.last, frame.position.iteration, rules, len(desk.log), looks


def _place(width: int, height: int, rows: int = 0) -> _Frame:
    """Of `rows` lines of bars; where there is room, the plot takes at least half of the height."""
    inner = height - 2
    if inner < _PLOT:
        return _Frame(13, max(width - 13 - _FIELD - 3, 4), 0, 0)
    below = min(rows, max(inner // 2 - 2, 1))
    return _Frame(2 + _AXIS, max(width - _AXIS - 4 - _FIELD, 4), 2, inner - 2 - below)


class _Picture(NamedTuple):
    """What is painted wherever one is in a training of `last` iterations: the canvas, where things stand on it, the
    curves, the y and the series of each line of bars, and how many of these have no room."""

    canvas: Canvas
    place: _Frame
    last: int
    curves: tuple[Series, ...]
    bars: tuple[tuple[int, Series], ...]
    missing: int


class _Looks(NamedTuple):
    """What that depends on beside the training: how far this is, and the one beside it; what fires; and how it is
    looked at."""

    last: int
    beside: ref[History] | None
    made_beside: int
    events: tuple[Event, ...]
    edge: Edge


def _sheet(frame: Frame, view: View, history: History, size: tuple[int, int], focused: bool) -> Canvas:
    """The panel's inside."""
    desk, beside = frame.desk, frame.desk.beside
    assert frame.summaries is not None, "what has a history has summaries"
    looks = _Looks(
        frame.summaries.last,
        None if beside is None else ref(beside),
        0 if beside is None else beside.made,
        desk.events,
        Edge("training", view.beside("training"), *size, view.palette, focused),
    )
    return _Here(_picture(history, looks), frame, view).painted()


@kept_of_training
def _picture(history: History, looks: _Looks) -> _Picture:
    """Painted once for as many iterations as there are: it takes the longer the more that are."""
    summaries, canvas = history.summaries.view(), edged(looks.edge)
    rows, several = measures(summaries), curves(history, summaries, None if looks.beside is None else looks.beside())
    last, palette, place = summaries.last, canvas.palette, _place(canvas.width, canvas.height, len(rows))
    y, end, drawn = 1, canvas.height - 1, tuple(several)
    if place.height:
        _plot(canvas, place, several, last, looks.events)
        y, several = place.y + place.height + 1, []
    else:
        drawn = ()
    room = max(end - y, 0)
    bars = tuple(enumerate(islice(chain(several, rows), room), y))
    for row, series in bars:
        canvas.put(2, row, clip(series.name, place.x - 3), palette.style("dim"))
        plot.bars(canvas, place.x, row, place.width, series, last)
    return _Picture(canvas, place, last, drawn, bars, len(several) + len(rows) - room)


def _plot(canvas: Canvas, place: _Frame, several: list[Series], last: int, events: tuple[Event, ...]) -> None:
    """The curves, and the iterations under them with what fires there."""
    (x, width, y, height), palette = place, canvas.palette
    dim = palette.style("dim")
    scale = plot.curves(canvas, x, y, width, height, several, last)
    top, bottom = plot.labels(scale)
    canvas.put(x - 1 - len(top), y, top, dim)
    canvas.put(x - 1 - len(bottom), y + height - 1, bottom, dim)
    if scale.logarithmic and height > 2:
        canvas.put(x - 4, y + height // 2, "log", dim)
    y += height
    canvas.put(x, y, "─" * width, palette.style("line"))
    canvas.put(x - 2, y, "1", dim)
    canvas.put(x + width + 1, y, f"{last:,}", dim)
    for mark in events:
        canvas.put(x + column_of(mark.iteration, last, width), y, mark.sign, palette.style("alarm"))


class _Here:
    """Where one is in a training, put into its picture: what the numbers are there, and marks."""

    def __init__(self, picture: _Picture, frame: Frame, view: View) -> None:
        self.picture, self.canvas = picture, picture.canvas.copy()
        self.palette, self.frame, self.view = self.canvas.palette, frame, view
        #: What the numbers are about: the iteration that is pointed at, else the one one is in.
        self.here = min(view.pointed or frame.position.iteration, picture.last)

    def painted(self) -> Canvas:
        if self.picture.place.height:
            self._names()
            self._axis()
        for y, series in self.picture.bars:
            self._row(y, series)
        self._foot()
        return self.canvas

    def _names(self) -> None:
        """The names of the curves and their numbers."""
        at, canvas = 2, self.canvas
        for k, series in enumerate(self.picture.curves):
            value = series.latest(self.here)
            if at + breadth(series.name) + 14 > canvas.width:
                break
            at = canvas.put(at, 1, "━ ", self.palette.style(plot.role(series), bold=not k))
            at = canvas.put(at, 1, f"{series.name} ", self.palette.style("dim"))
            at = canvas.put(at, 1, PENDING if value != value else number(value, Digits.MATH)) + 3

    def _axis(self) -> None:
        """Where one is among the iterations."""
        canvas, (x, width, top, height), last = self.canvas, self.picture.place, self.picture.last
        y, here = top + height, x + column_of(self.here, last, width)
        for row in range(top, min(top + height, canvas.height)):
            if here < canvas.width and canvas.chars[row][here] == " ":  # where there is hardly any room, it is beyond
                canvas.put(here, row, "┊", self.palette.style("placeholder"))
        canvas.put(here, y, "▼", self.palette.inverse("current"))
        text = f" {self.here:,} "
        at = min(max(here - len(text) // 2, x), x + width - len(text))
        if self.here not in (1, last):
            at = at if at > here or at + len(text) <= here else here + 1
            if at + len(text) <= x + width:
                canvas.put(at, y, text, self.palette.style("current", bold=True))

    def _row(self, y: int, series: Series) -> None:
        canvas, place, value = self.canvas, self.picture.place, series.latest(self.here)
        text = PENDING if value != value else number(value, Digits.NETWORK)
        if value == int(value if np.isfinite(value) else 0) and series.topic is Topic.DEAD:
            text = f"{int(value)}"
        canvas.put(canvas.width - 2 - len(text), y, text)
        canvas.tint(place.x + column_of(self.here, self.picture.last, place.width), y, 1)

    def _foot(self) -> None:
        canvas, made, missing = self.canvas, self.picture.last, self.picture.missing
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
