"""Windows that slide along axes, and which elements they touch. Images are (…, C, H, W), sequences (…, C, L).

A window that reaches over the edge meets padding there. Padding is no element, so the links of an output are those
inputs of its window that exist: still a box, cut at the edges. All is said axis by axis, for any number of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import gcd, prod
from typing import Any, NamedTuple

from gradstep.engine.errors import OpError
from gradstep.engine.index import Shape
from gradstep.engine.ops.shapes import FARTHEST, shape_text

#: Padding before and after an axis.
Pads = tuple[tuple[int, int], ...]


class Along(NamedTuple):
    """What meets along an axis, pair by pair: `pairs` of a place and an offset of its window, and the element on
    which that lies. For each where the first is, and how far the next one."""

    pairs: int
    place: tuple[int, int]
    offset: tuple[int, int]
    element: tuple[int, int]


class Window(NamedTuple):
    """A window of `size` offsets that slides along an axis of `extent` elements and takes `places`: offset k at
    place i lies on element i·stride + k·dilation − before. What is no element is padding."""

    extent: int
    size: int
    stride: int
    before: int
    dilation: int
    places: int

    def element(self, place: int, offset: int) -> int:
        return place * self.stride + offset * self.dilation - self.before

    def at_place(self, place: int) -> Along:
        """The offsets at a place that lie on elements."""
        start = self.element(place, 0)
        first = max(0, -(start // self.dilation))
        last = max(min(self.size, (self.extent - 1 - start) // self.dilation + 1), first)
        return Along(last - first, (place, 0), (first, 1), (start + first * self.dilation, self.dilation))

    def at_offset(self, offset: int) -> Along:
        """The places at which an offset lies on an element."""
        start = self.element(0, offset)
        first = max(0, -(start // self.stride))
        last = max(min(self.places, (self.extent - 1 - start) // self.stride + 1), first)
        return Along(last - first, (first, 1), (offset, 0), (start + first * self.stride, self.stride))

    def at_element(self, element: int) -> Along:
        """The places whose window has an offset on an element. There i·stride + k·dilation is one number, so the
        places are evenly spaced, and the offsets too."""
        far, common = element + self.before, gcd(self.stride, self.dilation)
        every, fewer = self.dilation // common, self.stride // common
        if far % common:
            return Along(0, (0, every), (0, -fewer), (element, 0))
        first = max(0, -((self.dilation * (self.size - 1) - far) // self.stride))
        first += (far // common * pow(fewer, -1, every) - first) % every
        last = min(self.places - 1, far // self.stride)
        offset = (far - first * self.stride) // self.dilation
        return Along(max((last - first) // every + 1, 0), (first, every), (offset, -fewer), (element, 0))


def slices(along: Along) -> tuple[slice, slice]:
    """The places and the elements of an offset, as parts of an axis."""
    (place, _), (element, by) = along.place, along.element
    return slice(place, place + along.pairs), slice(
        element, element + (along.pairs - 1) * by + 1 if along.pairs else 0, by
    )


def sliding(
    op: str, x: Shape, sizes: Shape, strides: Shape, pads: Pads, dilations: Shape, ceil: bool = False
) -> tuple[Window, ...]:
    """The windows along the last axes of x. With `ceil` a last place counts that has padding behind the end of it, if
    it begins before that. Raises OpError where a window does not fit."""
    found = []
    for axis, size, stride, (before, after), dilation in zip(
        range(-len(sizes), 0), sizes, strides, pads, dilations, strict=True
    ):
        extent, reach = x[axis] + before + after, dilation * (size - 1) + 1
        if extent < reach:
            padded = f" ({extent} with padding {_shown(before, after)})" if before or after else ""
            wide = f" with dilation {dilation}" if dilation > 1 else ""
            raise OpError(
                f"{op}: a window of {shape_text(sizes)}{wide} does not fit into x {shape_text(x)}: axis {axis} has "
                f"{x[axis]}{padded}, and the window takes {reach}"
            )
        count = (extent - reach + (stride - 1 if ceil else 0)) // stride + 1
        if ceil and (count - 1) * stride >= x[axis] + before:
            count -= 1
        found.append(Window(x[axis], size, stride, before, dilation, count))
    return tuple(found)


def _shown(before: int, after: int) -> str:
    return str(before) if before == after else f"{before} before and {after} behind"


def per_axis(op: str, name: str, value: Any, dims: int, least: int) -> Shape:
    """An option that is one whole number for all axes, or one for each. Raises OpError."""
    listed = tuple(value) if isinstance(value, tuple) else (value,)
    if len(listed) == 1:
        listed *= dims
    if len(listed) != dims or any(type(n) is not int or n < least for n in listed):
        several = f", or {dims} of them in brackets" if dims > 1 else ""
        raise OpError(f"{op}: {name} is a whole number from {least} on{several}, not {value!r}")
    if max(listed, default=0) > FARTHEST:
        raise OpError(f"{op}: {name} is at most {FARTHEST:,}, not {max(listed):,}")
    return listed


def paddings(op: str, value: Any, sizes: Shape, strides: Shape, dilations: Shape) -> Pads:
    """The option `padding` of a convolution: whole numbers, pairs of before and behind for each axis, 'valid' for none,
    or 'same' for as much as keeps the shape, one more behind where it is odd. Raises OpError."""
    dims = len(sizes)
    if value == "valid":
        return ((0, 0),) * dims
    if value == "same":
        if set(strides) - {1}:
            raise OpError(f"{op}: padding='same' keeps the shape, and so needs stride 1, not {shape_text(strides)}")
        wide = [dilation * (size - 1) for size, dilation in zip(sizes, dilations, strict=True)]
        return tuple((n // 2, n - n // 2) for n in wide)
    if isinstance(value, str):
        raise OpError(f"{op}: padding is whole numbers, 'same' or 'valid', not {value!r}")
    if isinstance(value, tuple) and value and all(isinstance(pair, tuple) for pair in value):
        pairs = value * dims if len(value) == 1 else value
        if len(pairs) != dims or any(len(p) != 2 or any(type(n) is not int or n < 0 for n in p) for p in pairs):
            raise OpError(
                f"{op}: padding as pairs is (before, behind) for each of {dims} axes, whole numbers from 0 on, "
                f"not {value!r}"
            )
        return tuple((before, behind) for before, behind in pairs)
    return tuple((n, n) for n in per_axis(op, "padding", value, dims, 0))


def spots(windows: Sequence[Window]) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...], tuple[int, ...]]]:
    """For each offset of a window of several axes, in C order: the places where it lies on elements, those elements,
    and the offset itself."""
    found: list[tuple[tuple[slice, ...], tuple[slice, ...], tuple[int, ...]]] = [((), (), ())]
    for window in windows:
        along = [slices(window.at_offset(k)) for k in range(window.size)]
        found = [
            ((*places, p), (*elements, e), (*offsets, k))
            for places, elements, offsets in found
            for k, (p, e) in enumerate(along)
        ]
    return iter(found)


def steps(shape: Shape) -> Shape:
    """Elements between neighbours on each axis; unlike `strides`, also on axes of length 1."""
    return tuple(prod(shape[a + 1 :]) for a in range(len(shape)))


def flat_index(index: Sequence[int], shape: Shape) -> int:
    """`ravel` without a check: an empty box may begin outside."""
    return sum(i * s for i, s in zip(index, steps(shape), strict=True))
