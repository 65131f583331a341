"""What is watched, with its value at this moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from math import isfinite, log
from typing import NamedTuple

import numpy as np

from gradstep.engine.ask import Answer, Watch
from gradstep.engine.debugger import Frame, extreme, extremes, norm
from gradstep.engine.graph import Value
from gradstep.engine.history import column_of, watched
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, bar, number
from gradstep.engine.run import Phase, Recording, marked
from gradstep.tui import plot
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.kept import kept_of_network
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.panels.base import Panel, Scene, alike, framed
from gradstep.tui.theme import sign_role
from gradstep.tui.view import View

#: Where the largest of several sizes is more than so many times the least, bars are logarithmic, and say so.
_WIDE = 100.0


class Watches(Panel):
    """A line an expression: its value or `not yet`, whether this step has just changed it, and its size over the
    iterations of a training. An array with no room for its numbers is a sparkline of their sizes."""

    @classmethod
    def unchanged(cls, before: Scene, scene: Scene) -> bool:
        if before.frame.desk.watches or scene.frame.desk.watches or not alike(before, scene):
            return False
        times = _times(before.frame.recording)
        return bisect_right(times, before.frame.done) == bisect_right(times, scene.frame.done)

    @staticmethod
    def paint(frame: Frame, view: View, width: int, height: int, focused: bool = False) -> Canvas:
        canvas, palette = framed("watch", view, width, height, focused), view.palette
        shown = frame.desk.watches[: max(height - 2, 0)]
        names = min(max((breadth(w.text) for w in shown), default=0), max(width // 2, 8))
        for y, watch in enumerate(shown, 1):
            new = watch.changed(frame.position)
            canvas.put(2, y, fold(watch.text, names), palette.style("current" if new else "text", bold=new))
            answer = watch.answer(frame.position)
            part = answer.part
            x = 4 + names
            if not np.all(part.known) and np.size(part.value) <= 1:
                x = canvas.put(x, y, "not yet", palette.style("placeholder"))
            else:
                x = _numbers(canvas, x, y, answer, view)
            trains = frame.desk.history is not None and frame.desk.history.made > 1
            if new:
                says = "◂" if trains else "◂ just changed"
                x = canvas.put(x + 2, y, clip(says, width - x - 4), palette.style("dim"))
            if trains:
                _over_time(canvas, max(x + 2, 4 + names + 13), y, frame, watch)
        _what_matters(canvas, frame, view, len(shown) + 1, names)
        return canvas


#: So many weights are looked at with each key.
_MOST = 64


class _Size(NamedTuple):
    """What matters in every run: a name, what it is the size of, and the last of its numbers to be written."""

    name: str
    value: int
    last: int


def _weights(recording: Recording) -> list[Value]:
    """The weights that meet data, in the order of the network: all parameters, where none is a matrix."""
    trained = [p for p in recording.graph.parameters if recording.trace.grad[p.id] is not None]
    return [p for p in trained if len(p.shape) > 1] or trained


@kept_of_network
def _left_out(recording: Recording) -> int:
    """How many of them are more than a key may look at."""
    return max(len(_weights(recording)) - _MOST, 0)


@kept_of_network
def _sizes(recording: Recording) -> tuple[_Size, ...]:
    """The gradients of the weights: of very many the first one and the last."""
    board, weights = recording.board, _weights(recording)
    if len(weights) > _MOST:
        weights = [weights[0], *weights[1 - _MOST :]]
    return tuple(_Size(f"‖∂{board.loss}/∂{board.whole(p.id)}‖", p.id, p.size - 1) for p in weights)


def _known(frame: Frame) -> Iterator[bool]:
    """Of the loss and of each of those whether it is there yet."""
    yield frame.data(frame.recording.graph.loss.id, 0) is not None
    yield from (frame.grad(one.value, one.last) is not None for one in _sizes(frame.recording))


@kept_of_network
def _times(recording: Recording) -> tuple[int, ...]:
    """The steps with which they come to be known."""
    time, loss = recording.timeline, recording.graph.loss.id
    steps = [time.step_of(time.phase_of(loss), loss, 0)]
    steps += [time.step_of(Phase.BACKWARD, one.value, one.last) for one in _sizes(recording)]
    return tuple(sorted(step for step in steps if step is not None))


def _what_matters(canvas: Canvas, frame: Frame, view: View, y: int, names: int) -> None:
    """Below what is watched, whose names take `names` cells, as far as there is room: the loss, and how much of the
    gradient each layer's weights have got, with a bar beside the largest of them."""
    end, sizes, known = canvas.height - 1, _sizes(frame.recording), [*_known(frame)]
    if not frame.desk.watches:
        words = " w watches more "
        canvas.put(canvas.width - len(words) - 2, end, words, canvas.palette.style("dim"))
    if y >= end:
        return
    loss = frame.recording.graph.loss
    dim = canvas.palette.style("dim")
    shown, rows = [*zip(sizes, known[1:], strict=True)], end - y - 1
    if len(shown) > rows:  # the first and the last ones, and a line with all of them
        shown = shown[:1] * (rows > 1) + shown[len(shown) - max(rows - 2, 0) :]
    names = max([names, len("loss"), *(breadth(one.name) for one, _ in shown)])
    canvas.put(2, y, "loss", dim)
    _size(canvas, 4 + names, y, frame.data(loss.id, 0), view)
    norms = [norm(frame.recording, one.value, True) for one, there in zip(sizes, known[1:], strict=True) if there]
    most = max((n for n in norms if isfinite(n)), default=0.0)
    if rows and len(sizes) > len(shown):
        _row_of_sizes(canvas, end - 1, frame, sizes, known[1:], most)
    for line, (one, there) in enumerate(shown, y + 1):
        canvas.put(2, line, one.name, dim)
        size = norm(frame.recording, one.value, True) if there else None
        x = _size(canvas, 4 + names, line, size, view) + 2
        room = canvas.width - x - 3
        if size and most and isfinite(size) and room >= 8:
            canvas.put(x, line, "█" * round(size / most * min(room, 24)) or "▏", canvas.palette.style("frame"))


def _size(canvas: Canvas, x: int, y: int, value: float | None, view: View) -> int:
    """A size in a column of its own; the column after it."""
    field = max(view.math_digits + 3, 7)
    canvas.value(x, y, value, min(field, max(canvas.width - x - 2, 1)), view.math_digits)
    return x + field


def _row_of_sizes(
    canvas: Canvas, y: int, frame: Frame, sizes: tuple[_Size, ...], known: list[bool], most: float
) -> None:
    """Of many layers the sizes side by side, as bars from the first to the last, and the least and the largest."""
    there = [norm(frame.recording, one.value, True) if k else None for one, k in zip(sizes, known, strict=True)]
    finite = [size for size in there if size and isfinite(size)]
    least, log_scale = min(finite, default=0.0), max(finite, default=0.0) > _WIDE * min(finite, default=0.0)
    ends = dict.fromkeys(number(end, Digits.NETWORK) for end in (least, most))
    words = f" {' … '.join(ends)}{', log' if log_scale else ''}" if finite else " not yet"
    left = _left_out(frame.recording)
    of = f"{len(sizes)} of {len(sizes) + left:,}" if left else f"{len(sizes)}"
    x = canvas.put(2, y, f"‖∂‖ of {of} ", canvas.palette.style("dim"))
    room = max(canvas.width - x - 3 - len(words), 0)
    for size in there if len(there) <= room else ():
        glyph = PENDING if size is None else "!" if not isfinite(size) else "·" if not size else ""
        if not glyph:
            assert size, "else there is a sign for it"
            glyph = bar(log(size / least) / log(most / least) if log_scale else size / most)
        x = canvas.put(x, y, glyph, canvas.palette.style("placeholder" if size is None else "frame"))
    canvas.put(x, y, clip(words, canvas.width - x - 2), canvas.palette.style("dim"))


def _over_time(canvas: Canvas, x: int, y: int, frame: Frame, watch: Watch) -> None:
    """A single number over all iterations, where there is room."""
    width, history = min(canvas.width - x - 2, 60), frame.desk.history
    if width < 8 or history is None or frame.summaries is None:
        return
    s = frame.summaries
    over = watched(history, s, watch)
    if over is not None:
        plot.bars(canvas, x, y, width, over.sizes(), s.last)
        canvas.tint(x + column_of(frame.position.iteration, s.last, width), y, 1)


def _sparkline(canvas: Canvas, x: int, y: int, width: int, array: Array, signed: bool, stale: bool) -> int:
    """An array that is too long for its numbers: its sizes from first to last, then the largest. Of
    several elements in a cell the largest shows."""
    most = marked(extreme(array), stale)
    shown = f" max {number(most, 3, signed)}"
    width = min(max(width - len(shown), 4), array.size)
    for k, value in enumerate(extremes(array, width)):
        share = abs(value) / abs(most) if most and np.isfinite(most) else 0.0
        glyph = "!" if not np.isfinite(value) else "·" if not value else bar(share)
        canvas.put(x + k, y, glyph, canvas.palette.style(sign_role(value) if signed or glyph == "!" else "dim"))
    return canvas.put(x + width, y, shown, canvas.palette.style("dim"))


def _numbers(canvas: Canvas, x: int, y: int, answer: Answer, view: View) -> int:
    """The numbers of a value as far as there is room; truth values as words."""
    if not np.all(answer.part.known):
        return canvas.put(x, y, "not yet", canvas.palette.style("placeholder"))
    array, signed, stale = np.asarray(answer.part.value).reshape(-1), ".grad" in answer.text, answer.stale
    end, some = canvas.width - 3, array[:64].tolist()
    shown = [_shown(value, stale, view.math_digits, signed) for value in some]
    if array.size > 1 and array.dtype.kind == "f" and (array.size > 64 or x + sum(map(len, shown)) + len(shown) > end):
        return _sparkline(canvas, x, y, min(end - x, 40), array, signed, stale)
    for k, (value, text) in enumerate(zip(some, shown, strict=True)):
        if x + len(text) + (k > 0) > end - (k + 1 < len(array)):
            return canvas.put(x, y, "…", canvas.palette.style("dim"))
        role = sign_role(value) if signed and not isinstance(value, bool) else "text"
        x = canvas.put(x + (k > 0), y, text, canvas.palette.style(role))
    return x


def _shown(value: float | bool, stale: bool, digits: int, signed: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower() + "?" * stale
    return number(marked(value, stale), digits, signed)
