"""Pooling by the largest: one number for each place of a window, along one, two or three axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, pieces
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.op import KEPT
from gradstep.engine.ops.reach import Reach, Reaching, check_table, places_of
from gradstep.engine.ops.shapes import shape_text
from gradstep.engine.ops.taps import Tap
from gradstep.engine.ops.windows import Window, per_axis, sliding

_AXES = {1: "L", 2: "H, W", 3: "D, H, W"}


@dataclass(frozen=True)
class Pool(Reaching):
    """One number for each place of a window that slides along the last `dims` axes, channel by channel."""

    words: ClassVar[Mapping[str, str]] = {"size": "kernel_size"}
    dims: ClassVar[int]

    kernel_size: int | tuple[int, ...] = 2
    stride: int | tuple[int, ...] | None = None
    padding: int | tuple[int, ...] = 0

    def __post_init__(self) -> None:
        sizes, _, pads = self.sizes()
        if any(2 * pad > size for pad, size in zip(pads, sizes, strict=True)):
            half = ", ".join(str(size // 2) for size in sizes)
            raise OpError(f"{self.name}: padding is at most half the kernel_size, {half}, not {self.padding}")
        if type(getattr(self, "ceil_mode", False)) is not bool:
            raise OpError(f"{self.name}: ceil_mode is True or False, not {getattr(self, 'ceil_mode', None)!r}")

    def sizes(self) -> tuple[Shape, Shape, Shape]:
        """The window's size, stride and padding, for each axis."""
        sizes = per_axis(self.name, "kernel_size", self.kernel_size, self.dims, 1)
        stride = self.stride if self.stride not in (None, ()) else self.kernel_size
        strides = per_axis(self.name, "stride", stride, self.dims, 1)
        return sizes, strides, per_axis(self.name, "padding", self.padding, self.dims, 0)

    def windows(self, x: Shape) -> tuple[Window, ...]:
        check_image(self.name, x, self.dims)
        sizes, strides, pads = self.sizes()
        dilations = per_axis(self.name, "dilation", getattr(self, "dilation", 1), self.dims, 1)
        both = tuple((pad, pad) for pad in pads)
        return sliding(self.name, x, sizes, strides, both, dilations, getattr(self, "ceil_mode", False))


def check_image(op: str, x: Shape, dims: int) -> None:
    if len(x) < dims:
        raise OpError(f"{op}: x must be (…, {_AXES[dims]}), but it is {shape_text(x)}")


@dataclass(frozen=True)
class Adaptive(Reaching):
    """As many places as are asked for, with windows between the same shares of an axis: place i has what lies from
    ⌊i · n / places⌋ to before ⌈(i + 1) · n / places⌉."""

    dims: ClassVar[int]

    output_size: int | tuple[int | None, ...] | None = 1

    def __post_init__(self) -> None:
        wanted = self.output_size if isinstance(self.output_size, tuple) else (self.output_size,)
        per_axis(self.name, "output_size", tuple(1 if n is None else n for n in wanted), self.dims, 0)

    def parts(self, x: Shape) -> list[tuple[int, Any, Any]]:
        """Along each axis its extent, and where the windows begin and end."""
        check_image(self.name, x, self.dims)
        wanted = self.output_size if isinstance(self.output_size, tuple) else (self.output_size,)
        found = []
        for extent, count in zip(x[-self.dims :], wanted * (self.dims // len(wanted)), strict=True):
            count = extent if count is None else count
            if count and not extent:
                raise OpError(f"{self.name}: there is nothing to make {count} of in x {shape_text(x)}")
            places = places_of(self.name, 0, count)
            found.append((extent, places * extent // max(count, 1), -(-(places + 1) * extent // max(count, 1))))
        return found


def spans(extent: int, starts: Any, ends: Any, scale: Array | None = None) -> Reach:
    """What lies from each start to before each end."""
    widest = int((ends - starts).max(initial=0))
    check_table(len(starts), widest)
    offsets = np.arange(widest)
    index = starts[:, None] + offsets
    return Reach(extent, np.where(index < ends[:, None], index, -1), None, scale)


class Largest(Reaching):
    """The largest under the window; of several equal ones the first gets the gradient."""

    notation = "max over windows of {0}"
    each = "max{over} {each}"
    slopes = ("1 to the largest under the window, 0 to the others",)
    kink = "of equal ones the first gets the gradient"
    edge = "a NaN is larger than all; of several the last gets the gradient"
    gated = True
    label = "max pooling"
    of_whole = KEPT
    dims: ClassVar[int]

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x = shapes[0][-self.dims :]
        if 0 in x:
            raise OpError(f"{self.name}: there is nothing to choose from in images of shape {shape_text(x)}")
        return super().shape(shapes)

    def forward(self, xs: Sequence[Array]) -> Array:
        found, reaches = xs[0], self.reached(xs[0].shape)
        for axis, reach in zip(range(-len(reaches), 0), reaches, strict=True):
            found = reach.gather(found, axis, np.maximum, -np.inf)
        return found

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        reaches = self.reached(x.shape)
        if _place_by_place(reaches):
            return _picked(x, g, y, reaches)
        taps = [
            (_part(several, "elements"), _part(several, "places"))
            for several in product(*(reach.taps for reach in reaches))
        ]
        apart, flow = all(reach.apart for reach in reaches), np.zeros(x.shape, g.dtype)
        for (read, write), chosen in zip(taps, _chosen(x, y, taps), strict=True):
            part = _where(chosen, g[write])
            if not all(isinstance(along, slice) for along in read[1:]):
                np.add.at(flow, read, part)
            elif apart:
                flow[read] = part
            else:
                flow[read] += part
        return flow

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        y = self.forward(xs)
        return "1" if self.column(0, at, y, xs).local(0, 1)[0] else "0"

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        box, _ = self.box(at, y.shape, xs[0].shape)
        found = np.zeros(box.size, y.dtype)
        found[_largest(xs[0].take(box.take(0, box.size)))] = 1
        return Links(0, box, lambda start, stop: found[start:stop])

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (x,) = xs
        there, _ = self.places(at, y.shape, x.shape)

        def local(start: int, stop: int) -> Array:
            found = np.zeros(stop - start, y.dtype)
            for k, out in enumerate(there.take(start, stop).tolist()):
                box, _ = self.box(out, y.shape, x.shape)
                under = box.take(0, box.size)
                found[k] = under[_largest(x.take(under))] == at
            return found

        return Links(0, there, local)


def _place_by_place(reaches: Sequence[Reach]) -> bool:
    """Whether there are few places beside the ways to lie under a window."""
    return prod(reach.count for reach in reaches) < prod(len(reach.taps) for reach in reaches)


def _picked(x: Array, g: Array, y: Array, reaches: Sequence[Reach]) -> Array:
    """The gradient of each place to the largest under its window, of all windows as one table."""
    dims, table = len(reaches), np.zeros((1, 1), np.intp)
    for reach in reaches:  # where there is padding the next element once more, so that the order stays
        index = np.maximum.accumulate(reach.index, axis=1)
        index = np.where(index < 0, np.where(index < 0, reach.extent, index).min(axis=1, keepdims=True), index)
        table = table[:, None, :, None] * reach.extent + index[None, :, None, :]
        table = table.reshape(table.shape[0] * table.shape[1], -1)
    rows, parts = x.reshape(-1, prod(x.shape[-dims:])), g.reshape(-1, len(table))
    flow, lost = np.zeros(rows.shape, g.dtype), np.isnan(y).any()
    for start, stop in pieces(len(rows), max(_PIECE // table.size, 1)):
        under = rows[start:stop].take(table, axis=1)
        largest = under.argmax(axis=2)
        if lost:
            last = table.shape[1] - 1 - np.isnan(under[..., ::-1]).argmax(axis=2)
            largest = np.where(np.isnan(under).any(axis=2), last, largest)
        at = table[np.arange(len(table)), largest] + np.arange(stop - start)[:, None] * rows.shape[1]
        np.add.at(flow[start:stop].reshape(-1), at.reshape(-1), parts[start:stop].reshape(-1))
    return flow.reshape(x.shape)


#: So many elements under windows at a time.
_PIECE = 1 << 20


def _chosen(x: Array, y: Array, taps: Sequence[tuple[Any, Any]]) -> list[Array]:
    """For each tap the places whose largest it is: of equal ones the first, of NaN the last, as in PyTorch."""
    free, found = np.ones(y.shape, np.bool_), []
    for read, write in taps:
        chosen = x[read] == y[write]
        chosen &= free[write]
        free[write] ^= chosen
        found.append(chosen)
    if free.any():  # only a NaN is not equal to what it was taken from
        for k in range(len(taps) - 1, -1, -1):
            read, write = taps[k]
            chosen = np.isnan(x[read]) & free[write]
            free[write] ^= chosen
            found[k] |= chosen
    return found


def _where(chosen: Array, g: Array) -> Array:
    """g where it is chosen, else 0: as bits, which takes a fifth of the time of np.where."""
    if g.dtype.kind != "f" or g.dtype.itemsize > 8 or not g.flags.c_contiguous:
        return np.where(chosen, g, np.zeros((), g.dtype))
    bits = np.dtype(f"i{g.dtype.itemsize}")
    kept = np.negative(chosen.view(np.int8)).astype(bits)
    np.bitwise_and(kept, g.view(bits), out=kept)
    return kept.view(g.dtype)


def _largest(group: Array) -> int:
    """Which of a row is the largest: of equal ones the first, of NaN the last, as in PyTorch."""
    chosen = int(group.argmax())
    return len(group) - 1 - int(np.isnan(group)[::-1].argmax()) if np.isnan(group[chosen]) else chosen


def _part(taps: Sequence[Tap], of: str) -> tuple[Any, ...]:
    """The places or elements of a tap for each axis, as the last axes of an array are indexed with."""
    along = [getattr(tap, of) for tap in taps]
    if all(isinstance(part, slice) for part in along):
        return (..., *along)
    listed = [np.arange(part.start, part.stop, part.step) if isinstance(part, slice) else part for part in along]
    return (..., *np.ix_(*listed))


@dataclass(frozen=True)
class MaxPool(Largest, Pool):
    """The largest under a sliding window."""

    dilation: int | tuple[int, ...] = 1
    ceil_mode: bool = False

    def reaches(self, x: Shape) -> tuple[Reach, ...]:
        return tuple(map(Reach.sliding, self.windows(x)))


class MaxPool1d(MaxPool):
    name = "max_pool1d"
    dims = 1


class MaxPool2d(MaxPool):
    name = "max_pool2d"
    dims = 2


class MaxPool3d(MaxPool):
    name = "max_pool3d"
    dims = 3


class AdaptiveMaxPool(Largest, Adaptive):
    """The largest of each share."""

    def reaches(self, x: Shape) -> tuple[Reach, ...]:
        return tuple(spans(*part) for part in self.parts(x))


class AdaptiveMaxPool1d(AdaptiveMaxPool):
    name = "adaptive_max_pool1d"
    dims = 1


class AdaptiveMaxPool2d(AdaptiveMaxPool):
    name = "adaptive_max_pool2d"
    dims = 2


class AdaptiveMaxPool3d(AdaptiveMaxPool):
    name = "adaptive_max_pool3d"
    dims = 3
