"""The keys that matter now. Help and quit always stand at the right."""

from __future__ import annotations

from gradstep.engine.debugger import Frame
from gradstep.tui.keymap import Key
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel
from gradstep.tui.view import View


class Footer(Panel, can_focus=False):
    """Made from the key table; what does not fit is dropped from the least important."""

    timeless = True

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        palette = view.palette
        canvas = Canvas(width, height, palette, on="bar")
        several, trains = frame.recording.samples.count > 1, frame.desk.last > 1
        known = [k for k in view.keymap.keys if k.hint and (several or not k.batch) and (trains or not k.training)]
        fixed = [k for k in known if k.weight >= 1000]
        others = [k for k in known if k.weight < 1000]
        room = width - 1 - sum(map(_length, fixed)) - 1
        chosen: list[Key] = []
        for key in sorted(others, key=lambda k: -k.weight):
            if _length(key) <= room:
                chosen.append(key)
                room -= _length(key)
        x = 1
        for key in others:
            if key in chosen:
                x = _put(canvas, x, key)
        x = width - sum(map(_length, fixed)) + 1
        for key in fixed:
            x = _put(canvas, x, key)
        return canvas


def _face(key: Key) -> str:
    return key.shown.split(" ")[0]


def _length(key: Key) -> int:
    return len(_face(key)) + 1 + len(key.hint) + 2


def _put(canvas: Canvas, x: int, key: Key) -> int:
    canvas.link(x, 0, _length(key) - 2, key.action)
    x = canvas.put(x, 0, _face(key), canvas.palette.style("text", "bar", bold=True))
    return canvas.put(x + 1, 0, key.hint, canvas.palette.style("dim", "bar")) + 2
