"""Images read at places that are computed, and get a gradient as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import ClassVar, NamedTuple

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Elements, Grid, Indices, Picked, Shape, strides, unravel
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import shape_text

#: The slope of the cubic that is fitted through four elements (Keys, 1981), as PyTorch has it.
_CUBIC = -0.75
_PADDINGS = ("zeros", "border", "reflection")
_TAPS = {"nearest": 1, "bilinear": 2, "bicubic": 4}


class Taps(NamedTuple):
    """What places read along one axis of an image: elements, whether there are such, their weights, and by how much a
    weight changes with the place. Shapes (N, places, taps)."""

    element: Indices
    there: Array
    weight: Array
    slope: Array


class Corner(NamedTuple):
    """One element that each place reads: which of an image's, whether there is one, its weight along each axis, and by
    how much that changes. Shapes (N, places), of the two last with an axis of axes in front."""

    element: Indices
    there: Array
    weights: Array
    slopes: Array

    @property
    def weight(self) -> Array:
        return np.asarray(np.multiply.reduce(self.weights, axis=0))

    def slope(self, axis: int) -> Array:
        """By how much its weight changes with the place along an axis."""
        along = [self.slopes[a] if a == axis else weight for a, weight in enumerate(self.weights)]
        return np.asarray(np.multiply.reduce(along, axis=0))


@dataclass(frozen=True)
class GridSample(Op):
    """x (N, C, H, W) at the places that grid (N, H', W', 2) says: (column, row), −1 at the first edge and 1 at the
    last; of (N, C, D, H, W) with three of them. Each output is a weighted sum of the elements around its place
    (Jaderberg et al., Spatial Transformer Networks, NeurIPS 2015)."""

    name = "grid_sample"
    slots = ("x", "grid")
    words: ClassVar[Mapping[str, str]] = {"input": "x"}
    notation = "{0} at the places {1}"
    slopes = (
        "the weight of each element around its place",
        "Σ of the elements around its place, each by how its weight changes with the place",
    )
    kink = (
        "where a place is exactly that of an element the slope is that towards the next one; the nearest element "
        "jumps, and gives the place no gradient"
    )
    edge = "a place that is NaN gives NaN with padding_mode='zeros', else the first element"
    summed: ClassVar[tuple[int, ...]] = (0,)
    weighs = True
    label = "sampling at places"

    mode: str = "bilinear"
    padding_mode: str = "zeros"
    align_corners: bool | None = None

    def __post_init__(self) -> None:
        for option, value, known in (("mode", self.mode, tuple(_TAPS)), ("padding_mode", self.padding_mode, _PADDINGS)):
            if value not in known:
                raise OpError(f"grid_sample: {option} is one of {', '.join(map(repr, known))}, not {value!r}")
        if self.align_corners not in (None, True, False):
            raise OpError(f"grid_sample: align_corners is True or False, not {self.align_corners!r}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, grid = map(tuple, shapes)
        dims = len(x) - 2
        both = f"x {shape_text(x)} and grid {shape_text(grid)}"
        if dims not in (2, 3) or len(grid) != len(x) or grid[-1] != dims or grid[0] != x[0]:
            fits = f"({x[0] if x else 'N'}, {'H, W' if dims != 3 else 'D, H, W'}, {dims if dims == 3 else 2})"
            raise OpError(
                f"grid_sample: {both} do not fit: x is (N, C, H, W) or (N, C, D, H, W), and to this one goes a grid "
                f"{fits}"
            )
        if self.mode == "bicubic" and dims == 3:
            raise OpError(f"grid_sample: 'bicubic' is for images (N, C, H, W), but x is {shape_text(x)}")
        if 0 in x[2:]:
            raise OpError(f"grid_sample: there is nothing to read in x {shape_text(x)}")
        return (*x[:2], *grid[1:-1])

    def workspace(self, shapes: Sequence[Shape], out: Shape) -> int:
        places, taps = prod(shapes[1]), _TAPS[self.mode]
        return 6 * taps * places + 3 * prod(out) + 2 * prod(shapes[0])

    # Where a place is ----------------------------------------------------------------------------

    def _taps(self, grid: Array, size: int) -> Taps:
        """What places, numbers from −1 to 1 of shape (N, places), read along an axis of so many elements."""
        at, by = self._place(grid, size)
        if self.mode == "bicubic":
            return self._cubic(at, by, size)
        at, by = self._held(at, by, size)
        if self.mode == "nearest":
            index = np.rint(at)[..., None]
            return _read(index, np.ones_like(index), np.zeros_like(index), size)
        first = np.floor(at)
        share = at - first
        return _read(
            np.stack([first, first + 1], axis=-1),
            np.stack([1 - share, share], axis=-1),
            np.stack([-by, by], axis=-1),
            size,
        )

    def _place(self, grid: Array, size: int) -> tuple[Array, Array]:
        """As a place among the elements, counted from 0, and how fast that changes."""
        half = grid.dtype.type((size - 1) / 2 if self.align_corners else size / 2)
        at = (grid + 1) * half
        return at if self.align_corners else at - grid.dtype.type(0.5), np.full_like(grid, half)

    def _held(self, at: Array, by: Array, size: int) -> tuple[Array, Array]:
        """A place that is brought into the image, and how fast that changes then."""
        if self.padding_mode == "zeros":
            return at, by
        if self.padding_mode == "reflection":
            at, by = self._reflected(at, by, size)
        inside = (at > 0) & (at < size - 1)
        return np.nan_to_num(np.clip(at, 0, size - 1)), np.where(inside, by, 0)

    def _reflected(self, at: Array, by: Array, size: int) -> tuple[Array, Array]:
        """Thrown back at the edges: at the middle of the last element, or at its end."""
        low, span = (0.0, size - 1) if self.align_corners else (-0.5, size)
        if not span:
            return np.zeros_like(at), np.zeros_like(by)
        away = np.abs(at - low)
        turns, rest = np.floor(away / span), np.fmod(away, span)
        odd = np.mod(turns, 2) != 0
        found = np.where(odd, span - rest, rest) + low
        return found.astype(at.dtype), np.where((at < low) != odd, -by, by)

    def _cubic(self, at: Array, by: Array, size: int) -> Taps:
        """Four elements, each of which is brought into the image by itself."""
        first = np.floor(at)[..., None]
        offsets = np.arange(-1, 3)
        from_each = (at[..., None] - first) - offsets.astype(at.dtype)
        weight, slope = _keys(from_each)
        index = first + offsets.astype(at.dtype)
        if self.padding_mode != "zeros":
            index, _ = self._held(index, index, size)
        return _read(index, weight, slope * by[..., None], size)

    def corners(self, x: Shape, grid: Array) -> Iterator[Corner]:
        """The elements around each place, one after the other."""
        sizes, apart = x[2:], strides(x[2:])
        places = grid.reshape(grid.shape[0], prod(grid.shape[1:-1]), len(sizes))
        with np.errstate(all="ignore"):  # the last axis comes first
            taps = [self._taps(places[..., -1 - a], size) for a, size in enumerate(sizes)]
        for tap in product(range(_TAPS[self.mode]), repeat=len(sizes)):
            along = list(zip(taps, tap, strict=True))
            element = sum(one.element[..., t] * step for (one, t), step in zip(along, apart, strict=True))
            yield Corner(
                np.asarray(element),
                np.logical_and.reduce([one.there[..., t] for one, t in along]),
                np.stack([one.weight[..., t] for one, t in along]),
                np.stack([one.slope[..., t] for one, t in along]),
            )

    # Whole arrays --------------------------------------------------------------------------------

    def forward(self, xs: Sequence[Array]) -> Array:
        x, grid = xs
        found = np.zeros((*x.shape[:2], prod(grid.shape[1:-1])), x.dtype)
        for corner in self.corners(x.shape, grid):
            # What lies outside counts as 0, and 0 times a weight that is NaN is NaN, as in PyTorch.
            found += np.where(corner.there[:, None], _at(x, corner.element), 0) * corner.weight[:, None]
        return found.reshape(self.shape([x.shape, grid.shape]))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x, grid = xs
        g = g.reshape(*g.shape[:2], prod(g.shape[2:]))
        if slot == 0:
            found = np.zeros((x.shape[0], prod(x.shape[2:]), x.shape[1]), x.dtype)
            samples = np.arange(len(x))[:, None]
            for corner in self.corners(x.shape, grid):
                part = np.where(corner.there[:, None], g * corner.weight[:, None], 0)
                np.add.at(found, (samples, corner.element), part.transpose(0, 2, 1))
            return np.ascontiguousarray(found.transpose(0, 2, 1)).reshape(x.shape)
        # Of each image by itself first, and then of all: what cancels in one leaves nothing.
        by = np.zeros((grid.shape[-1], *g.shape), grid.dtype)
        for corner in self.corners(x.shape, grid):
            read = np.where(corner.there[:, None], _at(x, corner.element), 0)
            for axis in range(grid.shape[-1]):
                by[-1 - axis] += read * np.where(corner.there, corner.slope(axis), 0)[:, None]
        return np.asarray(np.moveaxis(np.add.reduce(by * g, axis=2), 0, -1).reshape(grid.shape))

    # Elements ------------------------------------------------------------------------------------

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        x, grid = xs
        sample, channel, place = unravel(at, (*x.shape[:2], prod(y.shape[2:])))
        read = list(self.corners((1, 1, *x.shape[2:]), _one(grid, sample, place)))
        base = (sample * x.shape[1] + channel) * prod(x.shape[2:])
        if slot == 0:
            elements, weights = _gathered(read)
            return Links(0, Picked(base + elements), _listed(weights))
        image = x.reshape(-1)[base : base + prod(x.shape[2:])]
        slopes = self._by_place(read, image[:, None])[:, 0]
        first = (sample * prod(y.shape[2:]) + place) * grid.shape[-1]
        return Links(1, Grid(first, (grid.shape[-1],), (1,)), _listed(slopes))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        x, grid = xs
        places = prod(y.shape[2:])
        if slot == 0:
            sample, channel, element = unravel(at, (*x.shape[:2], prod(x.shape[2:])))
            weights, reads = np.zeros(places, x.dtype), np.zeros(places, bool)
            for corner in self.corners((1, 1, *x.shape[2:]), grid[sample : sample + 1]):
                here = corner.there[0] & (corner.element[0] == element)
                weights += np.where(here, corner.weight[0], 0)
                reads |= here
            there = np.flatnonzero(reads)
            found: Elements = Picked((sample * x.shape[1] + channel) * places + there)
            return Links(0, found, _listed(weights[there]))
        sample, place, axis = unravel(at, (len(grid), places, grid.shape[-1]))
        read = list(self.corners((1, 1, *x.shape[2:]), _one(grid, sample, place)))
        images = x[sample].reshape(x.shape[1], prod(x.shape[2:])).T
        slopes = self._by_place(read, images)[axis]
        return Links(1, Grid(sample * x.shape[1] * places + place, (x.shape[1],), (places,)), _listed(slopes))

    @staticmethod
    def _by_place(read: Sequence[Corner], images: Array) -> Array:
        """By how much what one place reads of images, shape (elements, images), changes along each axis of the grid:
        shape (axes, images)."""
        axes = len(read[0].weights)
        found = np.zeros((axes, images.shape[1]), images.dtype)
        for corner in read:
            if corner.there.item():
                for axis in range(axes):
                    found[-1 - axis] += images[corner.element.item()] * corner.slope(axis).item()
        return found


def _read(index: Array, weight: Array, slope: Array, size: int) -> Taps:
    """What there is of it; in the place of what lies outside the first element stands, and counts nothing."""
    there = (index >= 0) & (index < size)
    return Taps(np.where(there, index, 0).astype(np.intp), there, weight, slope)


def _keys(from_each: Array) -> tuple[Array, Array]:
    """The cubic convolution kernel of Keys (1981), equation 15, and its slope."""
    a, x, sign = _CUBIC, np.abs(from_each), np.sign(from_each)
    near = ((a + 2) * x - (a + 3)) * x * x + 1, (3 * (a + 2) * x - 2 * (a + 3)) * x
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a, (3 * a * x - 10 * a) * x + 8 * a
    return np.where(x <= 1, near[0], far[0]), sign * np.where(x <= 1, near[1], far[1])


def _at(x: Array, element: Indices) -> Array:
    """Elements of each image, one a place: shape (N, C, places)."""
    return np.asarray(np.take_along_axis(x.reshape(*x.shape[:2], prod(x.shape[2:])), element[:, None], axis=2))


def _one(grid: Array, sample: int, place: int) -> Array:
    """One place of a grid, as a grid of its own."""
    one = grid.reshape(len(grid), prod(grid.shape[1:-1]), grid.shape[-1])[sample, place]
    return np.asarray(one.reshape(1, *(1,) * grid.shape[-1], -1))


def _gathered(read: Sequence[Corner]) -> tuple[Indices, Array]:
    """What one place reads: each element once, with the sum of its weights."""
    there = [corner for corner in read if corner.there.item()]
    elements, which = np.unique([corner.element.item() for corner in there], return_inverse=True)
    weights = np.zeros(len(elements), read[0].weights.dtype)
    np.add.at(weights, which.reshape(-1), [corner.weight.item() for corner in there])
    return elements.astype(np.intp), weights


def _listed(numbers: Array) -> Callable[[int, int], Array]:
    return lambda start, stop: numbers[start:stop]
