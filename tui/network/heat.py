"""Arrays as images: a pixel an element, coloured by sign and size.

A pixel is half a character cell, or larger where there is room. Grey is for numbers that are never
negative, blue and orange for signed ones; zero, what is not finite and what is not computed yet each
look like nothing else.
"""

from __future__ import annotations

from enum import Enum
from functools import lru_cache
from math import ceil, isqrt, log, prod
from typing import NamedTuple

import numpy as np
from rich.color import Color
from rich.style import Style

from gradstep.engine.debugger import Frame
from gradstep.engine.index import Array, Shape
from gradstep.engine.run import Recording, remembered
from gradstep.tui.paint import PENDING, Canvas
from gradstep.tui.theme import Palette, mix

#: A network whose layers' largest gradients are further apart than this is shown on a log scale.
_LINEAR = 1e3
#: So many shades has a colour.
_SHADES = 24
#: What a pixel can be apart from a shade: 0 is the number zero.
_BLANK, _PENDING, _NAN = 100, 101, 102
#: Without colours a pixel is its sign and one of these, by size.
RAMP = ".:=o*%#"


class Kind(Enum):
    """What of a value is shown."""

    DATA = "data"
    GRAD = "grad"


class Scale(NamedTuple):
    """How sizes become shades: linear from 0 to `high`, or where `low` is given logarithmic from there."""

    high: float
    low: float = 0.0

    @property
    def logarithmic(self) -> bool:
        return self.low > 0

    def shade(self, size: Array) -> Array:
        """The shade of each size > 0, from 1 (the smallest there is) to `_SHADES`."""
        if not self.high:
            return np.ones(size.shape)
        if not self.low:
            share = size / self.high
        else:
            share = np.log(np.maximum(size, self.low) / self.low) / log(self.high / self.low)
        return np.clip(np.ceil(share * _SHADES), 1, _SHADES)


# Where an element is in its image ------------------------------------------------------------------


@lru_cache(maxsize=64)
def arranged(shape: Shape) -> Array:
    """The image of an array of `shape`: for each pixel the element (flat, C order) it shows, −1 where
    it shows none. Shape (rows, columns).

    A vector is folded into rows, as nearly square as its length allows; a matrix is itself; of more
    axes the last two are an image, and the images stand beside and below each other, one pixel apart.
    """
    size = prod(shape)
    if len(shape) == 2:
        return np.arange(size).reshape(shape)
    if len(shape) > 2:
        return _thumbnails(np.arange(size).reshape(-1, *shape[-2:]))
    rows = next((r for r in range(isqrt(size), 0, -1) if size % r == 0), 1)
    if size > 4 * rows * rows:  # a prime, or nearly: the last row stays short
        rows = max(isqrt(size), 1)
    columns = ceil(size / rows) if size else 1
    image = np.full(rows * columns, -1)
    image[:size] = np.arange(size)
    return image.reshape(rows, columns)


def _thumbnails(images: Array) -> Array:
    count, high, wide = images.shape
    across = max(ceil(count**0.5 * (high / wide) ** 0.5), 1)
    down = ceil(count / across)
    found = np.full((down * (high + 1) - 1, across * (wide + 1) - 1), -1)
    for k in range(count):
        y, x = k // across * (high + 1), k % across * (wide + 1)
        found[y : y + high, x : x + wide] = images[k]
    return found


def channel_size(recording: Recording, value: int) -> int:
    """The elements of one channel of a value; 0 where it has none."""
    shape = sample_shape(recording, value)
    return shape[-1] * shape[-2] if len(shape) > 2 else 0


def sample_shape(recording: Recording, value: int) -> Shape:
    """The shape of a value in one sample."""
    shape, axis = recording.graph.values[value].shape, recording.samples.axis(value)
    return shape if axis is None else shape[:axis] + shape[axis + 1 :]


def flat_of(frame: Frame, value: int, position: int) -> int:
    """The element (of the whole array) at a position of the image of the sample that is shown."""
    return int(frame.recording.samples.elements(value, frame.sample or 0).take(position, position + 1)[0])


def position_of(frame: Frame, value: int, flat: int) -> int:
    """Where an element, or the same of another sample, is in the image: the inverse of `flat_of`."""
    shape, axis = frame.recording.graph.values[value].shape, frame.recording.samples.axis(value)
    if axis is None:
        return flat
    after = prod(shape[axis + 1 :])
    return flat // (after * shape[axis]) * after + flat % after


# Numbers -------------------------------------------------------------------------------------------


@remembered
def numbers(recording: Recording, value: int, kind: Kind, sample: int | None) -> Array:
    """A value's numbers in one sample, shape (elements,); of all samples (None) the mean of the
    values, or the sum of the gradients."""
    array = recording.trace.data[value] if kind is Kind.DATA else recording.trace.grad[value]
    assert array is not None, "only values with a gradient are asked for theirs"
    axis = recording.samples.axis(value)
    if axis is None:
        return array.reshape(-1)
    if sample is not None:
        return np.asarray(np.take(array, sample, axis)).reshape(-1)
    with np.errstate(all="ignore"):
        return np.asarray(array.sum(axis) if kind is Kind.GRAD else array.mean(axis)).reshape(-1)


def known(frame: Frame, value: int, kind: Kind) -> int | Array:
    """Which of those numbers are computed at this moment: how many of the first ones, or where that
    does not say it a mask."""
    samples = frame.recording.samples
    whole = frame.recording.graph.values[value]
    if kind is Kind.DATA and whole.node < 0:
        return whole.size
    phase = frame.recording.timeline.phase_of(value, "data" if kind is Kind.DATA else "grad")
    written = frame.written(phase, value)
    if written in (0, whole.size) or samples.axis(value) is None:
        return written
    grid = samples.elements(value, samples.count - 1 if frame.sample is None else frame.sample)
    return np.asarray(grid.take(0, grid.size) < written)


@remembered
def largest(recording: Recording, value: int, kind: Kind, sample: int | None) -> float:
    """The largest finite |number| of an image; 0 where there is none."""
    found = numbers(recording, value, kind, sample)
    if not found.size:
        return 0.0
    low, high = float(found.min()), float(found.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        found = found[np.isfinite(found)]
        low, high = (float(found.min()), float(found.max())) if found.size else (0.0, 0.0)
    return max(abs(low), abs(high))


@remembered
def gradient_scale(recording: Recording, values: tuple[int, ...], sample: int | None) -> Scale:
    """One scale for the gradients of several values, so that fading is seen."""
    peaks = [p for v in values if (p := largest(recording, v, Kind.GRAD, sample)) > 0]
    if not peaks:
        return Scale(0.0)
    high, low = max(peaks), min(peaks)
    return Scale(high) if high <= low * _LINEAR else Scale(high, max(low / 10, high * 1e-30))


def data_scale(recording: Recording, value: int, sample: int | None) -> Scale:
    """A value's own scale."""
    return Scale(largest(recording, value, Kind.DATA, sample))


@remembered
def _signed(recording: Recording, value: int, kind: Kind, sample: int | None) -> bool:
    found = numbers(recording, value, kind, sample)
    return kind is Kind.GRAD or bool(found.size and np.nanmin(found) < 0)


# Pixels --------------------------------------------------------------------------------------------


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


def fit(shape: tuple[int, int], width: int, height: int, glyphs: bool = False) -> Fit:
    """The largest way to draw an image of (rows, columns) in width × height cells. With `glyphs`, for
    terminals without colours, no pixel is smaller than two cells."""
    rows, columns = shape
    for wide in (8, 6, 4, 2, 1)[: 4 if glyphs else 5]:
        if columns * wide <= width and (ceil(rows / 2) if wide == 1 else rows * (wide // 2)) <= height:
            return Fit(1, wide, rows, columns)
    wide, tall = (2, 1) if glyphs else (1, 2)
    shrink = max(ceil(columns / max(width // wide, 1)), ceil(rows / max(height * tall, 1)))
    return Fit(shrink, wide, ceil(rows / shrink), ceil(columns / shrink))


def _shrunk(image: Array, shrink: int) -> Array:
    """Of every block of numbers the one of the largest size, NaN counting as the largest. Shape
    (rows, columns) of blocks; −∞ in `image` stands for no number and loses to all others."""
    rows, columns = image.shape
    padded = np.full((ceil(rows / shrink) * shrink, ceil(columns / shrink) * shrink), -np.inf)
    padded[:rows, :columns] = image
    blocks = padded.reshape(padded.shape[0] // shrink, shrink, -1, shrink).swapaxes(1, 2)
    flat: Array = blocks.reshape(*blocks.shape[:2], -1)
    size = np.where(np.isnan(flat), np.inf, np.where(flat == -np.inf, -1.0, abs(flat)))
    chosen: Array = np.take_along_axis(flat, size.argmax(-1)[..., None], -1)
    return chosen[..., 0]


def _codes(data: Array, there: int | Array, image: Array, scale: Scale, shrink: int) -> Array:
    """For each pixel its shade, negative for a negative number; or one of the other things it can be."""
    number = data.take(np.maximum(image, 0)).astype(float)
    number[~np.isfinite(number)] = np.nan
    pending = image >= there if isinstance(there, int) else ~there.take(np.maximum(image, 0))
    unknown = np.where(pending & (image >= 0), 1.0, -np.inf)
    number = np.where(pending | (image < 0), -np.inf, number)
    if shrink > 1:
        number, unknown = _shrunk(number, shrink), _shrunk(unknown, shrink)
    with np.errstate(all="ignore"):
        codes = np.sign(number) * scale.shade(abs(number))
    codes[number == 0] = 0
    codes[np.isnan(number)] = _NAN
    codes[number == -np.inf] = _BLANK
    codes[(number == -np.inf) & (unknown > 0)] = _PENDING
    return codes.astype(int)


class Tile(NamedTuple):
    """A painted image, and how it was fitted."""

    canvas: Canvas
    fit: Fit
    image: Array

    def pixel(self, position: int) -> tuple[int, int] | None:
        """Row and column of the pixel that shows an element of the image."""
        found = np.argwhere(self.image == position)
        return (int(found[0][0]) // self.fit.shrink, int(found[0][1]) // self.fit.shrink) if len(found) else None

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
        if not (0 <= row < self.image.shape[0] and 0 <= column < self.image.shape[1]):
            return None
        found = int(self.image[row, column])
        return None if found < 0 else found


def tile(
    frame: Frame,
    value: int,
    kind: Kind,
    scale: Scale,
    width: int,
    height: int,
    palette: Palette,
    channel: int | None = None,
    strip: bool = False,
) -> Tile:
    """The image of a value (or of one of its channels) at a moment, at most width × height cells; as a
    `strip`, its elements one below the other."""
    there = known(frame, value, kind)
    if isinstance(there, int):
        size = frame.recording.graph.values[value].size
        there = min(there, 1 << 62) if there < size else 1 << 62
        return _kept(frame.recording, value, kind, frame.sample, there, scale, width, height, palette, channel, strip)
    return _tile(frame.recording, value, kind, frame.sample, there, scale, width, height, palette, channel, strip)


def image_of(recording: Recording, value: int, channel: int | None = None) -> Array:
    """The image of a value in one sample, or of one of its channels: see `arranged`."""
    shape = sample_shape(recording, value)
    if channel is None or len(shape) < 3:
        return arranged(shape)
    area = shape[-2] * shape[-1]
    return np.arange(channel * area, (channel + 1) * area).reshape(shape[-2:])


def _tile(
    recording: Recording,
    value: int,
    kind: Kind,
    sample: int | None,
    there: int | Array,
    scale: Scale,
    width: int,
    height: int,
    palette: Palette,
    channel: int | None,
    strip: bool,
) -> Tile:
    image = image_of(recording, value, channel)
    if strip:
        image = np.sort(image[image >= 0]).reshape(-1, 1)
    how = fit((image.shape[0], image.shape[1]), width, height, palette.glyphs)
    codes = _codes(numbers(recording, value, kind, sample), there, image, scale, how.shrink)
    return Tile(_painted(codes, how, palette, _signed(recording, value, kind, sample)), how, image)


_kept = remembered(_tile)


def vector(data: Array, scale: Scale, width: int, height: int, palette: Palette) -> Tile:
    """The image of an array that is all known, such as the weights of one neuron."""
    image = arranged(data.shape)
    how = fit((image.shape[0], image.shape[1]), width, height, palette.glyphs)
    codes = _codes(data.reshape(-1), data.size, image, scale, how.shrink)
    return Tile(_painted(codes, how, palette, True), how, image)


def _painted(codes: Array, how: Fit, palette: Palette, signed: bool) -> Canvas:
    canvas = Canvas(how.width, how.height, palette)
    if how.wide == 1:
        for y in range(how.height):
            above, below = codes[2 * y].tolist(), [_BLANK] * how.columns
            if 2 * y + 1 < len(codes):
                below = codes[2 * y + 1].tolist()
            chars, styles = canvas.chars[y], canvas.styles[y]
            for x, (a, b) in enumerate(zip(above, below, strict=True)):
                chars[x], styles[x] = _halves(a, b, palette, signed)
        return canvas
    tall = how.wide // 2
    for row, line in enumerate(codes.tolist()):
        for column, code in enumerate(line):
            text, style = _whole(code, palette, signed)
            for y in range(row * tall, row * tall + tall):
                shown = text if y == row * tall + (tall - 1) // 2 or palette.glyphs else "  "
                canvas.put(
                    column * how.wide, y, shown * (how.wide // 2) if palette.glyphs else shown.ljust(how.wide), style
                )
    return canvas


@lru_cache(maxsize=8192)
def _halves(a: int, b: int, palette: Palette, signed: bool) -> tuple[str, Style]:
    """Two pixels, one above the other, as one cell."""
    blank = palette.style("placeholder")
    if a >= _BLANK and b >= _BLANK and _NAN not in (a, b):
        return (PENDING if _PENDING in (a, b) else " "), blank
    above, below = colour(a, palette, signed), colour(b, palette, signed)
    return "▀", Style(color=Color.parse(above), bgcolor=Color.parse(below))


@lru_cache(maxsize=1024)
def _whole(code: int, palette: Palette, signed: bool) -> tuple[str, Style]:
    """A pixel of two cells or more: two characters, and the style of all of it."""
    if code == _BLANK:
        return "  ", palette.style()
    if code == _PENDING:
        return f"{PENDING} ", palette.style("placeholder")
    if code == _NAN:
        return "××", palette.inverse("alarm")
    if palette.glyphs:
        mark = "0" if not code else RAMP[(abs(code) - 1) * len(RAMP) // _SHADES]
        sign = " " if not code or not signed else "+" if code > 0 else "-"
        return sign + mark, palette.style()
    return "  ", Style(color=Color.parse(palette.roles["text"]), bgcolor=Color.parse(colour(code, palette, signed)))


@lru_cache(maxsize=1024)
def colour(code: int, palette: Palette, signed: bool) -> str:
    """The colour of a pixel, as #rrggbb."""
    roles = palette.roles
    if code in (_BLANK, _PENDING):
        return roles["background"]
    if code == _NAN:
        return roles["alarm"]
    if not code:
        return roles["tint"]
    role = ("positive" if code > 0 else "negative") if signed else "text"
    # The faintest number still differs from zero.
    return mix(roles[role], roles["background"], 0.25 + 0.75 * abs(code) / _SHADES)


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
        paper = canvas.styles[row][column].bgcolor
        ink = Style(color=Color.parse(palette.roles["current"]), bgcolor=paper, bold=True)
        canvas.put(column, row, "[", ink)
        canvas.put(column + wide - 1, row, "]", ink)


def outline(canvas: Canvas, made: Tile, positions: Array, x: int, y: int, channel: int = 0) -> None:
    """Draws a line around the pixels that show some elements of an image at (x, y): what a neuron sees.
    Where the image is one of channels of `channel` elements each, one line in every channel."""
    if len(np.unique(positions)) >= np.count_nonzero(made.image >= 0):
        return  # all of it: there is nothing to tell apart
    parts = [positions[positions // channel == c] for c in np.unique(positions // channel)] if channel else [positions]
    for part in parts:
        _outlined(canvas, made, part, x, y)


def _outlined(canvas: Canvas, made: Tile, positions: Array, x: int, y: int) -> None:
    seen = np.argwhere(np.isin(made.image, positions)) // made.fit.shrink
    if not len(seen):
        return
    (top, left), (bottom, right) = seen.min(0).tolist(), seen.max(0).tolist()
    ink = Color.parse(canvas.palette.roles["current"])
    wide, tall = made.fit.wide, max(made.fit.wide // 2, 1)
    x0, x1 = x + left * wide, x + (right + 1) * wide - 1
    y0, y1 = (y + top // 2, y + bottom // 2) if wide == 1 else (y + top * tall, y + (bottom + 1) * tall - 1)

    def put(column: int, row: int, char: str) -> None:
        if 0 <= row < canvas.height and 0 <= column < canvas.width:
            style = canvas.styles[row][column]
            canvas.put(column, row, char, Style(color=ink, bgcolor=style.bgcolor, bold=True))

    if y0 == y1 or x0 == x1:
        for row in range(y0, y1 + 1):
            put(x0, row, "[")
            put(x1, row, "]")
        return
    for column in range(x0 + 1, x1):
        put(column, y0, "─")
        put(column, y1, "─")
    for row in range(y0 + 1, y1):
        put(x0, row, "│")
        put(x1, row, "│")
    for (column, row), corner in zip(((x0, y0), (x1, y0), (x0, y1), (x1, y1)), "┌┐└┘", strict=True):
        put(column, row, corner)
