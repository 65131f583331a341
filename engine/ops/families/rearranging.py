"""The same elements in other places, or several times: turned round, shifted, repeated."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, in_order
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.choice import Where
from gradstep.engine.ops.families.shape import Reshape, Transpose
from gradstep.engine.ops.moving import Placed
from gradstep.engine.ops.shapes import check_one, check_whole, listed, normal_axes, shape_text, unbroadcast


@dataclass(frozen=True)
class Flip(Placed):
    """The other way round along axes, all of them unless they are said."""

    name = "flip"
    notation = "flip {0}"
    label = "flip"
    words: ClassVar[Mapping[str, str]] = {"dims": "axis"}

    axis: int | tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.axis is not None:
            check_whole("flip", axis=self.axis)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        normal_axes("flip", self.axis, len(shapes[0]))
        return tuple(shapes[0])

    def placed(self, x: Array, nothing: int) -> Array:
        return np.flip(x, normal_axes("flip", self.axis, x.ndim))

    def returned(self, g: Array, shape: Shape) -> Array:
        return self.placed(g, 0)


@dataclass(frozen=True)
class Roll(Placed):
    """Shifted along axes, and what leaves at one end comes in at the other; without axes as one long row."""

    name = "roll"
    notation = "roll {0}"
    label = "roll"
    words: ClassVar[Mapping[str, str]] = {"dims": "axis", "shift": "shifts"}

    shifts: int | tuple[int, ...] = 1
    axis: int | tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_whole("roll", shifts=self.shifts, **({} if self.axis in (None, ()) else {"axis": self.axis}))
        if self.axis in (None, ()):
            if len(listed(self.shifts)) != 1:
                raise OpError("roll: several shifts need as many axes")
        elif len(listed(self.shifts)) != len(listed(self.axis)):
            raise OpError(f"roll: {self.shifts!r} and {self.axis!r} must be as many shifts as axes")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        for axis in () if self.axis is None else listed(self.axis):
            normal_axes("roll", axis, len(shapes[0]))
        return tuple(shapes[0])

    def placed(self, x: Array, nothing: int) -> Array:
        if self.axis in (None, ()) or not x.ndim:
            return np.roll(x, listed(self.shifts)[0])
        return np.roll(x, listed(self.shifts), listed(self.axis))

    def returned(self, g: Array, shape: Shape) -> Array:
        return dataclasses.replace(self, shifts=tuple(-k for k in listed(self.shifts))).placed(g, 0)


@dataclass(frozen=True)
class Rot90(Placed):
    """Turned by k right angles in the plane of two axes, from the first towards the second."""

    name = "rot90"
    notation = "{0} turned"
    label = "turn"
    words: ClassVar[Mapping[str, str]] = {"dims": "axes"}

    k: int = 1
    axes: tuple[int, ...] = (0, 1)

    def __post_init__(self) -> None:
        check_one("rot90", k=self.k)
        check_whole("rot90", axes=self.axes)
        if len(listed(self.axes)) != 2:
            raise OpError(f"rot90: axes are two, not {self.axes!r}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        a, b = normal_axes("rot90", self.axes, len(shapes[0])) if len(shapes[0]) > 1 else (0, 0)
        if a == b:
            raise OpError(f"rot90: two axes are needed, but the shape is {shape_text(shapes[0])}")
        found = list(shapes[0])
        if self.k % 2:
            found[a], found[b] = found[b], found[a]
        return tuple(found)

    def placed(self, x: Array, nothing: int) -> Array:
        return in_order(np.rot90(x, self.k, (self.axes[0], self.axes[1])))

    def returned(self, g: Array, shape: Shape) -> Array:
        return in_order(np.rot90(g, -self.k, (self.axes[0], self.axes[1])))


@dataclass(frozen=True)
class Tile(Placed):
    """The whole array repeated along each axis; axes that are not there come first."""

    name = "tile"
    notation = "tile {0}"
    label = "tile"
    words: ClassVar[Mapping[str, str]] = {"dims": "reps", "sizes": "reps", "repeats": "reps"}

    reps: int | tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        check_whole("tile", reps=self.reps)
        if any(n < 0 for n in listed(self.reps)):
            raise OpError(f"tile: reps are whole numbers from 0 on, not {self.reps!r}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        reps, x = listed(self.reps), tuple(shapes[0])
        ndim = max(len(reps), len(x))
        wide, times = (1,) * (ndim - len(x)) + x, (1,) * (ndim - len(reps)) + reps
        return tuple(n * k for n, k in zip(wide, times, strict=True))

    def placed(self, x: Array, nothing: int) -> Array:
        return np.tile(x, listed(self.reps))

    def returned(self, g: Array, shape: Shape) -> Array:
        wide = (1,) * (g.ndim - len(shape)) + shape
        times = (1,) * (g.ndim - len(listed(self.reps))) + listed(self.reps)
        out = g.shape
        # One axis after the other: with one more for each there may be more than an array can have.
        for axis, k in enumerate(times):
            if k != 1:
                g = g.reshape(prod(wide[:axis]), k, wide[axis] * prod(out[axis + 1 :])).sum(axis=1)
        return g.reshape(shape)


@dataclass(frozen=True)
class RepeatInterleave(Placed):
    """Each element so many times, one behind the other along an axis; without one as one long row."""

    name = "repeat_interleave"
    notation = "repeat {0}"
    label = "repeat"

    repeats: int = 1
    axis: int | None = None

    def __post_init__(self) -> None:
        if type(self.repeats) is not int or self.repeats < 0 or type(self.axis) not in (int, type(None)):
            raise OpError("repeat_interleave: repeats is a whole number from 0 on, and axis a whole number or None")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x = tuple(shapes[0])
        if self.axis is None or not x:
            return (prod(x) * self.repeats,)
        (at,) = normal_axes("repeat_interleave", self.axis, len(x))
        return (*x[:at], x[at] * self.repeats, *x[at + 1 :])

    def placed(self, x: Array, nothing: int) -> Array:
        return np.repeat(x, self.repeats, self.axis if x.ndim else None)

    def returned(self, g: Array, shape: Shape) -> Array:
        if self.axis is None or not shape:
            return np.asarray(g.reshape(prod(shape), self.repeats).sum(axis=1)).reshape(shape)
        at = self.axis % len(shape)
        return np.asarray(g.reshape(*shape[: at + 1], self.repeats, *shape[at + 1 :]).sum(axis=at + 1))


@dataclass(frozen=True)
class Expand(Placed):
    """The same elements for every place on axes of length 1, or that are not there; −1 leaves a length as it is."""

    name = "expand"
    notation = "expand {0}"
    label = "expand"
    words: ClassVar[Mapping[str, str]] = {"size": "to", "sizes": "to", "shape": "to"}

    to: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_whole("expand", to=self.to)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, to = tuple(shapes[0]), listed(self.to)
        new = len(to) - len(x)
        if new < 0:
            raise OpError(f"expand: {shape_text(x)} has more axes than {to}")
        stays = [n == -1 or x[k] in (1, n) for k, n in enumerate(to[new:])]
        if any(n < 0 for n in to[:new]) or any(n < -1 for n in to) or not all(stays):
            raise OpError(f"expand: {shape_text(x)} does not broadcast to {to}: a length stays, or it was 1")
        return tuple(x[k - new] if n == -1 else n for k, n in enumerate(to))

    def placed(self, x: Array, nothing: int) -> Array:
        return np.broadcast_to(x, self.shape([x.shape]))

    def returned(self, g: Array, shape: Shape) -> Array:
        return unbroadcast(g, shape)


@composite(value="fill")
def masked_fill(x: Given, mask: Given, fill: Given) -> Plan:
    """x, and `fill` where the mask is not 0."""
    return (Where(), [mask, fill, x])


@composite()
def unsqueeze(x: Given, *, axis: int = 0) -> Plan:
    """x with a new axis of length 1."""
    (at,) = normal_axes("unsqueeze", axis, len(x.shape) + 1)
    return (Reshape((*x.shape[:at], 1, *x.shape[at:])), [x])


@composite()
def squeeze(x: Given, *, axis: int | tuple[int, ...] | None = None) -> Plan:
    """x without its axes of length 1, or without those of them that are said."""
    axes = normal_axes("squeeze", axis, len(x.shape))
    return (Reshape(tuple(n for k, n in enumerate(x.shape) if n != 1 or k not in axes)), [x])


@composite(dim0="axis0", dim1="axis1")
def swapaxes(x: Given, *, axis0: int = -2, axis1: int = -1) -> Plan:
    """x with two axes in each other's place."""
    order = list(range(len(x.shape)))
    if order:
        (a,), (b,) = normal_axes("swapaxes", axis0, len(order)), normal_axes("swapaxes", axis1, len(order))
        order[a], order[b] = order[b], order[a]
    return (Transpose(tuple(order)), [x])
