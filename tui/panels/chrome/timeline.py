"""The four phases of the iteration as one line of time, and where one is on it."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message

from gradstep.engine.debugger import Frame, gradient_peaks
from gradstep.engine.history import Event, History, column_of, iteration_at, losses
from gradstep.engine.notation import bar
from gradstep.engine.run import Phase, Recording
from gradstep.tui import plot
from gradstep.tui.kept import kept_of_training
from gradstep.tui.paint import MARKS, Canvas, Row
from gradstep.tui.panels.base import Panel, Scene
from gradstep.tui.theme import Palette, sign_role
from gradstep.tui.view import View

_GAP = 2
#: Where colours do not say that a gradient is negative.
_DOWN = "░░░▒▒▒▓▓"


class Span(NamedTuple):
    """A phase on the line: its cells, and the steps start + 1 to stop that they stand for."""

    phase: Phase
    x: int
    width: int
    start: int
    stop: int

    def cells(self, step: int) -> tuple[int, int]:
        """The cells x to end that stand for one step."""
        count = self.stop - self.start
        k = step - self.start - 1
        left = k * self.width // count
        return self.x + left, self.x + max((k + 1) * self.width // count, left + 1)

    def step_at(self, x: int) -> int:
        """The step that a cell stands for."""
        count = self.stop - self.start
        inside = min(max(x - self.x, 0), self.width - 1)
        return self.start + 1 + min(-(-inside * count // self.width), count - 1)

    def steps(self, x: int) -> range:
        """All steps that a cell stands for."""
        first, end = self.step_at(x), self.x + self.width
        return range(first, max(self.step_at(x + 1) if x + 1 < end else self.stop + 1, first + 1))


def spans(recording: Recording, width: int) -> tuple[Span, ...]:
    """The phases laid out over `width` cells, by their number of steps, none narrower than a mark."""
    found = [(p, *recording.timeline.span(p)) for p in Phase]
    found = [(p, a, b) for p, a, b in found if b > a]
    least = 9 if width >= 100 else 2
    free = width - 2 - _GAP * (len(found) - 1) - least * len(found)
    total = sum(b - a for _, a, b in found)
    placed, x = [], 1
    for phase, start, stop in found:
        share = least + max(free, 0) * (stop - start) // total
        placed.append(Span(phase, x, share, start, stop))
        x += share + _GAP
    return tuple(placed)


@lru_cache(maxsize=8)
def _cells(span: Span) -> tuple[range, ...]:
    """The steps that each cell of a phase stands for."""
    return tuple(span.steps(x) for x in range(span.x, span.x + span.width))


@lru_cache(maxsize=4)
def _heights(peaks: tuple[float, ...]) -> tuple[float, ...]:
    """Gradients as heights of bars, 0 to 1 on a log scale."""
    sizes = [abs(g) for g in peaks if g and math.isfinite(g)]
    low, high = (math.log(min(sizes)), math.log(max(sizes))) if sizes else (0.0, 0.0)
    low = max(low, high - math.log(1e12))
    reach = max(high - low, 1.0)
    return tuple(
        0.0 if g == 0 else 1.0 if not math.isfinite(g) else 0.25 + 0.75 * max(math.log(abs(g)) - low, 0.0) / reach
        for g in peaks
    )


class Timeline(Panel):
    """Done is heavy, future thin, ▼ is here. With room, the backward pass is a log-magnitude
    sparkline in sign colours, so that vanishing is seen as a ramp; and above it, of a training, stand its
    iterations: their losses as far as they are made."""

    arrows = ("left", "right", "up", "down")

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = Canvas(width, height, view.palette), view.palette
        row = height - 1
        if height > 2 and frame.desk.last > 1:
            _iterations(canvas, frame)
        for span in spans(frame.recording, width):
            here = bool(frame.step and span.phase is frame.phase)
            if height > 1:
                label = f"{MARKS[span.phase]} {span.phase.value}"
                style = palette.style(span.phase.value if here else "dim", bold=here)
                canvas.put(span.x, height - 2, label[: span.width + 1], style)
            canvas.put(span.x, row, "─" * span.width, palette.style("current" if focused else "line"))
            if frame.step > span.start:
                _done(canvas, frame, span, row)
        if not frame.step:
            canvas.put(0, row, "▼", palette.style("current", bold=True))
        return canvas

    def _step_at(self, x: int) -> int:
        assert self.frame is not None
        placed = spans(self.frame.recording, self.size.width)
        if x < placed[0].x:
            return 0
        span = max((s for s in placed if s.x <= x), key=lambda s: s.x)
        return span.stop if x >= span.x + span.width else span.step_at(x)

    def on_click(self, event: Click) -> None:
        if self.frame is not None and self.size.height > 2 and event.y == 0:
            x, cells = _rail(self.size.width)
            if x <= event.x < x + cells:
                wanted = iteration_at(event.x - x, self.frame.desk.last, cells)
                self.post_message(self.Visit(wanted))
        elif self.frame is not None:
            self.post_message(self.Travel(self._step_at(event.x)))

    def arrow(self, direction: str, scene: Scene) -> Message | None:
        return None if direction in ("up", "down") else self.Scroll(1 if direction == "right" else -1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.post_message(self.Scroll(-1))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.post_message(self.Scroll(1))


def _done(canvas: Canvas, frame: Frame, span: Span, row: int) -> None:
    """What of a phase is behind one: heavy, or as bars of its gradients; and what is to be seen there."""
    palette = canvas.palette
    done = span.cells(min(frame.step, span.stop))[1] - span.x
    if span.phase is Phase.BACKWARD and canvas.height > 1:
        peaks = gradient_peaks(frame.recording, _cells(span), done)
        for k, (size, g) in enumerate(zip(_heights(peaks)[:done], peaks, strict=False)):
            style = palette.style(sign_role(g) if g else "dim", strength=1.0 if g else 0.6)
            glyph = _DOWN[min(int(size * 8), 7)] if g < 0 and palette.glyphs else bar(size)
            canvas.put(span.x + k, row, glyph, style)
    else:
        canvas.put(span.x, row, "━" * done, palette.style(span.phase.value))
    for hit in frame.desk.hits(frame):
        if span.start < hit <= span.stop:
            canvas.put(span.cells(hit)[0], row, "●", palette.style("alarm"))
    for bad in frame.story.troubles:
        if span.start < bad <= min(frame.step, span.stop):
            canvas.put(span.cells(bad)[0], row, "!", palette.inverse("alarm"))
    if frame.step <= span.stop:
        left, right = span.cells(frame.step)
        canvas.put(left, row, "▼".ljust(right - left), palette.inverse("current"))


def _rail(width: int) -> tuple[int, int]:
    """Where the iterations stand on their line, and in how many cells."""
    x = len(_ITERATIONS) + 3
    return x, max(width - x - 1, 1)


_ITERATIONS = "↻ iterations"


def _iterations(canvas: Canvas, frame: Frame) -> None:
    """The iterations of the training, and where one is among them."""
    (x, width), last, history = _rail(canvas.width), frame.desk.last, frame.desk.history
    assert history is not None, "what is trained has a history"
    canvas.take(0, _line(history, history.made, last, canvas.width, canvas.palette, frame.desk.events))
    canvas.put(x + column_of(frame.position.iteration, last, width), 0, "▼", canvas.palette.inverse("current"))


@kept_of_training
def _line(history: History, made: int, last: int, wide: int, palette: Palette, fires: tuple[Event, ...]) -> Row:
    """The iterations as one line: losses as far as they are made, thin what is to come, and what fires."""
    line, (x, width) = Canvas(wide, 1, palette), _rail(wide)
    line.put(1, 0, _ITERATIONS, palette.style("dim"))
    line.put(x, 0, "─" * width, palette.style("line"))
    if made > 1:
        plot.bars(line, x, 0, width, losses(history.summaries.view()), last)
    for mark in fires:
        line.put(x + column_of(mark.iteration, last, width), 0, mark.sign, palette.style("alarm", bold=True))
    return line.row(0)
