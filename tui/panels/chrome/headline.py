"""What happens now, and why: always in the same place, always read first."""

from __future__ import annotations

from gradstep.engine.ask import Stop
from gradstep.engine.debugger import Frame
from gradstep.engine.errors import printable
from gradstep.tui.cells import breadth, clip, fold, wrap
from gradstep.tui.network.looking import told
from gradstep.tui.paint import MARKS, Canvas
from gradstep.tui.panels.base import Panel
from gradstep.tui.view import Layout, View

#: So many cells of the headline stand beside why a run has stopped.
_HEADLINE = 22


class Headline(Panel, can_focus=False):
    """The phase as a chip, the headline, the author's note, one sentence why."""

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = Canvas(width, height, view.palette), view.palette
        headline, text = told(frame, view)
        lines, more = _lines(frame, view, text, width - 2, height - 1)
        for y, (line, role) in enumerate(lines, 1):
            canvas.put(1, y, clip(line, width - 2), palette.style(role))
        end = width - 1
        for words in (f"✎ {view.keymap.face('act.explain')} reads the note" if more else "", _unseen(view)):
            if words:
                end -= breadth(words)
                canvas.put(end, 0, words, palette.style("dim"))
                end -= 2
        x = canvas.put(1, 0, f" {MARKS[frame.phase]} {frame.phase.value.upper()} ", palette.inverse(frame.phase.value))
        stop = _stopped(frame)
        if stop is not None:
            room = max(end - x - 3 - min(breadth(headline), _HEADLINE), 12)
            x = canvas.put(x + 1, 0, fold(f" ● STOPPED {stop.because or stop.text} ", room), palette.inverse("alarm"))
        x = canvas.put(x + 2, 0, clip(headline, end - x - 2), palette.style("current", bold=True))
        if view.selection is not None and view.selection != frame.element:
            name = frame.recording.board.element(view.selection.value, view.selection.flat)
            words = f"◇ {name} selected · esc returns to step {frame.step}"
            canvas.put(x + 3, 0, clip(words, end - x - 3), palette.style("dim"))
        return canvas


def _lines(frame: Frame, view: View, text: str, width: int, room: int) -> tuple[list[tuple[str, str]], bool]:
    """The lines below the headline with their roles, and whether the author's note does not stand there whole. What a
    key has just answered comes first, then the caption; what else there is to say takes what they leave."""
    answer = _at_most(wrap(view.message, width), room) if view.message else []
    room -= len(answer)
    caption = _at_most(wrap(text, width), room)
    room -= len(caption)
    begins = [] if view.message else _fitting(_first_keys(frame, view), width, room)
    room -= len(begins)
    whole = wrap("✎ " + printable(frame.story.note.replace("\n", " ")), width) if frame.story.note else []
    note = _at_most(whole, room)
    stops = [] if view.message else _fitting(_stop_keys(frame, view), width, room - len(note))
    said = [(line, "current") for line in (*answer, *begins, *stops)]
    return [(line, "dim") for line in note] + [(line, "text") for line in caption] + said, note != whole


def _fitting(words: str, width: int, room: int) -> list[str]:
    """The lines of what is said only where there is room for all of it."""
    lines = wrap(words, width)
    return lines if len(lines) <= room else []


def _unseen(view: View) -> str:
    """Where the network is not shown, what would show it."""
    return "80×24 shows the network" if view.layout is Layout.TINY else ""


def _stopped(frame: Frame) -> Stop | None:
    """Why a run has stopped here; None where it has not."""
    stop = frame.desk.stop
    return stop if stop is not None and stop.reason in ("breakpoint", "watch") else None


def _stop_keys(frame: Frame, view: View) -> str:
    """Where a run has stopped, how it goes on."""
    if _stopped(frame) is None:
        return ""
    on, back, rule = (view.keymap.face(name) for name in ("time.run", "time.rrun", "act.rule"))
    return f"{on} runs on, {back} runs back; {rule} sets another rule."


def _first_keys(frame: Frame, view: View) -> str:
    """Before the first step, which three keys to try."""
    if frame.step or frame.position.iteration > 1 or view.selection is not None:
        return ""
    step, back, keys = (view.keymap.face(name) for name in ("time.step", "time.back", "app.help"))
    return f"{step} takes a step · {back} takes it back · {keys} shows all keys"


def _at_most(lines: list[str], count: int) -> list[str]:
    """The first `count` lines, the last ending in … where something is left out."""
    if len(lines) <= max(count, 0):
        return lines
    return [*lines[: count - 1], lines[count - 1] + " …"] if count > 0 else []
