"""This run and another one side by side: the original of an edited run, or the one of `diff`."""

from __future__ import annotations

from gradstep.engine.debugger import Frame
from gradstep.engine.notation import number
from gradstep.tui.cells import fold
from gradstep.tui.listing import window
from gradstep.tui.paint import Canvas
from gradstep.tui.panels.base import Panel, Scene, alike, framed, hint
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View


class Delta(Panel):
    """The steps around the current one: what each wrote there, what here, and the difference."""

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        return before.frame.base is None and scene.frame.base is None and alike(before, scene)

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = framed("delta", view, width, height, focused), view.palette
        if frame.base is None:
            hint(canvas, "e edits a number, :diff FILE compares; then", "both runs stand here side by side")
            return canvas
        there = Frame(frame.base, frame.position, frame.sample)
        field, dim = 9, palette.style("dim")
        columns = [width - 3 - k * (field + 1) for k in (2, 1, 0)]
        for end, head in zip(columns, ("before" if frame.desk.edits else "there", "here", "Δ"), strict=True):
            canvas.put(end - len(head), 1, head, dim)
        lines = [line for line in window(frame, height - 3) if not line.rule and line.size == 1]
        for y, line in enumerate(lines[: max(height - 3, 0)], 2):
            here, other = frame.tape_line(line.step), there.tape_line(line.step)
            current = line.step == frame.step
            if current:
                canvas.put(2, y, "▸", palette.style("current", bold=True))
            room = columns[0] - field - 5
            canvas.put(
                4, y, fold(here.name, max(room, 0)), palette.style("current" if current else "text", bold=current)
            )
            canvas.value(columns[0] - field, y, other.value, field, 4, here.signed)
            canvas.value(columns[1] - field, y, here.value, field, 4, here.signed)
            if here.value is not None and other.value is not None and here.value != other.value:
                gap = here.value - other.value
                text = number(gap, 4, True)
                canvas.put(columns[2] - len(text), y, text, palette.style(sign_role(gap), bold=current))
            if current:
                canvas.tint(2, y, width - 4)
        return canvas
