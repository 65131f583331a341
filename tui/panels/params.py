"""Every parameter with its value, its gradient, and in the update its new number."""

from __future__ import annotations

from gradstep.engine.chain import Element
from gradstep.engine.frame import Frame
from gradstep.engine.timeline import Phase
from gradstep.tui.paint import Canvas, clip
from gradstep.tui.panels.base import Panel, framed
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View


class Params(Panel):
    """A row a number; a window around the current one where there are more than fit."""

    key = "4"
    title = "Params"

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = Canvas(width, height, view.palette), view.palette
        framed(canvas, "params", view, focused)
        parameters = frame.recording.graph.parameters
        if not parameters:
            canvas.put(2, 1, "This network has no parameters", palette.style("dim"))
            return canvas
        rows = _window(frame, height - 3)
        names = [frame.recording.board.element(e.value, e.flat) for e in rows]
        arrows = [(frame.recording.board.arrow(e.value, e.flat) or "").replace(" ", "") for e in rows]
        name_width, arrow_width = max([6, *map(len, names)]), max([0, *map(len, arrows)])
        updating = frame.phase is Phase.UPDATE
        field = max(view.network_digits + 4, 8)
        # The arrows give way to the numbers.
        arrows = (
            arrows if 8 + name_width + arrow_width + (3 if updating else 2) * (field + 2) <= width else [""] * len(rows)
        )
        arrow_width = max(map(len, arrows), default=0)
        x_value = 3 + name_width + 1 + arrow_width + field
        x_grad, x_new = x_value + 2 + field, x_value + 2 * (2 + field)
        bars = x_new + 2 + (field if updating else -field)
        dim = palette.style("dim")
        canvas.put(4, 1, "weight", dim)
        canvas.put(x_value - 5, 1, "value", dim)
        canvas.put(x_grad - 5, 1, f"∂{frame.recording.board.loss}/∂w", dim)
        if updating and x_new < width:
            canvas.put(x_new - 3, 1, "new", dim)
        peak = _peak(frame, rows)
        for y, (element, name, arrow) in enumerate(zip(rows, names, arrows, strict=True), 2):
            here = element == frame.element
            if here:
                canvas.put(2, y, "▸", palette.style("current", bold=True))
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
        return canvas


def _window(frame: Frame, height: int) -> list[Element]:
    """The parameter elements to show, the current one among them."""
    parameters = frame.recording.graph.parameters
    total = sum(p.size for p in parameters)
    at, offset = 0, 0
    for parameter in parameters:
        if frame.element is not None and frame.element.value == parameter.id:
            at = offset + frame.element.flat
        offset += parameter.size
    first = max(0, min(at - height // 2, total - height))
    found, offset = [], 0
    for parameter in parameters:
        low, high = max(first - offset, 0), min(first + max(height, 0) - offset, parameter.size)
        found += [Element(parameter.id, flat) for flat in range(low, high)]
        offset += parameter.size
    return found


def _peak(frame: Frame, rows: list[Element]) -> float:
    known = [abs(g) for e in rows if (g := frame.grad(e.value, e.flat)) is not None and abs(g) < float("inf")]
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
