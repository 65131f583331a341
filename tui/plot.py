"""Numbers over the iterations of a training: as a curve of dots, and as a line of bars.

Many iterations share a column; it shows all between their least and their largest, so that a spike of a
single one is seen.
"""

from __future__ import annotations

import numpy as np

from gradstep.engine.history import Series, Topic
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, bar, number
from gradstep.tui.braille import Dots
from gradstep.tui.paint import Canvas

#: Where the largest is more than so many times the least, the scale is logarithmic, and says so.
_WIDE = 100.0


#: The colour of each topic.
_ROLES = {
    Topic.LOSS: "loss",
    Topic.VALIDATION: "text",
    Topic.AVERAGED: "update",
    Topic.BESIDE: "placeholder",
    Topic.GRADIENT: "backward",
    Topic.DEAD: "alarm",
    Topic.MOVED: "update",
    Topic.RATE: "dim",
    Topic.WATCH: "dim",
}


def role(series: Series) -> str:
    """The colour of a series."""
    return _ROLES[series.topic] if series.topic is not None else "text"


class Scale:
    """Where numbers stand between the bottom and the top of a plot."""

    def __init__(self, ranges: list[tuple[Array, Array]]) -> None:
        found = [part[np.isfinite(part)] for both in ranges for part in both]
        known = np.concatenate(found) if found else np.empty(0)
        self.known = bool(known.size)
        self.low, self.high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        self.logarithmic = self.low > 0 and self.high > _WIDE * self.low
        if self.high == self.low:
            self.low, self.high = self.low - abs(self.low) / 2, self.high + abs(self.high) / 2 or 1.0

    def share(self, values: Array) -> Array:
        """0 at the bottom, 1 at the top; what is not finite stands at the top."""
        with np.errstate(all="ignore"):
            if self.logarithmic:
                found = np.log(values / self.low) / np.log(self.high / self.low)
            else:
                found = (values - self.low) / (self.high - self.low)
        return np.where(np.isposinf(values), 1.0, np.where(np.isneginf(values), 0.0, np.clip(found, 0.0, 1.0)))


def curves(canvas: Canvas, x: int, y: int, width: int, height: int, several: list[Series], last: int) -> Scale:
    """Draws series as curves of dots into width × height cells, the first on top of the others; gives their
    scale."""
    ranges = [one.columns(2 * width, last) for one in several]
    scale = Scale(ranges)
    if not scale.known:
        return scale
    for one, (low, high) in reversed(list(zip(several, ranges, strict=True))):
        dots = Dots(width, height)
        top = 4 * height - 1
        with np.errstate(all="ignore"):
            below = np.round((1 - scale.share(low)) * top)
            above = np.round((1 - scale.share(high)) * top)
        before: tuple[int, int, int] | None = None
        for k in np.flatnonzero(~np.isnan(high)).tolist():
            a, b = int(above[k]), int(below[k])
            for row in range(a, b + 1):
                dots.set(k, row)
            if before is not None:
                _join(dots, before, (k, a, b))
            before = (k, a, b)
        style = canvas.palette.style(role(one), bold=one is several[0])
        for cy in range(height):
            for cx in range(width):
                char = dots.char(cx, cy)
                if char != " ":
                    canvas.put(x + cx, y + cy, char, style)
    return scale


def _join(dots: Dots, before: tuple[int, int, int], here: tuple[int, int, int]) -> None:
    """A line from one column of dots to the next that has some."""
    (x, a, b), (x_end, a_end, b_end) = before, here
    start = b if b < a_end else a if a > b_end else min(max(a, a_end), b)
    end = a_end if b < a_end else b_end if a > b_end else start
    steps = max(x_end - x, abs(end - start))
    for k in range(1, steps):
        dots.set(x + round((x_end - x) * k / steps), start + round((end - start) * k / steps))


def bars(canvas: Canvas, x: int, y: int, width: int, series: Series, last: int) -> None:
    """A series as one line of bars, each as high as the largest in its column; `!` where it is not finite."""
    _, high = series.columns(width, last, filled=True)
    scale = Scale([(high, high)])
    share = scale.share(high)
    palette = canvas.palette
    for k in np.flatnonzero(~np.isnan(high)).tolist():
        value = float(high[k])
        if not np.isfinite(value):
            canvas.put(x + k, y, "!", palette.style("alarm", bold=True))
        elif value == 0:
            canvas.put(x + k, y, "·", palette.style("placeholder"))
        else:
            # From 0 on where the scale is linear: what is small must look small.
            part = value / scale.high if not scale.logarithmic and scale.high > 0 else float(share[k])
            canvas.put(x + k, y, bar(part), palette.style(role(series)))


def labels(scale: Scale) -> tuple[str, str]:
    """What stands at the top and at the bottom of an axis."""
    return number(scale.high, Digits.NETWORK), number(scale.low, Digits.NETWORK)
