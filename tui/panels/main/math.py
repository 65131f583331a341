"""The arithmetic of the step: rule, numbers, result; then where the numbers come from."""

from __future__ import annotations

from gradstep.engine.debugger import Frame
from gradstep.engine.errors import printable
from gradstep.engine.run import Phase
from gradstep.tui.arithmetic.sheet import paint_sheet
from gradstep.tui.cells import breadth, clip, wrap
from gradstep.tui.network.looking import detail
from gradstep.tui.paint import MARKS, PENDING, Canvas
from gradstep.tui.panels.base import Panel, framed
from gradstep.tui.view import Layout, View, Zoom

#: From this height on there is a line for where a recorded value comes from.
_ROOM = 8
#: The column at which what is said of it begins.
_SAID = 9


class Math(Panel):
    """rule, numbers, result; three cards, a table with a waterfall, or a curve; the chain."""

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas = framed("math", view, width, height, focused)
        frame = detail(frame, view)
        origins = frame.story.origins
        inner = Canvas(max(width - 4, 1), max(height - 2, 1), view.palette)
        held = 0
        if origins and height > _ROOM:
            held = min(2 + len(wrap(" · ".join(origins[2:]), max(inner.width - _SAID, 1))), inner.height // 3)
        sheet = Canvas(inner.width, max(inner.height - held, 1), view.palette) if held else inner
        if view.explained:
            _explanation(sheet, frame, view)
        elif frame.story.equation is None:
            _legend(sheet)
        else:
            paint_sheet(sheet, frame, frame.story.equation, view.math_digits)
        if held:
            inner.paste(sheet, 0, 0)
        _origins(inner, origins)
        if not origins:
            _next(inner, frame, view)
        canvas.paste(inner, 2, 1)
        return canvas


def _origins(canvas: Canvas, said: tuple[str, ...]) -> None:
    """Where a recorded value comes from, in the lines at the bottom that are free: one for module and function, one for
    the source, and one for what else is to be said, as that it is not explained."""
    free = 0
    while free < canvas.height and not "".join(canvas.cells(canvas.height - 1 - free)[0]).strip():
        free += 1
    if not said or not free:
        return
    origin, place, more = said[0], said[1], " · ".join(said[2:])
    rows = [row for row in (("from", origin), ("source", place)) if row[1]]
    notes = wrap(more, max(canvas.width - _SAID, 1))
    left = max(free - len(rows), 1)
    if len(notes) > left:
        notes = [*notes[: left - 1], clip(" ".join(notes[left - 1 :]), max(canvas.width - _SAID, 1))]
    rows += [("note" * (not k), line) for k, line in enumerate(notes)]
    if free < len(rows):
        rows = [("from", " · ".join(filter(None, (origin, more))))] + ([("source", place)] if free > 1 else [])
        rows = [(word, f"{text} · {place}" if free == 1 and place else text) for word, text in rows]
    for y, (word, text) in enumerate(rows, canvas.height - len(rows)):
        canvas.put(0, y, word, canvas.palette.style("dim"))
        style = canvas.palette.style("dim" if word == "source" else "text")
        canvas.put(_SAID, y, clip(text, max(canvas.width - _SAID, 1)), style)


def _next(canvas: Canvas, frame: Frame, view: View) -> None:
    """On a last line that is empty, what the next step writes: where no tape stands beside it, nothing else says so."""
    railed = view.layout is Layout.WIDE or view.zoom is Zoom.NETWORK or frame.position.term is not None
    if railed or frame.step >= frame.total or canvas.height < 2:
        return
    y, following = canvas.height - 1, frame.tape_line(frame.step + 1)
    words = f"next     {MARKS[following.phase]} {following.name}"
    if not "".join(canvas.chars[y][: breadth(words) + 2]).strip():
        canvas.put(0, y, clip(words, canvas.width), canvas.palette.style("placeholder"))


def _legend(canvas: Canvas) -> None:
    """Before the first step: the four phases and the colours, a line each."""
    palette = canvas.palette
    says = {
        Phase.FORWARD: "compute every node, from the inputs to the prediction",
        Phase.LOSS: "how wrong is it?",
        Phase.BACKWARD: "upstream × local gradient, from the loss to every weight",
        Phase.UPDATE: "nudge each weight against its gradient",
    }
    for y, (phase, what) in enumerate(says.items()):
        canvas.put(0, y, f"{MARKS[phase]} {phase.value}", palette.style(phase.value))
        canvas.put(13, y, what, palette.style())
    x = canvas.put(0, 4, "+", palette.style("positive", bold=True))
    x = canvas.put(x + 1, 4, "blue, solid: positive", palette.style("positive"))
    x = canvas.put(x + 4, 4, "−", palette.style("negative", bold=True))
    x = canvas.put(x + 1, 4, "orange, broken: negative", palette.style("negative"))
    x = canvas.put(0, 5, PENDING, palette.style("placeholder", bold=True))
    canvas.put(x + 1, 5, "not computed yet", palette.style("dim"))
    x = canvas.put(x + 25, 5, " 0.540 ", palette.inverse("current"))
    canvas.put(x + 1, 5, "just computed", palette.style("dim"))


def _explanation(canvas: Canvas, frame: Frame, view: View) -> None:
    """A few sentences with the derivation, in place of the sheet."""
    note = "✎ " + printable(frame.story.note.replace("\n", " ")) if frame.story.note else ""
    lines: list[tuple[str, str]] = []
    for paragraph, role in ((note, "dim"), *((told, "text") for told in frame.story.explanation)):
        if paragraph:
            lines += [(line, role) for line in wrap(paragraph, canvas.width)]
            lines += [("", role)] if canvas.height > 12 else []
    room = canvas.height - 1
    for y, (line, role) in enumerate(lines[:room]):
        canvas.put(0, y, line, canvas.palette.style(role))
    more = len(lines) > room and any(line for line, _ in lines[room:])
    words = f"{view.keymap.face('act.explain')} shows the numbers again"
    full = f" · {view.keymap.face('space.maximise')} makes room for the rest" if more else ""
    canvas.put(0, canvas.height - 1, clip(words + full, canvas.width), canvas.palette.style("dim"))
