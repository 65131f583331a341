"""The graph of an activation with its point and the tangent there."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import isfinite

import numpy as np

from gradstep.engine.debugger import Curve
from gradstep.engine.index import Array
from gradstep.engine.notation import number
from gradstep.tui.braille import Dots
from gradstep.tui.cells import breadth
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import Palette

_WIDEST, HIGHEST = 48, 8
#: A curve says nothing in fewer cells, or on fewer lines.
NARROWEST, LOWEST = 16, 3


def paint_curve(canvas: Canvas, curve: Curve, x: int, top: int, bottom: int, digits: int) -> None:
    """Draws the curve from column x and line `top` down to before line `bottom`, with its slope in words."""
    height, width = min(bottom - top - 1, HIGHEST), min(canvas.width - x, _WIDEST)
    drawn = plot(canvas.palette, curve, width, height)
    if drawn is None:
        return
    canvas.paste(drawn, x, top)
    shown = number(curve.slope, digits)
    words = next(
        (text for text in (f"{curve.y_name} over {curve.x_name}, slope ", "slope ") if breadth(text + shown) <= width),
        "",
    )
    end = canvas.put(x, top + height, words, canvas.palette.style("dim"))
    canvas.put(end, top + height, shown, canvas.palette.style("text", bold=True))


def paint_beside(canvas: Canvas, curve: Curve, digits: int) -> None:
    """Draws it to the right of what is written, if there is room."""
    used = max((len(line) for line in canvas.text().split("\n")), default=0)
    width = min(canvas.width - used - 3, _WIDEST)
    if width >= NARROWEST and canvas.height > LOWEST:
        paint_curve(canvas, curve, canvas.width - width, 0, canvas.height, digits)


@lru_cache(maxsize=64)
def plot(palette: Palette, curve: Curve, width: int, height: int) -> Canvas | None:
    """The curve alone, in width × height cells, not to be painted over; None where there is no room or no point."""
    if height < 3 or width < 12 or not np.isfinite([curve.x, curve.y]).all():
        return None
    reach = max(4.0, abs(curve.x) * 1.25)
    xs = np.linspace(-reach, reach, 2 * width)
    with np.errstate(all="ignore"):
        ys = np.asarray(curve(xs), dtype=float)
    finite = ys[np.isfinite(ys)]
    if not finite.size:
        return None
    low, high = min(float(finite.min()), curve.y), max(float(finite.max()), curve.y)
    span = (high - low) or 1.0
    low, high = low - 0.08 * span, high + 0.08 * span

    def row(y: float) -> int:
        return round((high - y) / (high - low) * (4 * height - 1))

    column = round((curve.x + reach) / (2 * reach) * (2 * width - 1))
    line, tangent = _line(ys, row, width, height), Dots(width, height)
    for k in range(max(column - 14, 0), min(column + 15, 2 * width)):
        tangent.set(k, row(curve.y + curve.slope * float(xs[k] - curve.x)))
    canvas = Canvas(width, height, palette)
    # What has both is the curve's.
    for dots, style in ((tangent, palette.style("dim")), (line, palette.style("text", strength=0.75))):
        for y, row_of_cells in enumerate(dots.cells):
            for x in (x for x, cell in enumerate(row_of_cells) if cell):
                canvas.chars[y][x], canvas.styles[y][x] = dots.char(x, y), style
    canvas.put(column // 2, min(row(curve.y) // 4, height - 1), "●", palette.style("current", bold=True))
    return canvas


def _line(ys: Array, row: Callable[[float], int], width: int, height: int) -> Dots:
    """The dots of a curve, a column a number, joined where both are finite."""
    line, before = Dots(width, height), None
    for k, y in enumerate(ys.tolist()):
        here = row(y) if isfinite(y) else None
        if here is not None:
            start = here if before is None else before
            for between in range(min(here, start), max(here, start) + 1):
                line.set(k, between)
        before = here
    return line
