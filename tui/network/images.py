"""Where each element of an array stands in its image: a pixel an element."""

from __future__ import annotations

from functools import lru_cache
from math import ceil, isqrt, prod

import numpy as np

from gradstep.engine.index import Array, Shape


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


def image_of(shape: Shape, channel: int | None = None) -> Array:
    """The image of an array, or of one of its channels: see `arranged`."""
    area = channel_size(shape)
    if channel is None or not area:
        return arranged(shape)
    return np.arange(channel * area, (channel + 1) * area).reshape(shape[-2:])


def channel_size(shape: Shape) -> int:
    """The elements of one channel of an array; 0 where it has none."""
    return shape[-1] * shape[-2] if len(shape) > 2 else 0


def channel_of(shape: Shape, position: int) -> int | None:
    """The channel that a position is in; None where there are none."""
    area = channel_size(shape)
    return position // area if area else None


def beside(image: Array, position: int, direction: str) -> int:
    """The position beside one in an image; the same at its edges."""
    found = np.argwhere(image == position)
    if not len(found):
        return position
    row, column = found[0].tolist()
    down, across = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}[direction]
    row, column = row + down, column + across
    if not (0 <= row < image.shape[0] and 0 <= column < image.shape[1]) or image[row, column] < 0:
        return position
    return int(image[row, column])
