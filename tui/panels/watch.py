"""What is watched, with its value at this moment."""

from __future__ import annotations

import numpy as np

from gradstep.engine.frame import Frame
from gradstep.engine.notation import number
from gradstep.engine.query import Part
from gradstep.tui.paint import Canvas, clip
from gradstep.tui.panels.base import Panel, Scene, alike, framed
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View


class Watches(Panel):
    """A line an expression: its value or `not yet`, and whether this step has just changed it."""

    key = "5"
    title = "Watch"

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        return not before.frame.desk.watches and not scene.frame.desk.watches and alike(before, scene)

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = Canvas(width, height, view.palette), view.palette
        framed(canvas, "watch", view, focused)
        if not frame.desk.watches:
            canvas.put(2, 1, clip("w watches the selection", width - 4), palette.style("dim"))
            return canvas
        shown = frame.desk.watches[: max(height - 2, 0)]
        names = min(max((len(w.text) for w in shown), default=0), max(width // 2, 8))
        for y, watch in enumerate(shown, 1):
            new = watch.changed(frame.position)
            canvas.put(2, y, clip(watch.text, names), palette.style("current" if new else "text", bold=new))
            part = watch.at(frame.position)
            x = 4 + names
            if not np.all(part.known) and np.size(part.value) <= 1:
                x = canvas.put(x, y, "not yet", palette.style("placeholder"))
            else:
                x = _numbers(canvas, x, y, part, view, frame, watch.text)
            if new:
                canvas.put(x + 2, y, clip("◂ just changed", width - x - 4), palette.style("dim"))
        return canvas


def _numbers(canvas: Canvas, x: int, y: int, part: Part, view: View, frame: Frame, text: str) -> int:
    """The numbers of a value as far as there is room; truth values as words."""
    if not np.all(part.known):
        return canvas.put(x, y, "not yet", canvas.palette.style("placeholder"))
    array = np.asarray(part.value).reshape(-1)
    end = canvas.width - 3
    for k, value in enumerate(array[:64].tolist()):
        shown = str(value).lower() if isinstance(value, bool) else number(value, view.math_digits, ".grad" in text)
        if x + len(shown) + (k > 0) > end - (k + 1 < len(array)):
            return canvas.put(x, y, "…", canvas.palette.style("dim"))
        role = sign_role(value) if ".grad" in text and not isinstance(value, bool) else "text"
        x = canvas.put(x + (k > 0), y, shown, canvas.palette.style(role))
    return x
