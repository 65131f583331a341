"""Numbers over the iterations of a training: as a curve of dots, and as a line of bars.

Many iterations share a column; it shows all between their least and their largest, so that a spike of a
single one is seen.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, bar, number
from gradstep.tui.braille import Dots
from gradstep.tui.paint import Canvas

#: Where the largest is more than so many times the least, the scale is logarithmic, and says so.
_WIDE = 100.0


class Series(NamedTuple):
    """A number over iterations: row k stands for the iterations starts[k] to starts[k + 1] − 1, in which it was
    between low[k] and high[k]; NaN where it is not known. `role` is its colour."""

    name: str
    starts: Array
    low: Array
    high: Array
    role: str = "text"

    def at(self, iteration: int) -> float:
        """Its value in an iteration; NaN where there is none. Of a row of several: the largest."""
        row = int(np.searchsorted(self.starts, iteration, side="right")) - 1
        return float(self.high[row]) if 0 <= row < len(self.high) else float("nan")

    def latest(self, iteration: int) -> float:
        """Its last known value up to an iteration: what is not taken in each stands for those after it."""
        row = int(np.searchsorted(self.starts, iteration, side="right")) - 1
        known = np.flatnonzero(~np.isnan(self.high[: row + 1]))
        return float(self.high[known[-1]]) if len(known) else float("nan")


def column(iteration: int, last: int, width: int) -> int:
    """The column of `width` that an iteration stands in, if the first is 1 and the last `last`."""
    return min(max((iteration - 1) * width // max(last, 1), 0), width - 1)


def iteration_at(place: int, last: int, width: int) -> int:
    """The first iteration of a column; where columns are more than iterations, the one that covers it."""
    found = min(max(place, 0), width - 1) * last // max(width, 1) + 1
    while column(found, last, width) < min(place, width - 1) and found < last and width <= last:
        found += 1
    return min(found, last)


def envelope(series: Series, last: int, width: int, filled: bool) -> tuple[Array, Array]:
    """The least and the largest of a series in each of `width` columns, NaN where nothing is known. Where there
    are more columns than iterations, one covers all of its own if they are to be `filled`, else its first."""
    low, high = np.full(width, np.nan), np.full(width, np.nan)
    if not len(series.low):
        return low, high
    starts = np.minimum((series.starts[:-1] - 1) * width // max(last, 1), width - 1)
    ends = (series.starts[1:] - 2) * width // max(last, 1)
    if filled:  # up to the first column of the row after it
        ends = np.maximum(ends, (series.starts[1:] - 1) * width // max(last, 1) - 1)
    ends = np.minimum(ends, width - 1)
    with np.errstate(all="ignore"):
        first = np.flatnonzero(np.concatenate([[True], starts[1:] != starts[:-1]]))
        lows, highs = np.fmin.reduceat(series.low, first), np.fmax.reduceat(series.high, first)
    low[starts[first]], high[starts[first]] = lows, highs
    # A row of many iterations covers the columns up to its last one.
    for row in np.flatnonzero(ends > starts).tolist():
        span = slice(int(starts[row]), int(ends[row]) + 1)
        low[span], high[span] = np.fmin(low[span], series.low[row]), np.fmax(high[span], series.high[row])
    return low, high


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
    ranges = [envelope(one, last, 2 * width, False) for one in several]
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
        style = canvas.palette.style(one.role, bold=one is several[0])
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
    _, high = envelope(series, last, width, True)
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
            canvas.put(x + k, y, bar(part), palette.style(series.role))


def labels(scale: Scale) -> tuple[str, str]:
    """What stands at the top and at the bottom of an axis."""
    return number(scale.high, Digits.NETWORK), number(scale.low, Digits.NETWORK)
