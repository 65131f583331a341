"""Elements of arrays as integers. Flat and multi-index, and regular sets of elements.

Every operation that sums, broadcasts or contracts runs over an *iteration space*: a box of
integer points. Each operand and the output see a point through fixed strides, with stride 0 along
the axes on which they do not vary. Which elements feed one output (a row of the Jacobian) and whom
one input feeds (a column) are then the same question: hold some axes, let the others run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import GraphError

Shape = tuple[int, ...]
Indices = np.ndarray[Any, np.dtype[np.intp]]
Array = np.ndarray[Any, np.dtype[Any]]


#: An array of NumPy has no more axes,
MAX_AXES = 64
#: and no more elements, also counted without the axes that have none.
MAX_ELEMENTS = 2**60


def check_shape(shape: Shape) -> None:
    """Raises GraphError for a shape that no array can have."""
    if len(shape) > MAX_AXES:
        raise GraphError(f"an array of {len(shape)} axes; there are at most {MAX_AXES}")
    if prod(extent for extent in shape if extent) > MAX_ELEMENTS:
        raise GraphError("an array of more elements than there can be")


def read_only(array: Array) -> Array:
    """`array`, from now on refusing to be written to."""
    array.setflags(write=False)
    return array


#: Axes are turned in tiles of so many elements a side,
TILE = 128
#: where lines lie so many bytes apart, or a multiple of it: their elements that stand below each other come to the same
#: places in a cache, and drive each other out of it before their neighbours are used.
_MEET = 1 << 10


def in_order(array: Array) -> Array:
    """The same elements, one behind the other in C order; copied only where they are not. NumPy walks along the lines
    of the result, which is slow where their elements meet in a cache: tiles go through a buffer there, in which they do
    not."""
    if array.flags.c_contiguous or not array.ndim:
        return array
    near = min(range(array.ndim), key=lambda a: abs(array.strides[a]) if array.shape[a] > 1 else array.nbytes)
    if array.strides[-1] % _MEET or min(array.shape[near], array.shape[-1]) < TILE or near == array.ndim - 1:
        return np.ascontiguousarray(array)
    found, tile = np.empty(array.shape, array.dtype), np.empty((TILE, TILE + 64 // array.itemsize), array.dtype)
    way = 1 if array.strides[near] > 0 else -1  # what lies the other way round is copied element by element
    for source, to in zip(_planes(array, near), _planes(found, near), strict=True):
        for top, bottom in pieces(source.shape[0], TILE):
            for left, right in pieces(source.shape[1], TILE):
                turned = tile[: right - left, : bottom - top].T
                turned[...] = source[top:bottom, left:right][::way]
                to[top:bottom, left:right] = turned[::way]
    return found


def _planes(array: Array, near: int) -> Iterator[Array]:
    """Of an axis and the last one: views, for each index along the others."""
    turned = np.moveaxis(array, near, -2)
    return (turned[at] for at in np.ndindex(*turned.shape[:-2]))


#: So many elements are looked at together, where there may be a hundred million of them.
PIECE = 1 << 16


def pieces(size: int, most: int = PIECE) -> Iterator[tuple[int, int]]:
    """Where pieces of at most `most` of `size` elements start and stop."""
    return ((start, min(start + most, size)) for start in range(0, size, most))


def unravel(flat: int, shape: Shape) -> tuple[int, ...]:
    """The multi-index of the `flat`-th element of an array of `shape` in C order."""
    index = []
    for extent in reversed(shape):
        flat, here = divmod(flat, extent)
        index.append(here)
    return tuple(reversed(index))


def ravel(index: tuple[int, ...], shape: Shape) -> int:
    """The flat position, in C order, of a multi-index; the inverse of `unravel`."""
    flat = 0
    for here, extent in zip(index, shape, strict=True):
        flat = flat * extent + here
    return flat


def strides(shape: Shape) -> Shape:
    """How many elements apart neighbours on each axis are, in C order; 0 on axes of length 1."""
    steps, step = [], 1
    for extent in reversed(shape):
        steps.append(step if extent != 1 else 0)
        step *= extent
    return tuple(reversed(steps))


def broadcast_strides(shape: Shape, onto: Shape) -> Shape:
    """The strides of an array of `shape` when it is broadcast to `onto`."""
    return (0,) * (len(onto) - len(shape)) + strides(shape)


class Grid(NamedTuple):
    """The flat positions base + Σ cₖ·strideₖ with 0 ≤ cₖ < shapeₖ, in C order of c."""

    base: int
    shape: Shape
    strides: Shape

    @property
    def size(self) -> int:
        return prod(self.shape)

    def take(self, start: int, stop: int) -> Indices:
        """Positions number `start` to `stop`, shape (stop - start,); nothing else is enumerated."""
        run = np.arange(start, stop, dtype=np.intp)
        if not self.shape:
            return run + (self.base - start)
        if len(self.shape) == 1:
            run *= self.strides[0]
            run += self.base
            return run
        found = np.full(stop - start, self.base, dtype=np.intp)
        for extent, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            run, here = np.divmod(run, extent)
            here *= stride
            found += here
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Picked:
    """Flat positions without a rule: just these."""

    at: Indices

    @property
    def size(self) -> int:
        return len(self.at)

    @property
    def base(self) -> int:
        """The first of them."""
        return int(self.at[0])

    def take(self, start: int, stop: int) -> Indices:
        return self.at[start:stop]


def picked(*flat: int) -> Picked:
    """A few positions, written out."""
    return Picked(np.array(flat, dtype=np.intp))


#: A set of elements, enumerated piece by piece.
Elements = Grid | Picked


class Space(NamedTuple):
    """An iteration space: its extent, and the strides of each operand and of the output in it."""

    extent: Shape
    operands: tuple[Shape, ...]
    out: Shape

    def compact(self) -> Space:
        """The same without axes of one point: with them there may be more than an array has."""
        wide = [a for a, n in enumerate(self.extent) if n != 1]
        extent, out, *operands = (tuple(s[a] for a in wide) for s in (self.extent, self.out, *self.operands))
        return Space(extent, tuple(operands), out)

    def hold(self, at: int, held: Shape) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The point of the space where the array with strides `held` is at flat position `at`.

        Returns the point and the axes that are still free to run.
        """
        point, free = [], []
        for axis, (extent, stride) in enumerate(zip(self.extent, held, strict=True)):
            point.append((at // stride) % extent if stride else 0)
            if not stride and extent != 1:
                free.append(axis)
        return tuple(point), tuple(free)

    def grid(self, point: tuple[int, ...], free: tuple[int, ...], seen: Shape) -> Grid:
        """Where an array with strides `seen` is read while the `free` axes run from `point`."""
        return Grid(
            sum(p * s for p, s in zip(point, seen, strict=True)),
            tuple(self.extent[a] for a in free),
            tuple(seen[a] for a in free),
        )
