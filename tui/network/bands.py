"""Large matrices as pixels. A key writes one of their elements: what the others look like is known, and kept."""

from __future__ import annotations

from math import ceil

import numpy as np

from gradstep.engine.debugger import Kind, Written, picture
from gradstep.engine.index import Array
from gradstep.engine.run import Recording
from gradstep.tui.kept import kept_of_run
from gradstep.tui.network.images import Image
from gradstep.tui.network.shades import PENDED, Scale, coded

#: An image of more elements than this is painted in bands.
MANY = 1 << 16


def in_bands(image: Image, there: Written, shrink: int) -> bool:
    """Whether it is worth it, and all of its pixels are elements in their order, of which the first are known."""
    whole = image.irregular is None and image.count == image.shape[0] * image.shape[1]
    return whole and there.mask is None and image.count > MANY and shrink > 1


def banded(
    recording: Recording,
    value: int,
    kind: Kind,
    sample: int | None,
    there: Written,
    image: Image,
    scale: Scale,
    shrink: int,
) -> Array:
    """What `codes` gives, of rows of pixels one after the other; those whose elements are all known only once."""
    (rows, columns), of = image.shape, (value, kind, sample, image.first, image.shape[1], scale, shrink)
    known, each = min(max(there.first - image.first, 0), image.count), shrink * columns
    found = np.full((ceil(rows / shrink), ceil(columns / shrink)), PENDED)
    for row, start in enumerate(range(0, known, each)):
        stop = min(start + each, image.count)
        found[row] = _kept(recording, *of, start, stop) if stop <= known else _row(recording, *of, start, known)
    return found


def _row(
    recording: Recording,
    value: int,
    kind: Kind,
    sample: int | None,
    first: int,
    columns: int,
    scale: Scale,
    shrink: int,
    start: int,
    stop: int,
) -> Array:
    """A row of pixels, of which the elements from `start` to `stop` are known, at least one."""
    numbers = picture(recording, value, kind, sample).numbers[first + start : first + stop]
    number = largest(numbers, columns, shrink)
    return coded(number, np.ones(number.shape, bool), scale)


_kept = kept_of_run(_row)


def largest(numbers: Array, columns: int, shrink: int) -> Array:
    """Of `shrink` columns each the number of the largest size among rows of numbers, the last of which may be short; of
    two of a size the positive one. NaN where one is not finite, −∞ where there is none."""
    full = len(numbers) // columns * columns
    most, least = np.full(columns, -np.inf), np.full(columns, np.inf)
    for rows in (numbers[:full].reshape(-1, columns), numbers[None, full:]):
        if rows.size:
            into = slice(rows.shape[1])
            most[into] = np.maximum(most[into], rows.max(axis=0).astype(float))
            least[into] = np.minimum(least[into], rows.min(axis=0).astype(float))
    starts = np.arange(0, columns, shrink)
    most, least = np.maximum.reduceat(most, starts), np.minimum.reduceat(least, starts)
    number = np.where(most >= -least, most, least)
    number[~np.isfinite(number)] = np.nan
    number[(most == -np.inf) & (least == np.inf)] = -np.inf
    return number
