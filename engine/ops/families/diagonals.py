"""Diagonals of matrices, and what lies on one side of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.elementwise import chosen
from gradstep.engine.ops.moving import Masked, Placed
from gradstep.engine.ops.op import KEPT
from gradstep.engine.ops.shapes import check_one, normal_axes, shape_text


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
        check_one(self.name, offset=self.offset, axis1=self.axis1, axis2=self.axis2)

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
        check_one(self.name, offset=self.offset, axis1=self.axis1, axis2=self.axis2)

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

    of_whole = KEPT

    diagonal: int = 0

    def __post_init__(self) -> None:
        check_one(self.name, diagonal=self.diagonal)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes[0]) < 2:
            raise OpError(f"{self.name}: at least two axes are needed, but the shape is {shape_text(shapes[0])}")
        return tuple(shapes[0])

    def made(self, slope: float) -> str:
        return "{0}" if slope else "0"

    @abstractmethod
    def side(self, rows: int, columns: int) -> Array:
        """Where the elements are that stay, shape (rows, columns)."""

    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        return np.broadcast_to(self.side(*shape[-2:]).astype(dtype), shape)

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        return chosen(np.broadcast_to(self.side(*x.shape[-2:]), x.shape), x, 0, x.dtype)


class Tril(Triangle):
    name = "tril"
    notation = "{0}, 0 above a diagonal"
    slopes = ("1 on and below the diagonal, 0 above",)
    label = "lower triangle"

    def side(self, rows: int, columns: int) -> Array:
        return np.tri(rows, columns, self.diagonal, dtype=bool)


class Triu(Triangle):
    name = "triu"
    notation = "{0}, 0 below a diagonal"
    slopes = ("1 on and above the diagonal, 0 below",)
    label = "upper triangle"

    def side(self, rows: int, columns: int) -> Array:
        return ~np.tri(rows, columns, self.diagonal - 1, dtype=bool)
