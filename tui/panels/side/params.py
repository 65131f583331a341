"""Every parameter with its value, its gradient, and in the update its new number; of a large network
seen from afar, the layer that is looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from textual.events import Click
from textual.message import Message

from gradstep.engine.ask import Pattern
from gradstep.engine.debugger import Frame
from gradstep.engine.errors import CommandError
from gradstep.engine.graph import Element, Value
from gradstep.engine.index import Array
from gradstep.engine.run import Phase, Recording, remembered
from gradstep.tui.network.layer import OneLayer, aside
from gradstep.tui.network.looking import looked_at
from gradstep.tui.paint import Canvas, clip
from gradstep.tui.panels.base import Panel, framed
from gradstep.tui.panels.main.network import opening
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View, Zoom

#: So many numbers are ranked at a time, and so many of the first are kept.
_PIECE, _KEPT = 1 << 20, 1000


class Order(NamedTuple):
    """A way to sort parameters: what it is called, and the number of each by which the largest come
    first, from values and gradients; None for the order of the file."""

    title: str
    size: Callable[[Array, Array], Array] | None = None
    #: Whether it looks at gradients, which are not there before the backward pass.
    gradients: bool = True


ORDERS = (
    Order("in order", None, False),
    Order("largest ∂ first", lambda w, g: abs(g)),
    Order("smallest ∂ first", lambda w, g: -abs(g)),
    Order("largest value first", lambda w, g: abs(w), False),
    Order("largest ∂ per value first", lambda w, g: abs(g) / np.maximum(abs(w), np.finfo(w.dtype).tiny)),
)


class Params(Panel):
    """A row a number; a window around the current one where there are more than fit."""

    key = "4"
    title = "Params"

    class Select(Message):
        """A row was clicked."""

        def __init__(self, element: Element) -> None:
            super().__init__()
            self.element = element

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = Canvas(width, height, view.palette), view.palette
        framed(canvas, "params", view, focused)
        if not frame.recording.graph.parameters:
            canvas.put(2, 1, "This network has no parameters", palette.style("dim"))
            return canvas
        if shows_layer(frame, view):
            _layer(canvas, frame, view)
        else:
            _Table(canvas, frame, view).paint()
        return canvas

    def on_click(self, event: Click) -> None:
        if self.frame is None or self.view is None or shows_layer(self.frame, self.view):
            return
        chosen = rows(self.frame, self.view, self.size.height - 3)
        if 2 <= event.y < 2 + len(chosen):
            self.post_message(self.Select(chosen[event.y - 2]))


def shows_layer(frame: Frame, view: View) -> bool:
    """Whether the layer that is looked at stands here, and not single parameters."""
    far = view.zoom is Zoom.NETWORK and opening(frame.recording) is Zoom.NETWORK
    return far and not view.order and not view.filter


def _layer(canvas: Canvas, frame: Frame, view: View) -> None:
    stage = OneLayer(canvas, frame, view)
    words = f" layer {stage.name(stage.layer.output)} "
    canvas.put(max(canvas.width - len(words) - 2, 2), canvas.height - 1, words, canvas.palette.style("dim"))
    aside(stage, stage.layer, stage.unit, 2, 1, canvas.width - 4, canvas.height - 2)


def neighbour(frame: Frame, view: View, direction: str) -> Element | None:
    """The parameter above or below the one that is looked at."""
    found = _listed(frame, view)
    here = _here(frame, view, found)
    step = {"up": -1, "down": 1}.get(direction, 0)
    return found(min(max((-1 if here is None else here) + step, 0), found.count - 1)) if found.count else None


class _Listed:
    """The parameters in the order that is asked for, without a list of all of them."""

    def __init__(self, parameters: list[Value], chosen: tuple[Element, ...] | None) -> None:
        self.parameters, self.chosen = parameters, chosen
        self.count = sum(p.size for p in parameters) if chosen is None else len(chosen)

    def __call__(self, number: int) -> Element:
        if self.chosen is not None:
            return self.chosen[number]
        for parameter in self.parameters:
            if number < parameter.size:
                return Element(parameter.id, number)
            number -= parameter.size
        raise IndexError(number)

    def index(self, element: Element | None) -> int | None:
        if element is None:
            return None
        if self.chosen is not None:
            return self.chosen.index(element) if element in self.chosen else None
        before = 0
        for parameter in self.parameters:
            if parameter.id == element.value:
                return before + element.flat
            before += parameter.size
        return None


def _listed(frame: Frame, view: View) -> _Listed:
    parameters = list(frame.recording.graph.parameters)
    order = ORDERS[view.order % len(ORDERS)]
    if order.size is None and not view.filter:
        return _Listed(parameters, None)
    known = tuple(p.id for p in parameters if frame.written(Phase.BACKWARD, p.id) == p.size)
    return _Listed(parameters, _ranked(frame.recording, view.order % len(ORDERS), view.filter, known))


@remembered
def _ranked(recording: Recording, order: int, pattern: str, known: tuple[int, ...]) -> tuple[Element, ...]:
    """The first of the parameters that a pattern names (empty: all), by an order. Those whose gradients
    are not `known` yet come last, where it looks at them."""
    size = ORDERS[order].size
    named = Pattern(pattern, recording) if pattern else None
    best: list[tuple[float, int, Element]] = []
    for place, parameter in enumerate(recording.graph.parameters):
        data, grad = recording.trace.data[parameter.id].reshape(-1), recording.trace.grad[parameter.id]
        assert grad is not None, "parameters have gradients"
        slope = grad.reshape(-1)
        for start in range(0, parameter.size, _PIECE):
            stop = min(start + _PIECE, parameter.size)
            flats = np.arange(start, stop)
            if named is not None:
                flats = flats[named.elements(recording, parameter.id, flats) & (parameter.id in named.values)]
            if size is None:
                keys = -flats.astype(float) - place * 1e15
            elif ORDERS[order].gradients and parameter.id not in known:
                keys = np.full(len(flats), -np.inf)
            else:
                with np.errstate(all="ignore"):
                    keys = np.asarray(size(data[flats], slope[flats]), dtype=float)
                keys[np.isnan(keys)] = np.inf
            if len(keys) > _KEPT:
                top = np.argpartition(-keys, _KEPT)[:_KEPT]
                keys, flats = keys[top], flats[top]
            best += [
                (-k, place * (1 << 40) + f, Element(parameter.id, f))
                for k, f in zip(keys.tolist(), flats.tolist(), strict=True)
            ]
            best = sorted(best)[:_KEPT]
    return tuple(element for _, _, element in best)


def check_filter(recording: Recording, text: str) -> str:
    """The pattern that a person typed, if it names a parameter. Raises CommandError if it does not."""
    named = Pattern(text, recording) if text.strip() else None
    if named is not None and not any(p.id in named.values for p in recording.graph.parameters):
        raise CommandError(f"'{text}' names no parameter")
    return text.strip()


def _here(frame: Frame, view: View, found: _Listed) -> int | None:
    return found.index(looked_at(frame, view))


def rows(frame: Frame, view: View, height: int) -> list[Element]:
    """The parameters to show, the one that is looked at among them."""
    found = _listed(frame, view)
    at = _here(frame, view, found) or 0
    first = max(0, min(at - height // 2, found.count - height))
    return [found(k) for k in range(first, min(first + max(height, 0), found.count))]


class _Table:
    """One painting of the rows."""

    def __init__(self, canvas: Canvas, frame: Frame, view: View) -> None:
        self.canvas, self.frame, self.view, self.palette = canvas, frame, view, canvas.palette

    def paint(self) -> None:
        canvas, palette, frame, view, width = self.canvas, self.palette, self.frame, self.view, self.canvas.width
        shown = rows(frame, view, canvas.height - 3)
        board = frame.recording.board
        names = [board.element(e.value, e.flat) for e in shown]
        arrows = [(board.arrow(e.value, e.flat) or "").replace(" ", "") for e in shown]
        name_width, arrow_width = max([6, *map(len, names)]), max([0, *map(len, arrows)])
        updating = frame.phase is Phase.UPDATE
        field = max(view.network_digits + 4, 8)
        # The arrows give way to the numbers.
        if 8 + name_width + arrow_width + (3 if updating else 2) * (field + 2) > width:
            arrows = [""] * len(shown)
        arrow_width = max(map(len, arrows), default=0)
        x_value = 3 + name_width + 1 + arrow_width + field
        x_grad, x_new = x_value + 2 + field, x_value + 2 * (2 + field)
        bars = x_new + 2 + (field if updating else -field)
        dim = palette.style("dim")
        canvas.put(4, 1, "weight", dim)
        canvas.put(x_value - 5, 1, "value", dim)
        canvas.put(x_grad - 5, 1, f"∂{board.loss}/∂w", dim)
        if updating and x_new < width:
            canvas.put(x_new - 3, 1, "new", dim)
        self._foot()
        peak = _peak(frame, shown)
        focus = looked_at(frame, view)
        for y, (element, name, arrow) in enumerate(zip(shown, names, arrows, strict=True), 2):
            here = element == focus
            if here:
                mark = "◇" if view.selection is not None else "▸"
                canvas.put(2, y, mark, palette.style("current", bold=True))
            canvas.put(4, y, name, palette.style("current" if here else "text", bold=here))
            canvas.put(5 + name_width, y, clip(arrow, arrow_width), dim)
            digits = view.network_digits
            canvas.value(x_value - field, y, frame.data(element.value, element.flat), field, digits)
            grad = frame.grad(element.value, element.flat)
            style = palette.style(sign_role(grad), bold=here)
            canvas.value(x_grad - field, y, grad, field, digits + 1, True, style)
            if updating and x_new < width:
                canvas.value(x_new - field, y, frame.new(element.value, element.flat), field, digits + 1)
            _bar(canvas, bars, y, width - bars - 2, grad, peak)
            if here:
                canvas.tint(2, y, width - 4)

    def _foot(self) -> None:
        """Order and filter on the lower edge, where they are not as at first."""
        view = self.view
        words = [ORDERS[view.order % len(ORDERS)].title] if view.order % len(ORDERS) else []
        words += [f"only {view.filter}"] if view.filter else []
        text = " · ".join(words)
        if text:
            text = f" {clip(text, self.canvas.width - 6)} "
            self.canvas.put(self.canvas.width - len(text) - 2, self.canvas.height - 1, text, self.palette.style("dim"))


def _peak(frame: Frame, shown: list[Element]) -> float:
    known = [abs(g) for e in shown if (g := frame.grad(e.value, e.flat)) is not None and abs(g) < float("inf")]
    return max(known, default=0.0)


def _bar(canvas: Canvas, x: int, y: int, width: int, grad: float | None, peak: float) -> None:
    """A bar to the left or the right of a middle line, as long as the gradient is large."""
    if width < 9:
        return
    half = width // 2
    canvas.put(x + half, y, "│", canvas.palette.style("line"))
    if grad is None or not peak or not abs(grad) < float("inf") or not grad:
        return
    length = max(1, round(abs(grad) / peak * half))
    style = canvas.palette.style(sign_role(grad))
    canvas.put(x + half + 1 if grad > 0 else x + half - length, y, "█" * min(length, half), style)
