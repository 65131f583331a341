"""What happens now, and why: always in the same place, always read first."""

from __future__ import annotations

from gradstep.engine.errors import printable
from gradstep.engine.frame import Frame
from gradstep.tui.paint import Canvas, clip, wrap
from gradstep.tui.panels.base import Panel
from gradstep.tui.theme import MARKS
from gradstep.tui.view import View


class Headline(Panel, can_focus=False):
    """The phase as a chip, the headline, the author's note, one sentence why."""

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = Canvas(width, height, view.palette), view.palette
        chip = f" {MARKS[frame.phase]} {frame.phase.value.upper()} "
        x = canvas.put(1, 0, chip, palette.inverse(frame.phase.value))
        x = canvas.put(x + 2, 0, clip(frame.headline, width - x - 3), palette.style("current", bold=True))
        if view.selection is not None and view.selection != frame.element:
            name = frame.recording.board.element(view.selection.value, view.selection.flat)
            canvas.put(x + 3, 0, clip(f"◇ {name} selected · esc returns to step {frame.step}", width - x - 3), palette.style("dim"))
        lines = [(line, "text") for line in wrap(frame.caption, width - 2)]
        if frame.note:
            note = [(line, "dim") for line in wrap("✎ " + printable(frame.note.replace("\n", " ")), width - 2)]
            # The author's words stand first; where there is no room for both, theirs are cut last.
            room = height - 1
            lines = note[:room] if len(note) >= room else note + lines
            if len(note) + 1 == room and len(wrap(frame.caption, width - 2)) > 1:
                lines[-1] = (clip(frame.caption, width - 2), "text")
        if view.message:
            said = wrap(view.message, width - 2)[: height - 1]
            lines = lines[: height - 1 - len(said)] + [(line, "current") for line in said]
        for y, (line, role) in enumerate(lines[: height - 1], 1):
            canvas.put(1, y, line, palette.style(role))
        return canvas
