"""What has happened: stops, edits, checks."""

from __future__ import annotations

from gradstep.engine.debugger import Frame
from gradstep.engine.errors import printable
from gradstep.tui.cells import clip
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, framed, hint
from gradstep.tui.view import View


class Log(Panel):
    """A line an event, with the step at which it happened; the newest last."""

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = framed("log", view, width, height, focused), view.palette
        if not frame.desk.log:
            hint(canvas, "Stops and edits appear here")
            return canvas
        lines = list(frame.desk.log)[-max(height - 2, 1) :]
        several = any(line.iteration > 1 for line in lines)
        marks = [f"@{line.iteration} {line.step:,}" if several else f"{line.step:,}" for line in lines]
        step = max(map(len, marks))
        for y, (line, mark) in enumerate(zip(lines, marks, strict=True), 1):
            newest = y == len(lines)
            canvas.put(2, y, mark.rjust(step), palette.style("dim"))
            text = clip(printable(line.text), width - step - 6)
            canvas.put(step + 4, y, text, palette.style("text" if newest else "dim"))
        return canvas
