"""Windows that slide over images, and which places they touch. Images are (…, C, H, W).

A window that reaches over the edge meets padding there. Padding is no element, so the links of an
output are those inputs of its window that exist: still a box, cut at the edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.shapes import shape_text


def checked_sizes(op: str, **options: tuple[object, int]) -> None:
    for name, (value, least) in options.items():
        if type(value) is not int or value < least:
            raise OpError(f"{op}: {name} is a whole number from {least} on, not {value!r}")


def out_sizes(op: str, x: Shape, window: Shape, stride: int, padding: int) -> Iterator[int]:
    """How many places a window (height, width) takes along the last two axes of x."""
    for axis, size in zip((-2, -1), window, strict=True):
        extent = x[axis] + 2 * padding
        if extent < size:
            padded = f" ({extent} with padding {padding})" if padding else ""
            raise OpError(
                f"{op}: a window of {shape_text(window)} does not fit into x {shape_text(x)}: axis {axis} has "
                f"{x[axis]}{padded}"
            )
        yield (extent - size) // stride + 1


def touched(here: int, extent: int, window: int, stride: int, padding: int) -> tuple[int, int]:
    """Offsets inside the window at place `here` that lie on elements, first and last + 1."""
    start = here * stride - padding
    return max(0, -start), max(min(window, extent - start), max(0, -start))


def touching(at: int, count: int, window: int, stride: int, padding: int) -> tuple[int, int]:
    """The places, first and last + 1, whose window lies on the element `at`."""
    first = max(0, -(-(at + padding - window + 1) // stride))
    return first, max(min(count, (at + padding) // stride + 1), first)


def pad(x: Array, padding: int, value: float) -> Array:
    if not padding:
        return x
    widths = [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2
    return np.pad(x, widths, constant_values=value)


def slide(x: Array, height: int, width: int, stride: int) -> Array:
    """(…, H, W) as (…, OH, OW, height, width), a view."""
    found = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(-2, -1))
    return found[..., ::stride, ::stride, :, :]


def meeting(k: int, extent: int, count: int, stride: int, padding: int) -> tuple[int, int]:
    """The places at which offset k of the window lies on an element."""
    first = max(0, -(-(padding - k) // stride))
    return first, max(min(count, (extent - 1 + padding - k) // stride + 1), first)


def steps(shape: Shape) -> Shape:
    """Elements between neighbours on each axis; unlike `strides`, also on axes of length 1."""
    return tuple(prod(shape[a + 1 :]) for a in range(len(shape)))


def flat_index(index: Sequence[int], shape: Shape) -> int:
    """`ravel` without a check: an empty box may begin outside."""
    return sum(i * s for i, s in zip(index, steps(shape), strict=True))
