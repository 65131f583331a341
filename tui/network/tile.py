"""A painted image: as large as there is room for it, and where each of its pixels is."""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from gradstep.engine.debugger import Frame, Kind, Written, picture, written
from gradstep.engine.index import Array
from gradstep.engine.run import Recording
from gradstep.tui.kept import kept_of_run
from gradstep.tui.network.bands import banded, in_bands
from gradstep.tui.network.images import Image, arranged, image_of
from gradstep.tui.network.shades import BLANK, Scale, codes, half_pixels, whole_pixel
from gradstep.tui.paint import Canvas
from gradstep.tui.theme import Palette


class Fit(NamedTuple):
    """How an image of `rows` × `columns` pixels is drawn: `shrink` × `shrink` elements in a pixel, a
    pixel `wide` cells wide; half a cell high where that is 1, else half as high as wide."""

    shrink: int
    wide: int
    rows: int
    columns: int

    @property
    def width(self) -> int:
        """Cells across."""
        return self.columns * self.wide

    @property
    def height(self) -> int:
        """Cells down."""
        return ceil(self.rows / 2) if self.wide == 1 else self.rows * (self.wide // 2)


def fit(shape: tuple[int, ...], width: int, height: int, glyphs: bool = False) -> Fit:
    """The largest way to draw an image of (rows, columns) in width × height cells. With `glyphs`, for
    terminals without colours, no pixel is smaller than two cells."""
    rows, columns = shape
    for wide in (8, 6, 4, 2, 1)[: 4 if glyphs else 5]:
        if columns * wide <= width and (ceil(rows / 2) if wide == 1 else rows * (wide // 2)) <= height:
            return Fit(1, wide, rows, columns)
    wide, tall = (2, 1) if glyphs else (1, 2)
    shrink = max(ceil(columns / max(width // wide, 1)), ceil(rows / max(height * tall, 1)))
    return Fit(shrink, wide, ceil(rows / shrink), ceil(columns / shrink))


class Tile(NamedTuple):
    """A painted image, and how it was fitted."""

    canvas: Canvas
    fit: Fit
    image: Image

    def pixel(self, position: int) -> tuple[int, int] | None:
        """Row and column of the pixel that shows an element of the image."""
        found = self.image.place(position)
        return None if found is None else (found[0] // self.fit.shrink, found[1] // self.fit.shrink)

    def cell(self, position: int) -> tuple[int, int] | None:
        """Column and row of the first cell of that pixel."""
        at = self.pixel(position)
        if at is None:
            return None
        wide = self.fit.wide
        return at[1] * wide, at[0] // 2 if wide == 1 else at[0] * (wide // 2)

    def at(self, x: int, y: int) -> int | None:
        """The element of the image at a cell."""
        wide, shrink = self.fit.wide, self.fit.shrink
        row, column = (2 * y if wide == 1 else y // (wide // 2)) * shrink, x // wide * shrink
        return self.image.at(row, column)


class Look(NamedTuple):
    """How an array is to be painted: at most width × height cells, one `channel` of it or all, or as a `strip`, its
    elements one below the other."""

    scale: Scale
    width: int
    height: int
    palette: Palette
    channel: int | None = None
    strip: bool = False


def tile(frame: Frame, value: int, kind: Kind, look: Look) -> Tile:
    """The image of a value, or of its gradient, at a moment."""
    there = written(frame, value, kind)
    paint = _kept if there.mask is None else _tile
    return paint(frame.recording, value, kind, frame.sample, there, look)


def _tile(recording: Recording, value: int, kind: Kind, sample: int | None, there: Written, look: Look) -> Tile:
    shown = picture(recording, value, kind, sample)
    image = image_of(shown.shape, look.channel)
    if look.strip:
        image = Image((image.count, 1), image.first, image.count)
    how = fit(image.shape, look.width, look.height, look.palette.glyphs)
    if in_bands(image, there, how.shrink):
        pixels = banded(recording, value, kind, sample, there, image, look.scale, how.shrink)
    else:
        pixels = codes(shown.numbers, there, image.pixels, look.scale, how.shrink)
    return Tile(painted(pixels, how, look.palette, shown.signed), how, image)


_kept = kept_of_run(_tile)


def vector(numbers: Array, look: Look) -> Tile:
    """The image of an array that is all known, such as the weights of one neuron."""
    image, there = arranged(numbers.shape), Written(numbers.size, numbers.size)
    how = fit(image.shape, look.width, look.height, look.palette.glyphs)
    pixels = codes(numbers.reshape(-1), there, image.pixels, look.scale, how.shrink)
    return Tile(painted(pixels, how, look.palette, True), how, image)


def painted(pixels: Array, how: Fit, palette: Palette, signed: bool) -> Canvas:
    """Pixels, as `codes` gives them, on a canvas."""
    canvas = Canvas(how.width, how.height, palette)
    (_paint_halves if how.wide == 1 else _paint_whole)(canvas, pixels, how, signed)
    return canvas


def _paint_halves(canvas: Canvas, pixels: Array, how: Fit, signed: bool) -> None:
    for y in range(how.height):
        above, below = pixels[2 * y].tolist(), [BLANK] * how.columns
        if 2 * y + 1 < len(pixels):
            below = pixels[2 * y + 1].tolist()
        chars, styles = canvas.chars[y], canvas.styles[y]
        for x, (a, b) in enumerate(zip(above, below, strict=True)):
            chars[x], styles[x] = half_pixels(a, b, canvas.palette, signed)


def _paint_whole(canvas: Canvas, pixels: Array, how: Fit, signed: bool) -> None:
    glyphs, tall = canvas.palette.glyphs, how.wide // 2
    for row, line in enumerate(pixels.tolist()):
        for column, code in enumerate(line):
            text, style = whole_pixel(code, canvas.palette, signed)
            for y in range(row * tall, row * tall + tall):
                shown = text if y == row * tall + (tall - 1) // 2 or glyphs else "  "
                canvas.put(column * how.wide, y, shown * (how.wide // 2) if glyphs else shown.ljust(how.wide), style)
