"""The tape: every step as a line, with what it wrote. The program that is being debugged."""

from __future__ import annotations

from rich.style import Style
from textual.events import Click
from textual.message import Message

from gradstep.engine.debugger import Frame, norm
from gradstep.engine.notation import Digits, number
from gradstep.engine.run import Grain, Phase, Recording, Sweep
from gradstep.tui.cells import breadth, clip, clip_left, fold
from gradstep.tui.folding import called, closed_in, shown_as, tail
from gradstep.tui.kept import kept_of_run
from gradstep.tui.listing import Line, window
from gradstep.tui.network.marks import OPEN, SHUT
from gradstep.tui.paint import MARKS, PENDING, Canvas, Row
from gradstep.tui.panels.base import Panel, Scene, framed
from gradstep.tui.theme import Palette, sign_role
from gradstep.tui.view import View, Zoom

#: The most cells that modules within modules are moved to the right.
_DEEPEST = 8
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
        closed = closed_in(frame.recording, view.opened)
        rows = _painted(frame.recording, view.palette, view.math_digits, width, focused, hits, far, other)
        wide = _wide(frame, far)
        for y, line in enumerate(window(frame, height - 2, far, closed), 1):
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
        grain = "" if scene.view.zoom is Zoom.NETWORK else Grain.ELEMENT.value
        return self.Scroll(1 if direction == "down" else -1, grain)

    def on_click(self, event: Click) -> None:
        if self.frame is None or self.view is None:
            return
        closed = closed_in(self.frame.recording, self.view.opened)
        lines = window(self.frame, self.size.height - 2, self.view.zoom is Zoom.NETWORK, closed)
        if not 1 <= event.y <= len(lines):
            return
        line = lines[event.y - 1]
        far = self.view.zoom is Zoom.NETWORK
        if line.group and far and (line.rule or event.x == _mark_at(line, 3)):
            self.post_message(self.Turn(line.group))
        else:
            self.post_message(self.Travel(line.step))


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
        _rule(canvas, frame, line, y, inner, wide)
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
        _folded(canvas, frame, line, y, wide + 6, inner - 1, name, future)
    else:
        _step(canvas, frame, view, line, y, wide, name)
    if current:
        canvas.tint(2, y, inner - 2)


def _wide(frame: Frame, far: bool) -> int:
    """The cells for numbers."""
    return 3 if far else max(len(str(frame.total)), 3)


def _mark_at(line: Line, wide: int) -> int:
    """The column of what says that a group is open, or closed."""
    return wide + 5 + min(2 * line.depth, _DEEPEST)


def _rule(canvas: Canvas, frame: Frame, line: Line, y: int, inner: int, wide: int) -> None:
    """Where a phase begins, or a module that is open."""
    palette, here = canvas.palette, frame.step and line.phase is frame.phase
    if line.group:
        x = canvas.put(_mark_at(line, wide), y, f"{OPEN} ", palette.style("dim"))
        canvas.put(x, y, fold(called(tail(line.group, line.inside)), max(inner - x, 1)), palette.style("dim"))
        return
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
    aside = frame.recording.board.modules.there
    room = inner - wide - 16 - aside
    canvas.put(
        wide + 6 + aside, y, _in_module(tape.name, line.inside, room) if line.inside else _short(tape.name, room), style
    )
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


def _short(name: str, room: int) -> str:
    """∂L/∂W₁[5,20] is ∂W₁[5,20] where there is no room: of what it is the gradient is what matters."""
    return fold(name if breadth(name) <= room else name.partition("/")[2] or name, room)


def _in_module(name: str, inside: str, room: int) -> str:
    """The same within a module, under whose name it stands. Neighbours differ in their index."""
    slope, _, whole = name.rpartition("/∂")
    short = f"∂{tail(whole, inside)}" if slope else tail(whole, inside)
    at = short.find("[")
    if breadth(short) <= room or at < 0:
        return fold(short, room)
    return clip_left(f"{clip(short[:at], max(room - len(short) + at, 2))}{short[at:]}", room)


def _folded(canvas: Canvas, frame: Frame, line: Line, y: int, x: int, end: int, style: Style, future: bool) -> None:
    """A whole array: its name, its shape, and its norm or, where it is a number, itself. Of a module that is closed
    what it gives, and of how many arrays the line is."""
    recording, palette = frame.recording, canvas.palette
    modules, sweep = recording.board.modules, recording.timeline.sweep_at(line.step)
    value = _stands_for(frame, line, sweep)
    backward = line.phase is Phase.BACKWARD
    name = shown_as(recording, line.group) if line.group else recording.board.whole(sweep.value)
    name = tail(name, line.inside) if modules.there else name
    shape = f"{line.arrays} arrays" if line.group else "×".join(map(str, recording.graph.values[sweep.value].shape))
    if not line.group and not backward and recording.kind(sweep.value):
        shape = f"{shape} {recording.kind(sweep.value)}".strip()
    if backward:
        long = f"∂{recording.board.loss}/∂{name}"
        name = long if not modules.there and breadth(long) + len(shape) + 10 <= end - x else f"∂{name}"
    text = PENDING
    if future and not (line.group and _there(frame, line, value)):
        pass
    elif line.phase is Phase.UPDATE:
        text = _updated(frame, line, sweep)
    elif recording.graph.values[value].size == 1:
        number_of = (frame.grad if backward else frame.data)(value, 0)
        text = PENDING if number_of is None else number(number_of, signed=backward)
    else:
        text = number(norm(recording, value, backward))
    dim = palette.style("placeholder" if future else "dim")
    if modules.there:
        if line.group:
            canvas.put(x - 1 + min(2 * line.depth, _DEEPEST), y, SHUT, dim)
        x += 1 + min(2 * line.depth, _DEEPEST)
    canvas.put(x, y, fold(name, max(end - x - 9, 1)), style)
    room = end - x - breadth(name) - 10
    if len(shape) <= room:
        canvas.put(end - 9 - len(shape), y, shape, dim)
    canvas.put(end - len(text), y, text, palette.style("placeholder" if future else "text"))


def _stands_for(frame: Frame, line: Line, sweep: Sweep) -> int:
    """The value whose size a line tells: of a module what it gives, where that is written in these steps."""
    given = frame.recording.board.modules.outputs[line.group] if line.group else sweep.value
    own = frame.recording.timeline.sweep_of(line.phase, given)
    return given if own is not None and line.step - line.size <= own.start < line.step else sweep.value


def _there(frame: Frame, line: Line, value: int) -> bool:
    """Whether all of a value is written."""
    sweep = frame.recording.timeline.sweep_of(line.phase, value)
    return sweep is not None and frame.done >= sweep.stop


def _updated(frame: Frame, line: Line, sweep: Sweep) -> str:
    """Of an update a single new number; else that there are some."""
    new = frame.new(sweep.value, 0) if line.size == 1 else None
    return "new" if new is None else number(new)
