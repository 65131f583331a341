"""The same elements in other places, or several times: turned round, shifted, repeated, on diagonals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.choice import Where
from gradstep.engine.ops.families.shape import Reshape, Transpose
from gradstep.engine.ops.moving import Masked, Placed
from gradstep.engine.ops.shapes import normal_axes, shape_text


def _listed(value: Any) -> tuple[int, ...]:
    """A whole number or several in brackets, as several. Raises TypeError for anything else."""
    found = value if isinstance(value, tuple) else (value,)
    if any(type(one) is not int for one in found):
        raise TypeError
    return found


def _whole(op: str, **options: Any) -> None:
    """Raises OpError unless the options are whole numbers, or several in brackets."""
    for name, value in options.items():
        try:
            _listed(value)
        except TypeError:
            raise OpError(f"{op}: {name} is a whole number, or several in brackets, not {value!r}") from None


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
            _whole("flip", axis=self.axis)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        normal_axes("flip", self.axis, len(shapes[0]))
        return tuple(shapes[0])

    def placed(self, x: Array, nothing: int) -> Array:
        return np.flip(x, normal_axes("flip", self.axis, x.ndim))


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
        _whole("roll", shifts=self.shifts, **({} if self.axis in (None, ()) else {"axis": self.axis}))
        if self.axis in (None, ()):
            if len(_listed(self.shifts)) != 1:
                raise OpError("roll: several shifts need as many axes")
        elif len(_listed(self.shifts)) != len(_listed(self.axis)):
            raise OpError(f"roll: {self.shifts!r} and {self.axis!r} must be as many shifts as axes")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        for axis in () if self.axis is None else _listed(self.axis):
            normal_axes("roll", axis, len(shapes[0]))
        return tuple(shapes[0])

    def placed(self, x: Array, nothing: int) -> Array:
        if self.axis in (None, ()) or not x.ndim:
            return np.roll(x, _listed(self.shifts)[0])
        return np.roll(x, _listed(self.shifts), _listed(self.axis))


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
        _whole("rot90", k=self.k, axes=self.axes)
        if len(_listed(self.axes)) != 2:
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
        return np.rot90(x, self.k, (self.axes[0], self.axes[1]))


@dataclass(frozen=True)
class Tile(Placed):
    """The whole array repeated along each axis; axes that are not there come first."""

    name = "tile"
    notation = "tile {0}"
    label = "tile"
    words: ClassVar[Mapping[str, str]] = {"dims": "reps", "sizes": "reps", "repeats": "reps"}

    reps: int | tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        _whole("tile", reps=self.reps)
        if any(n < 0 for n in _listed(self.reps)):
            raise OpError(f"tile: reps are whole numbers from 0 on, not {self.reps!r}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        reps, x = _listed(self.reps), tuple(shapes[0])
        ndim = max(len(reps), len(x))
        wide, times = (1,) * (ndim - len(x)) + x, (1,) * (ndim - len(reps)) + reps
        return tuple(n * k for n, k in zip(wide, times, strict=True))

    def placed(self, x: Array, nothing: int) -> Array:
        return np.tile(x, _listed(self.reps))


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


@dataclass(frozen=True)
class Expand(Placed):
    """The same elements for every place on axes of length 1, or that are not there; −1 leaves a length as it is."""

    name = "expand"
    notation = "expand {0}"
    label = "expand"
    words: ClassVar[Mapping[str, str]] = {"size": "to", "sizes": "to", "shape": "to"}

    to: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _whole("expand", to=self.to)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, to = tuple(shapes[0]), _listed(self.to)
        new = len(to) - len(x)
        if new < 0:
            raise OpError(f"expand: {shape_text(x)} has more axes than {to}")
        stays = [n == -1 or x[k] in (1, n) for k, n in enumerate(to[new:])]
        if any(n < 0 for n in to[:new]) or any(n < -1 for n in to) or not all(stays):
            raise OpError(f"expand: {shape_text(x)} does not broadcast to {to}: a length stays, or it was 1")
        return tuple(x[k - new] if n == -1 else n for k, n in enumerate(to))

    def placed(self, x: Array, nothing: int) -> Array:
        return np.broadcast_to(x, self.shape([x.shape]))


@dataclass(frozen=True)
class Diagonal(Placed):
    """The diagonal of two axes, as a last axis; `offset` above it, below where it is negative."""

    name = "diagonal"
    notation = "diagonal {0}"
    label = "diagonal"
    words: ClassVar[Mapping[str, str]] = {"dim1": "axis1", "dim2": "axis2"}

    offset: int = 0
    axis1: int = 0
    axis2: int = 1

    def __post_init__(self) -> None:
        _whole(self.name, offset=self.offset, axis1=self.axis1, axis2=self.axis2)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x = tuple(shapes[0])
        if len(x) < 2:
            raise OpError(f"diagonal: at least two axes are needed, but the shape is {shape_text(x)}")
        a, b = normal_axes("diagonal", (self.axis1, self.axis2), len(x))
        rows, columns = x[a] + min(self.offset, 0), x[b] - max(self.offset, 0)
        return (*(n for k, n in enumerate(x) if k not in (a, b)), max(min(rows, columns), 0))

    def placed(self, x: Array, nothing: int) -> Array:
        return np.diagonal(x, self.offset, self.axis1, self.axis2)


@dataclass(frozen=True)
class DiagEmbed(Placed):
    """The last axis on a diagonal of two new ones, 0 beside it; `offset` above it, below where it is negative."""

    name = "diag_embed"
    notation = "{0} on a diagonal"
    label = "diagonal"
    words: ClassVar[Mapping[str, str]] = {"dim1": "axis1", "dim2": "axis2"}

    offset: int = 0
    axis1: int = -2
    axis2: int = -1

    def __post_init__(self) -> None:
        _whole(self.name, offset=self.offset, axis1=self.axis1, axis2=self.axis2)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x = tuple(shapes[0])
        if not x:
            raise OpError("diag_embed: a single number has no axis to lay on a diagonal")
        a, b = normal_axes("diag_embed", (self.axis1, self.axis2), len(x) + 1)
        size, rest = x[-1] + abs(self.offset), iter(x[:-1])
        return tuple(size if k in (a, b) else next(rest) for k in range(len(x) + 1))

    def placed(self, x: Array, nothing: int) -> Array:
        found = np.full(self.shape([x.shape]), nothing, dtype=x.dtype)
        axes = normal_axes("diag_embed", (self.axis1, self.axis2), found.ndim)
        rows, columns = np.arange(x.shape[-1]) + max(-self.offset, 0), np.arange(x.shape[-1]) + max(self.offset, 0)
        np.moveaxis(found, axes, (-2, -1))[..., rows, columns] = x
        return found


@dataclass(frozen=True)
class Triangle(Masked):
    """One side of a diagonal of the last two axes, 0 on the other."""

    diagonal: int = 0

    def __post_init__(self) -> None:
        _whole(self.name, diagonal=self.diagonal)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes[0]) < 2:
            raise OpError(f"{self.name}: at least two axes are needed, but the shape is {shape_text(shapes[0])}")
        return tuple(shapes[0])

    def made(self, slope: float) -> str:
        return "{0}" if slope else "0"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.where(self.slopes_at(xs[0].shape, xs[0].dtype) > 0, xs[0], xs[0].dtype.type(0))


class Tril(Triangle):
    name = "tril"
    notation = "{0}, 0 above a diagonal"
    slopes = ("1 on and below the diagonal, 0 above",)
    label = "lower triangle"

    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        return np.broadcast_to(np.tri(shape[-2], shape[-1], self.diagonal, dtype=dtype), shape)


class Triu(Triangle):
    name = "triu"
    notation = "{0}, 0 below a diagonal"
    slopes = ("1 on and above the diagonal, 0 below",)
    label = "upper triangle"

    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        return np.broadcast_to(1 - np.tri(shape[-2], shape[-1], self.diagonal - 1, dtype=dtype), shape)


@composite()
def masked_fill(x: Given, mask: Given, value: Given) -> Plan:
    """x, and `value` where the mask is not 0."""
    return (Where(), [mask, value, x])


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
