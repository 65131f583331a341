"""Numbers as pixels, coloured by sign and size.

Grey is for numbers that are never negative, blue and orange for signed ones; zero, what is not finite
and what is not computed yet each look like nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, log
from typing import NamedTuple

import numpy as np
from rich.color import Color
from rich.style import Style

from gradstep.engine.debugger import Written
from gradstep.engine.index import Array
from gradstep.tui.paint import PENDING
from gradstep.tui.theme import Palette, mix

#: Sizes that are further apart than this are shown on a log scale.
LINEAR = 1e3
#: So many shades has a colour.
_SHADES = 24
#: What a pixel can be apart from a shade: 0 is the number zero.
BLANK, PENDED, _NAN = 100, 101, 102
#: Without colours a pixel is its sign and one of these, by size.
RAMP = ".:=o*%#"


class Scale(NamedTuple):
    """How sizes become shades: linear from 0 to `high`, or where `low` is given logarithmic from there."""

    high: float
    low: float = 0.0

    @classmethod
    def over(cls, low: float, high: float) -> Scale:
        """The scale of sizes from `low` > 0 to `high`; linear where they are not far apart."""
        return cls(high) if high <= low * LINEAR else cls(high, max(low / 10, high * 1e-30))

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


def codes(numbers: Array, there: Written, image: Array, scale: Scale, shrink: int) -> Array:
    """For each pixel its shade, negative for a negative number; or one of the other things it can be. Of `shrink` ×
    `shrink` elements in a pixel the largest shows."""
    number = numbers.take(np.maximum(image, 0)).astype(float)
    number[~np.isfinite(number)] = np.nan
    pending = image >= there.first if there.mask is None else ~there.mask.take(np.maximum(image, 0))
    unknown = np.where(pending & (image >= 0), 1.0, -np.inf)
    number = np.where(pending | (image < 0), -np.inf, number)
    if shrink > 1:
        number, unknown = shrunk(number, shrink), shrunk(unknown, shrink)
    return coded(number, unknown > 0, scale)


def coded(number: Array, unknown: Array, scale: Scale) -> Array:
    """The same of the number of each pixel, −∞ for none: whether some of it is `unknown` shows only there."""
    with np.errstate(all="ignore"):
        found = np.sign(number) * scale.shade(abs(number))
    found[number == 0] = 0
    found[np.isnan(number)] = _NAN
    found[number == -np.inf] = BLANK
    found[(number == -np.inf) & unknown] = PENDED
    return found.astype(int)


def shrunk(image: Array, shrink: int) -> Array:
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


@lru_cache(maxsize=8192)
def half_pixels(above: int, below: int, palette: Palette, signed: bool) -> tuple[str, Style]:
    """Two pixels, one above the other, as one cell."""
    if above >= BLANK and below >= BLANK and _NAN not in (above, below):
        return (PENDING if PENDED in (above, below) else " "), palette.style("placeholder")
    ink, paper = _colour(above, palette, signed), _colour(below, palette, signed)
    return "▀", Style(color=Color.parse(ink), bgcolor=Color.parse(paper))


@lru_cache(maxsize=1024)
def whole_pixel(code: int, palette: Palette, signed: bool) -> tuple[str, Style]:
    """A pixel of two cells or more: two characters, and the style of all of it."""
    if code == BLANK:
        return "  ", palette.style()
    if code == PENDED:
        return f"{PENDING} ", palette.style("placeholder")
    if code == _NAN:
        return "××", palette.inverse("alarm")
    if palette.glyphs:
        mark = "0" if not code else RAMP[(abs(code) - 1) * len(RAMP) // _SHADES]
        sign = " " if not code or not signed else "+" if code > 0 else "-"
        return sign + mark, palette.style()
    return "  ", Style(color=Color.parse(palette.roles["text"]), bgcolor=Color.parse(_colour(code, palette, signed)))


@lru_cache(maxsize=1024)
def _colour(code: int, palette: Palette, signed: bool) -> str:
    """The colour of a pixel, as #rrggbb."""
    roles = palette.roles
    if code in (BLANK, PENDED):
        return roles["background"]
    if code == _NAN:
        return roles["alarm"]
    if not code:
        return roles["tint"]
    role = ("positive" if code > 0 else "negative") if signed else "text"
    # The faintest number still differs from zero.
    return mix(roles[role], roles["background"], 0.25 + 0.75 * abs(code) / _SHADES)
