"""The tape: every step as a line, with what it wrote. The program that is being debugged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.style import Style
from textual.events import Click
from textual.message import Message

from gradstep.engine.debugger import Frame, norm
from gradstep.engine.notation import number
from gradstep.engine.run import Phase, Recording, Sweep, remembered
from gradstep.tui.paint import PENDING, Canvas, Row, clip
from gradstep.tui.panels.base import Panel, framed
from gradstep.tui.theme import MARKS, Palette, sign_role
from gradstep.tui.view import View, Zoom

#: Runs of more steps than this are shown with all arrays but the current one folded to a line.
UNFOLDED = 60


class Line(NamedTuple):
    """A line of the tape: a phase's rule, one step, or an array folded into one line."""

    phase: Phase
    step: int
    size: int = 1
    rule: bool = False
    folded: bool = False


#: So many painted lines are kept for the next time.
_KEPT = 4096


@remembered
def _kept(
    recording: Recording, palette: Palette, digits: int, width: int, focused: bool, hits: frozenset[int], far: bool
) -> dict[tuple[Line, bool, bool], Row]:
    """The lines that have been painted under the same circumstances."""
    return {}


def _sweep_lines(frame: Frame, sweep: Sweep) -> range:
    """The steps of a sweep that have a line; a folded one has its last."""
    here = frame.sweep is not None and sweep.number == frame.sweep.number
    if frame.total <= UNFOLDED or here or sweep.size == 1:
        return range(sweep.start + 1, sweep.stop + 1)
    return range(sweep.stop, sweep.stop + 1)


def _line(sweep: Sweep, step: int, lines: range) -> Line:
    folded = len(lines) < sweep.size
    return Line(sweep.phase, step, sweep.size if folded else 1, folded=folded)


def _arrays(frame: Frame) -> list[Line]:
    """All arrays as a line each, for where one looks from afar."""
    found: list[Line] = []
    for sweep in frame.recording.timeline.sweeps:
        if not found or found[-1].phase is not sweep.phase:
            found.append(Line(sweep.phase, sweep.start, rule=True))
        found.append(Line(sweep.phase, sweep.stop, sweep.size, folded=True))
    return found


def _far(frame: Frame, height: int) -> list[Line]:
    """Those of them that have room, the current one in the middle half."""
    lines = _arrays(frame)
    here = (
        next((k for k, line in enumerate(lines) if not line.rule and line.step >= frame.step), 0) if frame.step else 0
    )
    half = max(height // 2, 1)
    first = min(max(here // half * half - height // 4, 0), max(len(lines) - height, 0))
    return lines[first : first + height]


def _after(frame: Frame, step: int) -> Iterator[Line]:
    """The lines after a step's, nearest first."""
    sweeps = frame.recording.timeline.sweeps
    current = frame.recording.timeline.sweep_at(step).number if step else 0
    for sweep in sweeps[current:]:
        if sweep.start >= step and (sweep.number == 0 or sweeps[sweep.number - 1].phase is not sweep.phase):
            yield Line(sweep.phase, sweep.start, rule=True)
        lines = _sweep_lines(frame, sweep)
        for at in lines[max(0, step + 1 - lines.start) :] if step >= lines.start else lines:
            yield _line(sweep, at, lines)


def _before(frame: Frame, step: int) -> Iterator[Line]:
    """The lines before a step's, nearest first."""
    if not step:
        return
    sweeps = frame.recording.timeline.sweeps
    for sweep in reversed(sweeps[: frame.recording.timeline.sweep_at(step).number + 1]):
        lines = _sweep_lines(frame, sweep)
        for at in reversed(range(lines.start, min(lines.stop, step))):
            yield _line(sweep, at, lines)
        if sweep.number == 0 or sweeps[sweep.number - 1].phase is not sweep.phase:
            yield Line(sweep.phase, sweep.start, rule=True)


def _lines_before(frame: Frame) -> int:
    """How many lines the whole tape has before the current step's."""
    count, phase = 0, None
    for sweep in frame.recording.timeline.sweeps:
        if sweep.start >= frame.step:
            break
        lines = _sweep_lines(frame, sweep)
        count += (sweep.phase is not phase) + min(len(lines), max(frame.step - lines.start, 0))
        phase = sweep.phase
    return count


def window(frame: Frame, height: int, far: bool = False) -> list[Line]:
    """The `height` lines around the current step, which stays within the middle half; from afar, a line
    an array.

    The window moves on by half its height at a time and not with every step: the eye keeps its
    place, and a step repaints two lines instead of all of them.
    """
    if far:
        return _far(frame, height)
    step = frame.step
    wanted = height // 4 + _lines_before(frame) % max(height // 2, 1)
    here = [Line(frame.phase, step)] if step else []
    above: list[Line] = []
    below: list[Line] = []
    before, after = _before(frame, step), _after(frame, step)
    for line in before:
        if len(above) >= height:
            break
        above.append(line)
    for line in after:
        if len(below) >= height:
            break
        below.append(line)
    up = min(len(above), max(wanted, height - len(here) - len(below)))
    lines = above[:up][::-1] + here + below
    return lines[:height]


def width(recording: Recording) -> int:
    """How wide the tape stands beside the rest: step numbers of many digits take more."""
    return 32 + min(max(len(str(recording.timeline.total)) - 5, 0) * 2, 6)


class Tape(Panel):
    """One line per step: number, left-hand side, value; the current one about the middle."""

    key = "1"
    title = "Tape"

    class Travel(Message):
        """Somebody pointed at a line."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas = Canvas(width, height, view.palette)
        framed(canvas, "tape", view, focused)
        far = view.zoom is Zoom.NETWORK
        wide = 3 if far else max(len(str(frame.total)), 3)
        kept = _kept(frame.recording, view.palette, view.math_digits, width, focused, frame.desk.hits(frame), far)
        for y, line in enumerate(window(frame, height - 2, far), 1):
            # All but the current line look the same at every step before, and at every step after.
            key = None if _current(frame, line) else (line, line.step < frame.step, line.phase is frame.phase)
            row = kept.get(key) if key else None
            if row is not None:
                canvas.take(y, row)
                continue
            _paint_line(canvas, frame, view, line, y, wide)
            if key is not None and len(kept) < _KEPT:
                kept[key] = tuple(canvas.chars[y]), tuple(canvas.styles[y])
        return canvas

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
        here = frame.step and line.phase is frame.phase
        style = palette.style(line.phase.value if here else "dim")
        x = canvas.put(2, y, f"{MARKS[line.phase]} {line.phase.value} ", style)
        canvas.put(
            x, y, "─" * (inner - x), palette.style(line.phase.value if here else "line", strength=0.6 if here else 1.0)
        )
        return
    sweep = frame.recording.timeline.sweep_at(line.step)
    current = _current(frame, line)
    future = line.step > frame.step
    shown = sweep.number + 1 if view.zoom is Zoom.NETWORK else line.step
    dim = palette.style("placeholder" if future else "dim")
    if current:
        canvas.put(2, y, "▸", palette.style("current", bold=True))
    canvas.put(3, y, str(shown).rjust(wide), palette.style("current", bold=True) if current else dim)
    if any(line.step - line.size < hit <= line.step for hit in frame.desk.hits(frame)):
        canvas.put(wide + 4, y, "●", palette.style("alarm"))
    elif frame.base is not None and not line.folded and _changed(frame, line):
        canvas.put(wide + 4, y, "Δ", palette.style("update"))
    if any(line.step - line.size < bad <= line.step for bad in frame.story.troubles):
        canvas.put(wide + 4, y, "!", palette.style("alarm", bold=True))
    name = palette.style("current", bold=True) if current else palette.style("placeholder" if future else "text")
    if line.folded:
        _folded(canvas, frame, sweep, y, wide + 6, inner - 1, name, future)
        if current:
            canvas.tint(2, y, inner - 2)
        return
    tape = frame.tape_line(line.step)
    room = inner - wide - 16
    # ∂L/∂W₁[5,20] is ∂W₁[5,20] where there is no room: of what it is the gradient is what matters.
    short = tape.name if len(tape.name) <= room else tape.name.partition("/")[2] or tape.name
    canvas.put(wide + 6, y, short if len(short) <= room else "…" + short[len(short) - room + 1 :], name)
    role = sign_role(tape.value) if tape.signed else "text" if tape.value is not None else "placeholder"
    style = palette.style(role, bold=current)
    canvas.value(
        inner - 11,
        y,
        tape.value,
        10,
        view.math_digits if view.math_digits <= 6 else 6,
        tape.signed and line.phase is Phase.BACKWARD,
        style,
    )
    if current:
        canvas.tint(2, y, inner - 2)


def _folded(canvas: Canvas, frame: Frame, sweep: Sweep, y: int, x: int, end: int, style: Style, future: bool) -> None:
    """A whole array: its name, its shape, and its norm or, where it is a number, itself."""
    recording, palette = frame.recording, canvas.palette
    name, backward = recording.board.whole(sweep.value), sweep.phase is Phase.BACKWARD
    shape = "×".join(map(str, recording.graph.values[sweep.value].shape))
    if backward:
        long = f"∂{recording.board.loss}/∂{name}"
        name = long if len(long) + len(shape) + 10 <= end - x else f"∂{name}"
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
    canvas.put(x, y, clip(name, max(end - x - 9, 1)), style)
    room = end - x - len(name) - 10
    if len(shape) <= room:
        canvas.put(end - 9 - len(shape), y, shape, dim)
    canvas.put(end - len(text), y, text, palette.style("placeholder" if future else "text"))
