"""What matters in every run: the loss, and how much of the gradient each layer's weights have got."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from math import isfinite, log
from typing import NamedTuple

from gradstep.engine.debugger import Frame, norm
from gradstep.engine.graph import Value
from gradstep.engine.notation import Digits, bar, number
from gradstep.engine.run import Phase, Recording
from gradstep.tui.cells import breadth, clip, fold
from gradstep.tui.kept import kept_of_network
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.view import View

#: Where the largest of several sizes is more than so many times the least, bars are logarithmic, and say so.
_WIDE = 100.0
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


def known_sizes(frame: Frame) -> int:
    """How many of them are there yet."""
    return bisect_right(_times(frame.recording), frame.done)


@kept_of_network
def _times(recording: Recording) -> tuple[int, ...]:
    """The steps with which they come to be known."""
    time, loss = recording.timeline, recording.graph.loss.id
    steps = [time.step_of(time.phase_of(loss), loss, 0)]
    steps += [time.step_of(Phase.BACKWARD, one.value, one.last) for one in _sizes(recording)]
    return tuple(sorted(step for step in steps if step is not None))


def paint_sizes(canvas: Canvas, frame: Frame, view: View, y: int, names: int = 0) -> None:
    """From a line on, as far as there is room: the loss, and how much of the gradient each layer's weights have got,
    with a bar beside it. `names` is how many cells names take at least."""
    end, sizes, known = canvas.height - 1, _sizes(frame.recording), [*_known(frame)]
    if y >= end:
        return
    loss = frame.recording.graph.loss
    dim = canvas.palette.style("dim")
    shown, rows = [*zip(sizes, known[1:], strict=True)], end - y - 1
    if len(shown) > rows:  # the first and the last ones, and a line with all of them
        shown = shown[:1] * (rows > 1) + shown[len(shown) - max(rows - 2, 0) :]
    names = max([names, len("loss"), *(breadth(one.name) for one, _ in shown)])
    names = max(min(names, canvas.width - 6 - _field(view)), 4)
    canvas.put(2, y, "loss", dim)
    _size(canvas, 4 + names, y, frame.data(loss.id, 0), view)
    norms = [norm(frame.recording, one.value, True) for one, there in zip(sizes, known[1:], strict=True) if there]
    most = max((n for n in norms if isfinite(n)), default=0.0)
    if rows and len(sizes) > len(shown):
        _row_of_sizes(canvas, end - 1, frame, sizes, known[1:], most)
    for line, (one, there) in enumerate(shown, y + 1):
        canvas.put(2, line, fold(one.name, names), dim)
        size = norm(frame.recording, one.value, True) if there else None
        x = _size(canvas, 4 + names, line, size, view) + 2
        room = canvas.width - x - 3
        if size and most and isfinite(size) and room >= 8:
            canvas.put(x, line, "█" * round(size / most * min(room, 24)) or "▏", canvas.palette.style("frame"))


def _field(view: View) -> int:
    """The cells of a size."""
    return max(view.math_digits + 3, 7)


def _size(canvas: Canvas, x: int, y: int, value: float | None, view: View) -> int:
    """A size in a column of its own; the column after it."""
    field = _field(view)
    canvas.value(x, y, value, min(field, max(canvas.width - x - 2, 1)), view.math_digits)
    return x + field


def _without(sizes: Sequence[float | None]) -> str:
    """What is said where there is no size to draw."""
    known = [size for size in sizes if size is not None]
    return "not yet" if not known else "not finite" if not all(map(isfinite, known)) else "all 0"


def _row_of_sizes(
    canvas: Canvas, y: int, frame: Frame, sizes: tuple[_Size, ...], known: list[bool], most: float
) -> None:
    """Of many layers the sizes side by side, as bars from the first to the last, and the least and the largest."""
    there = [norm(frame.recording, one.value, True) if k else None for one, k in zip(sizes, known, strict=True)]
    finite = [size for size in there if size and isfinite(size)]
    least, log_scale = min(finite, default=0.0), max(finite, default=0.0) > _WIDE * min(finite, default=0.0)
    ends = dict.fromkeys(number(end, Digits.NETWORK) for end in (least, most))
    words = f" {' … '.join(ends)}{', log' if log_scale else ''}" if finite else f" {_without(there)}"
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
