"""What is watched, with its value at this moment."""

from __future__ import annotations

import numpy as np

from gradstep.engine.ask import Part, Watch
from gradstep.engine.debugger import Frame, extreme, extremes
from gradstep.engine.history import column_of, watched
from gradstep.engine.index import Array
from gradstep.engine.notation import bar, number
from gradstep.tui import plot
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, Scene, alike, framed, hint
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View


class Watches(Panel):
    """A line an expression: its value or `not yet`, whether this step has just changed it, and its size over the
    iterations of a training. An array with no room for its numbers is a sparkline of their sizes."""

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        return not before.frame.desk.watches and not scene.frame.desk.watches and alike(before, scene)

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = framed("watch", view, width, height, focused), view.palette
        if not frame.desk.watches:
            hint(canvas, "w watches the selection")
            return canvas
        shown = frame.desk.watches[: max(height - 2, 0)]
        names = min(max((breadth(w.text) for w in shown), default=0), max(width // 2, 8))
        for y, watch in enumerate(shown, 1):
            new = watch.changed(frame.position)
            canvas.put(2, y, fold(watch.text, names), palette.style("current" if new else "text", bold=new))
            part = watch.at(frame.position)
            x = 4 + names
            if not np.all(part.known) and np.size(part.value) <= 1:
                x = canvas.put(x, y, "not yet", palette.style("placeholder"))
            else:
                x = _numbers(canvas, x, y, part, view, frame, watch.text)
            trains = frame.desk.history is not None and frame.desk.history.made > 1
            if new:
                says = "◂" if trains else "◂ just changed"
                x = canvas.put(x + 2, y, clip(says, width - x - 4), palette.style("dim"))
            if trains:
                _over_time(canvas, max(x + 2, 4 + names + 13), y, frame, watch)
        return canvas


def _over_time(canvas: Canvas, x: int, y: int, frame: Frame, watch: Watch) -> None:
    """A single number over all iterations, where there is room."""
    width, history = min(canvas.width - x - 2, 60), frame.desk.history
    if width < 8 or history is None or frame.summaries is None:
        return
    s = frame.summaries
    over = watched(history, s, watch)
    if over is not None:
        plot.bars(canvas, x, y, width, over.sizes(), s.last)
        canvas.tint(x + column_of(frame.position.iteration, s.last, width), y, 1)


def _sparkline(canvas: Canvas, x: int, y: int, width: int, array: Array, signed: bool) -> int:
    """An array that is too long for its numbers: its sizes from first to last, then the largest. Of
    several elements in a cell the largest shows."""
    most = extreme(array)
    shown = f" max {number(most, 3, signed)}"
    width = min(max(width - len(shown), 4), array.size)
    for k, value in enumerate(extremes(array, width)):
        share = abs(value) / abs(most) if most and np.isfinite(most) else 0.0
        glyph = "!" if not np.isfinite(value) else "·" if not value else bar(share)
        canvas.put(x + k, y, glyph, canvas.palette.style(sign_role(value) if signed or glyph == "!" else "dim"))
    return canvas.put(x + width, y, shown, canvas.palette.style("dim"))


def _numbers(canvas: Canvas, x: int, y: int, part: Part, view: View, frame: Frame, text: str) -> int:
    """The numbers of a value as far as there is room; truth values as words."""
    if not np.all(part.known):
        return canvas.put(x, y, "not yet", canvas.palette.style("placeholder"))
    array = np.asarray(part.value).reshape(-1)
    end = canvas.width - 3
    if array.size > 1 and array.dtype.kind == "f":
        written = sum(len(number(v, view.math_digits, ".grad" in text)) + 1 for v in array[:64].tolist())
        if array.size > 64 or x + written > end:
            return _sparkline(canvas, x, y, min(end - x, 40), array, ".grad" in text)
    for k, value in enumerate(array[:64].tolist()):
        shown = str(value).lower() if isinstance(value, bool) else number(value, view.math_digits, ".grad" in text)
        if x + len(shown) + (k > 0) > end - (k + 1 < len(array)):
            return canvas.put(x, y, "…", canvas.palette.style("dim"))
        role = sign_role(value) if ".grad" in text and not isinstance(value, bool) else "text"
        x = canvas.put(x + (k > 0), y, shown, canvas.palette.style(role))
    return x
