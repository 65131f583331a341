"""The tape: every step as a line, with what it wrote. The program that is being debugged."""

from __future__ import annotations

from rich.style import Style
from textual.events import Click
from textual.message import Message

from gradstep.engine.debugger import Frame, norm
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Grain, Phase, Recording, Sweep
from gradstep.tui.cells import breadth, clip_left, fold
from gradstep.tui.kept import kept_of_run
from gradstep.tui.listing import Line, window
from gradstep.tui.paint import MARKS, PENDING, Canvas, Row
from gradstep.tui.panels.base import Panel, Scene, framed
from gradstep.tui.theme import Palette, sign_role
from gradstep.tui.view import View, Zoom

#: So many painted lines are kept for the next time.
_KEPT = 4096


@kept_of_run
def _painted(
    recording: Recording,
    palette: Palette,
    digits: int,
    width: int,
    focused: bool,
    hits: frozenset[int],
    far: bool,
    other: bool,
) -> dict[tuple[Line, bool, bool], Row]:
    """The lines that were painted under the same circumstances, to be taken and added to. `other`: there is another
    run to compare with."""
    return {}


class Tape(Panel):
    """One line per step: number, left-hand side, value; the current one about the middle. Where it has the focus, the
    arrow keys go along it."""

    arrows = ("up", "down")

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas = framed("tape", view, width, height, focused)
        far, hits, other = view.zoom is Zoom.NETWORK, frame.desk.hits(frame), frame.base is not None
        rows = _painted(frame.recording, view.palette, view.math_digits, width, focused, hits, far, other)
        wide = 3 if far else max(len(str(frame.total)), 3)
        for y, line in enumerate(window(frame, height - 2, far), 1):
            # All but the current line look the same at every step before, and at every step after.
            key = None if _current(frame, line) else (line, line.step < frame.step, line.phase is frame.phase)
            row = rows.get(key) if key else None
            if row is not None:
                canvas.take(y, row)
                continue
            _paint_line(canvas, frame, view, line, y, wide)
            if key is not None and len(rows) < _KEPT:
                rows[key] = canvas.row(y)
        return canvas

    def arrow(self, direction: str, scene: Scene) -> Message | None:
        grain = Grain.ARRAY if scene.view.zoom is Zoom.NETWORK else Grain.ELEMENT
        return self.Scroll(1 if direction == "down" else -1, grain.value)

    def on_click(self, event: Click) -> None:
        if self.frame is None or self.view is None:
            return
        lines = window(self.frame, self.size.height - 2, self.view.zoom is Zoom.NETWORK)
        if 1 <= event.y <= len(lines):
            self.post_message(self.Travel(lines[event.y - 1].step))


def _current(frame: Frame, line: Line) -> bool:
    """Whether a line is that of the current step, or the array that it belongs to."""
    if not line.folded:
        return line.step == frame.step
    return frame.step > 0 and line.step - line.size < frame.step <= line.step


def _changed(frame: Frame, line: Line) -> bool:
    """Whether an edit has changed what this step writes."""
    sweep, flat = frame.recording.timeline.locate(line.step)
    return frame.before(sweep.phase, sweep.value, flat) is not None


def _paint_line(canvas: Canvas, frame: Frame, view: View, line: Line, y: int, wide: int) -> None:
    palette, inner = canvas.palette, min(canvas.width - 2, 60)
    if line.rule:
        _rule(canvas, frame, line, y, inner)
        return
    sweep = frame.recording.timeline.sweep_at(line.step)
    current, future = _current(frame, line), line.step > frame.step
    shown = sweep.number + 1 if view.zoom is Zoom.NETWORK else line.step
    dim = palette.style("placeholder" if future else "dim")
    if current:
        canvas.put(2, y, "▸", palette.style("current", bold=True))
    canvas.put(3, y, str(shown).rjust(wide), palette.style("current", bold=True) if current else dim)
    _mark(canvas, frame, line, wide + 4, y)
    name = palette.style("current", bold=True) if current else palette.style("placeholder" if future else "text")
    if line.folded:
        _folded(canvas, frame, sweep, y, wide + 6, inner - 1, name, future)
    else:
        _step(canvas, frame, view, line, y, wide, name)
    if current:
        canvas.tint(2, y, inner - 2)


def _rule(canvas: Canvas, frame: Frame, line: Line, y: int, inner: int) -> None:
    """Where a phase begins."""
    palette, here = canvas.palette, frame.step and line.phase is frame.phase
    role = line.phase.value
    x = canvas.put(2, y, f"{MARKS[line.phase]} {role} ", palette.style(role if here else "dim"))
    style = palette.style(role if here else "line", strength=0.6 if here else 1.0)
    canvas.put(x, y, "─" * (inner - x), style)


def _mark(canvas: Canvas, frame: Frame, line: Line, x: int, y: int) -> None:
    """What there is to say of a line's steps: where a breakpoint stops, what an edit changed, what is not finite."""
    palette, steps = canvas.palette, range(line.step - line.size + 1, line.step + 1)
    if any(hit in steps for hit in frame.desk.hits(frame)):
        canvas.put(x, y, "●", palette.style("alarm"))
    elif frame.base is not None and not line.folded and _changed(frame, line):
        canvas.put(x, y, "Δ", palette.style("update"))
    if any(bad in steps for bad in frame.story.troubles):
        canvas.put(x, y, "!", palette.style("alarm", bold=True))


def _step(canvas: Canvas, frame: Frame, view: View, line: Line, y: int, wide: int, style: Style) -> None:
    """One step: its name and its number."""
    tape, inner = frame.tape_line(line.step), min(canvas.width - 2, 60)
    room = inner - wide - 16
    # ∂L/∂W₁[5,20] is ∂W₁[5,20] where there is no room: of what it is the gradient is what matters.
    short = tape.name if breadth(tape.name) <= room else tape.name.partition("/")[2] or tape.name
    canvas.put(wide + 6, y, clip_left(short, room), style)
    role = sign_role(tape.value) if tape.signed else "text" if tape.value is not None else "placeholder"
    canvas.value(
        inner - 11,
        y,
        tape.value,
        10,
        min(view.math_digits, Digits.FINE),
        tape.signed and line.phase is Phase.BACKWARD,
        canvas.palette.style(role, bold=_current(frame, line)),
    )


def _folded(canvas: Canvas, frame: Frame, sweep: Sweep, y: int, x: int, end: int, style: Style, future: bool) -> None:
    """A whole array: its name, its shape, and its norm or, where it is a number, itself."""
    recording, palette = frame.recording, canvas.palette
    name, backward = recording.board.whole(sweep.value), sweep.phase is Phase.BACKWARD
    shape = "×".join(map(str, recording.graph.values[sweep.value].shape))
    if backward:
        long = f"∂{recording.board.loss}/∂{name}"
        name = long if breadth(long) + len(shape) + 10 <= end - x else f"∂{name}"
    text = PENDING
    if sweep.size == 1 and not future:
        read = {Phase.BACKWARD: frame.grad, Phase.UPDATE: frame.new}.get(sweep.phase, frame.data)
        value = read(sweep.value, 0)
        text = PENDING if value is None else number(value, signed=backward)
    elif not future and sweep.phase is not Phase.UPDATE:
        text = number(norm(recording, sweep.value, backward))
    elif not future:
        text = "new"
    dim = palette.style("placeholder" if future else "dim")
    canvas.put(x, y, fold(name, max(end - x - 9, 1)), style)
    room = end - x - breadth(name) - 10
    if len(shape) <= room:
        canvas.put(end - 9 - len(shape), y, shape, dim)
    canvas.put(end - len(text), y, text, palette.style("placeholder" if future else "text"))
