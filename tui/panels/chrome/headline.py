"""What happens now, and why: always in the same place, always read first."""

from __future__ import annotations

from gradstep.engine.debugger import Frame
from gradstep.engine.errors import printable
from gradstep.tui.cells import breadth, clip, wrap
from gradstep.tui.network.looking import told
from gradstep.tui.paint import MARKS, Canvas
from gradstep.tui.panels.base import Panel
from gradstep.tui.view import Layout, View


class Headline(Panel, can_focus=False):
    """The phase as a chip, the headline, the author's note, one sentence why."""

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = Canvas(width, height, view.palette), view.palette
        chip = f" {MARKS[frame.phase]} {frame.phase.value.upper()} "
        x = canvas.put(1, 0, chip, palette.inverse(frame.phase.value))
        headline, text = told(frame, view)
        stop = frame.desk.stop
        if stop is not None and stop.reason in ("breakpoint", "watch"):
            what = f" ● STOPPED {stop.text} "
            x = canvas.put(
                x + 1, 0, clip(what, max(width - x - 2 - min(breadth(headline), 30), 12)), palette.inverse("alarm")
            )
        x = canvas.put(x + 2, 0, clip(headline, width - x - 3), palette.style("current", bold=True))
        if view.selection is not None and view.selection != frame.element:
            name = frame.recording.board.element(view.selection.value, view.selection.flat)
            canvas.put(
                x + 3,
                0,
                clip(f"◇ {name} selected · esc returns to step {frame.step}", width - x - 3),
                palette.style("dim"),
            )
        hint = "80×24 shows the network"
        if view.layout is Layout.TINY and x + len(hint) + 3 < width:
            canvas.put(width - len(hint) - 1, 0, hint, palette.style("dim"))
        message = view.message or _first_keys(frame, view)
        said = _at_most(wrap(message, width - 2), height - 1) if message else []
        room = height - 1 - len(said)
        caption = wrap(text, width - 2)
        note = wrap("✎ " + printable(frame.story.note.replace("\n", " ")), width - 2) if frame.story.note else []
        # The author's words stand first, but they never push the caption out.
        note = _at_most(note, max(room - len(caption), 1, room - 2))
        lines = [(line, "dim") for line in note] + [(line, "text") for line in _at_most(caption, room - len(note))]
        for y, (line, role) in enumerate(lines[:room] + [(line, "current") for line in said], 1):
            canvas.put(1, y, clip(line, width - 2), palette.style(role))
        return canvas


def _first_keys(frame: Frame, view: View) -> str:
    """Before the first step, which three keys to try."""
    if frame.step or frame.position.iteration > 1 or view.selection is not None:
        return ""
    step, back, keys = (view.keymap.face(name) for name in ("time.step", "time.back", "app.help"))
    return f"{step} takes a step · {back} takes it back · {keys} shows all keys"


def _at_most(lines: list[str], count: int) -> list[str]:
    """The first `count` lines, the last ending in … where something is left out."""
    if len(lines) <= count:
        return lines
    return [*lines[: count - 1], lines[count - 1] + " …"] if count > 0 else []
