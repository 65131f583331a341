"""What is watched, with its value at this moment."""

from __future__ import annotations

import numpy as np

from gradstep.engine.ask import Answer, Watch
from gradstep.engine.debugger import Frame, extreme, extremes
from gradstep.engine.history import column_of, watched
from gradstep.engine.index import Array
from gradstep.engine.notation import bar, number
from gradstep.engine.run import marked
from gradstep.tui import plot
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, Scene, alike, framed
from gradstep.tui.panels.lists.sizes import known_sizes, paint_sizes
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View


class Watches(Panel):
    """A line an expression: its value or `not yet`, whether this step has just changed it, and its size over the
    iterations of a training. An array with no room for its numbers is a sparkline of their sizes."""

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        if before.frame.desk.watches or scene.frame.desk.watches or not alike(before, scene):
            return False
        return known_sizes(before.frame) == known_sizes(scene.frame)

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = framed("watch", view, width, height, focused), view.palette
        shown = frame.desk.watches[: max(height - 2, 0)]
        names = min(max((breadth(w.text) for w in shown), default=0), max(width // 2, 8))
        for y, watch in enumerate(shown, 1):
            new = watch.changed(frame.position)
            canvas.put(2, y, fold(watch.text, names), palette.style("current" if new else "text", bold=new))
            answer = watch.answer(frame.position)
            part = answer.part
            x = 4 + names
            if not np.all(part.known) and np.size(part.value) <= 1:
                x = canvas.put(x, y, "not yet", palette.style("placeholder"))
            else:
                x = _numbers(canvas, x, y, answer, view)
            trains = frame.desk.history is not None and frame.desk.history.made > 1
            if new:
                says = "◂" if trains else "◂ just changed"
                x = canvas.put(x + 2, y, clip(says, width - x - 4), palette.style("dim"))
            if trains:
                _over_time(canvas, max(x + 2, 4 + names + 13), y, frame, watch)
        if not frame.desk.watches:
            words = " w watches more "
            canvas.put(canvas.width - len(words) - 2, canvas.height - 1, words, palette.style("dim"))
        paint_sizes(canvas, frame, view, len(shown) + 1, names)
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


def _sparkline(canvas: Canvas, x: int, y: int, width: int, array: Array, signed: bool, stale: bool) -> int:
    """An array that is too long for its numbers: its sizes from first to last, then the largest. Of
    several elements in a cell the largest shows."""
    most = marked(extreme(array), stale)
    shown = f" max {number(most, 3, signed)}"
    width = min(max(width - len(shown), 4), array.size)
    for k, value in enumerate(extremes(array, width)):
        share = abs(value) / abs(most) if most and np.isfinite(most) else 0.0
        glyph = "!" if not np.isfinite(value) else "·" if not value else bar(share)
        canvas.put(x + k, y, glyph, canvas.palette.style(sign_role(value) if signed or glyph == "!" else "dim"))
    return canvas.put(x + width, y, shown, canvas.palette.style("dim"))


def _numbers(canvas: Canvas, x: int, y: int, answer: Answer, view: View) -> int:
    """The numbers of a value as far as there is room; truth values as words."""
    if not np.all(answer.part.known):
        return canvas.put(x, y, "not yet", canvas.palette.style("placeholder"))
    array, signed, stale = np.asarray(answer.part.value).reshape(-1), ".grad" in answer.text, answer.stale
    end, some = canvas.width - 3, array[:64] if array.dtype.kind in "iu" else array[:64].tolist()
    shown = [_shown(value, stale, view.math_digits, signed) for value in some]
    if array.size > 1 and array.dtype.kind == "f" and (array.size > 64 or x + sum(map(len, shown)) + len(shown) > end):
        return _sparkline(canvas, x, y, min(end - x, 40), array, signed, stale)
    for k, (value, text) in enumerate(zip(some, shown, strict=True)):
        if x + len(text) + (k > 0) > end - (k + 1 < len(array)):
            return canvas.put(x, y, "…", canvas.palette.style("dim"))
        role = sign_role(value) if signed and not isinstance(value, bool) else "text"
        x = canvas.put(x + (k > 0), y, text, canvas.palette.style(role))
    return x


def _shown(value: float | bool, stale: bool, digits: int, signed: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower() + "?" * stale
    return number(marked(value, stale), digits, signed)
