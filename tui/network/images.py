"""Where each element of an array stands in its image: a pixel an element."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import ceil, isqrt, prod

import numpy as np

from gradstep.engine.index import Array, Shape


@dataclass(frozen=True, eq=False)
class Image:
    """Which element (flat, C order) each pixel of (rows, columns) shows: `count` of them one behind the other from
    `first` on; or as `irregular` says, −1 where it shows none. There may be tens of millions, so they are written out
    only where somebody asks for them."""

    shape: tuple[int, int]
    first: int
    count: int
    irregular: Array | None = None

    @cached_property
    def pixels(self) -> Array:
        """The element of each pixel, −1 where there is none."""
        if self.irregular is not None:
            return self.irregular
        found = np.arange(prod(self.shape))
        return np.where(found < self.count, found + self.first, -1).reshape(self.shape)

    def at(self, row: int, column: int) -> int | None:
        """The element at a pixel; None where there is none."""
        if not (0 <= row < self.shape[0] and 0 <= column < self.shape[1]):
            return None
        if self.irregular is not None:
            found = int(self.irregular[row, column])
            return None if found < 0 else found
        behind = row * self.shape[1] + column
        return self.first + behind if behind < self.count else None

    def places(self, positions: Array) -> Array:
        """Where the pixels of some elements are, as far as it has them: rows and columns, shape (pixels, 2)."""
        if self.irregular is not None:
            return np.argwhere(np.isin(self.irregular, positions[positions >= 0]))
        behind = positions.reshape(-1) - self.first
        behind = behind[(behind >= 0) & (behind < self.count)]
        return np.stack(np.divmod(behind, self.shape[1]), axis=1) if behind.size else np.empty((0, 2), np.intp)

    def place(self, position: int) -> tuple[int, int] | None:
        """Row and column of an element; None where it shows no such."""
        found = self.places(np.array([position])).tolist()
        return (found[0][0], found[0][1]) if found else None


@lru_cache(maxsize=64)
def arranged(shape: Shape) -> Image:
    """The image of an array of `shape`.

    A vector is folded into rows, as nearly square as its length allows; a matrix is itself; of more
    axes the last two are an image, and the images stand beside and below each other, one pixel apart.
    """
    size = prod(shape)
    if len(shape) == 2:
        return Image((shape[0], shape[1]), 0, size)
    if len(shape) > 2:
        found = _thumbnails(np.arange(size).reshape(-1, *shape[-2:]))
        return Image((found.shape[0], found.shape[1]), 0, size, found)
    rows = next((r for r in range(isqrt(size), 0, -1) if size % r == 0), 1)
    if size > 4 * rows * rows:  # a prime, or nearly: the last row stays short
        rows = max(isqrt(size), 1)
    return Image((rows, ceil(size / rows) if size else 1), 0, size)


def _thumbnails(images: Array) -> Array:
    count, high, wide = images.shape
    across = max(ceil(count**0.5 * (high / wide) ** 0.5), 1)
    down = ceil(count / across)
    found = np.full((down * (high + 1) - 1, across * (wide + 1) - 1), -1)
    for k in range(count):
        y, x = k // across * (high + 1), k % across * (wide + 1)
        found[y : y + high, x : x + wide] = images[k]
    return found


def image_of(shape: Shape, channel: int | None = None) -> Image:
    """The image of an array, or of one of its channels: see `arranged`."""
    area = channel_size(shape)
    if channel is None or not area:
        return arranged(shape)
    return Image((shape[-2], shape[-1]), channel * area, area)


def channel_size(shape: Shape) -> int:
    """The elements of one channel of an array; 0 where it has none."""
    return shape[-1] * shape[-2] if len(shape) > 2 else 0


def channel_of(shape: Shape, position: int) -> int | None:
    """The channel that a position is in; None where there are none."""
    area = channel_size(shape)
    return position // area if area else None


def beside(image: Image, position: int, direction: str) -> int:
    """The position beside one in an image; the same at its edges."""
    here = image.place(position)
    if here is None:
        return position
    down, across = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}[direction]
    found = image.at(here[0] + down, here[1] + across)
    return position if found is None else found
