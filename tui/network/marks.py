"""What is drawn onto an image: a cursor at one pixel, and a line around several."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from rich.color import Color
from rich.style import Style

from gradstep.engine.index import Array
from gradstep.tui.network.tile import Tile
from gradstep.tui.paint import Canvas

#: What is closed, and what is open.
SHUT, OPEN = "▸", "▾"


def cursor(canvas: Canvas, made: Tile, position: int, x: int, y: int) -> None:
    """Marks one pixel of an image that stands at (x, y): with [] where there is room."""
    at = made.cell(position)
    if at is None:
        return
    wide, palette = made.fit.wide, canvas.palette
    column, row = x + at[0], y + at[1]
    if wide == 1:
        top = made.pixel(position)
        assert top is not None, "it has a cell"
        canvas.put(column, row, "▄" if top[0] % 2 else "▀", palette.style("current", bold=True))
        return
    row += (wide // 2 - 1) // 2
    if 0 <= row < canvas.height and 0 <= column < canvas.width:
        _put(canvas, column, row, "[")
        _put(canvas, column + wide - 1, row, "]", canvas.styles[row][column].bgcolor)


def _put(canvas: Canvas, x: int, y: int, char: str, paper: Color | None = None) -> None:
    """A part of a mark, on the pixel that is there, or on `paper`."""
    roles = canvas.palette.roles
    paper = canvas.styles[y][x].bgcolor if paper is None and x < canvas.width else paper
    canvas.put(x, y, char, Style(color=_ink(paper, roles["current"], roles["background"]), bgcolor=paper, bold=True))


@lru_cache(maxsize=1024)
def _ink(paper: Color | None, *inks: str) -> Color:
    """That of some colours which is told best from a pixel's; the first where there is none below."""
    found = [Color.parse(ink) for ink in inks]
    return found[0] if paper is None else max(found, key=lambda ink: abs(_lightness(ink) - _lightness(paper)))


def _lightness(colour: Color) -> float:
    """Perceived lightness, from 0 to 100: L* of CIE 1976, of the relative luminance in sRGB (IEC 61966-2-1)."""
    parts = [part / 255 for part in colour.get_truecolor()]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    light = float(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return 116 * light ** (1 / 3) - 16 if light > 0.008856 else 903.3 * light


def outline(canvas: Canvas, made: Tile, positions: Array, x: int, y: int, channel: int = 0) -> None:
    """Draws a line around the pixels that show some elements of an image at (x, y): what a neuron sees.
    Where the image is one of channels of `channel` elements each, one line in every channel."""
    if len(positions) >= made.image.count and len(np.unique(positions)) >= made.image.count:
        return  # all of it: there is nothing to tell apart
    parts = [positions[positions // channel == c] for c in np.unique(positions // channel)] if channel else [positions]
    for part in parts:
        _outlined(canvas, made, part, x, y)


def _outlined(canvas: Canvas, made: Tile, positions: Array, x: int, y: int) -> None:
    seen = made.image.places(positions) // made.fit.shrink
    if not len(seen):
        return
    (top, left), (bottom, right) = seen.min(0).tolist(), seen.max(0).tolist()
    wide, tall = made.fit.wide, max(made.fit.wide // 2, 1)
    x0, x1 = x + left * wide, x + (right + 1) * wide - 1
    y0, y1 = (y + top // 2, y + bottom // 2) if wide == 1 else (y + top * tall, y + (bottom + 1) * tall - 1)
    if y0 == y1 or x0 == x1:
        cells = [(column, row, char) for row in range(y0, y1 + 1) for column, char in ((x0, "["), (x1, "]"))]
    else:
        cells = [(column, row, "─") for column in range(x0 + 1, x1) for row in (y0, y1)]
        cells += [(column, row, "│") for row in range(y0 + 1, y1) for column in (x0, x1)]
        cells += [(x0, y0, "┌"), (x1, y0, "┐"), (x0, y1, "└"), (x1, y1, "┘")]
    for column, row, char in cells:
        if 0 <= row < canvas.height and 0 <= column < canvas.width:
            _put(canvas, column, row, char)
