"""Grids of places, at which images are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Grid, Shape, unravel
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import shape_text


@dataclass(frozen=True)
class AffineGrid(Op):
    """The places of grid_sample under a linear map of each sample: theta (N, 2, 3) times (column, row, 1), for images
    of `size` (N, C, H, W); (N, 3, 4) for (N, C, D, H, W)."""

    name = "affine_grid"
    slots = ("theta",)
    notation = "{0} × (column, row, 1)"
    slopes = ("the column, the row, or 1",)
    weighs = True
    summed: ClassVar[tuple[int, ...]] = (0,)
    label = "grid of places"

    size: tuple[int, ...] = ()
    align_corners: bool | None = None

    def __post_init__(self) -> None:
        good = isinstance(self.size, tuple) and all(type(n) is int and n > 0 for n in self.size)
        if not good or len(self.size) not in (4, 5):
            raise OpError(
                f"affine_grid: size is (N, C, H, W) or (N, C, D, H, W) in numbers from 1 on, not {self.size!r}"
            )
        if self.align_corners not in (None, True, False):
            raise OpError(f"affine_grid: align_corners is True or False, not {self.align_corners!r}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        dims, (theta,) = len(self.size) - 2, shapes
        wanted = (self.size[0], dims, dims + 1)
        if tuple(theta) != wanted:
            raise OpError(
                f"affine_grid: theta is {shape_text(theta)}, but to size {shape_text(self.size)} goes "
                f"{shape_text(wanted)}"
            )
        return (self.size[0], *self.size[2:], dims)

    def _base(self, dtype: np.dtype[Any]) -> Array:
        """The places before the map: (column, row, 1), shape (places, dims + 1)."""
        along = []
        for n in self.size[2:]:
            line = np.linspace(-1, 1, n, dtype=dtype) if n > 1 else np.zeros(1, dtype)
            along.append(line if self.align_corners else line * dtype.type((n - 1) / n))
        axes = np.meshgrid(*along, indexing="ij")
        return np.stack([*reversed(axes), np.ones_like(axes[0])], axis=-1).reshape(-1, len(along) + 1)

    def forward(self, xs: Sequence[Array]) -> Array:
        (theta,) = xs
        return (self._base(theta.dtype) @ theta.transpose(0, 2, 1)).reshape(self.shape([theta.shape]))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (theta,) = xs
        return g.reshape(len(theta), prod(g.shape[1:-1]), theta.shape[1]).transpose(0, 2, 1) @ self._base(theta.dtype)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (theta,) = xs
        count, dims = prod(self.size[2:]), theta.shape[1]
        sample, place, axis = unravel(at, (len(theta), count, dims))
        first = (sample * dims + axis) * (dims + 1)
        return Links(0, Grid(first, (dims + 1,), (1,)), _listed(self._base(theta.dtype)[place]))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        (theta,) = xs
        count, dims = prod(self.size[2:]), theta.shape[1]
        sample, axis, part = unravel(at, theta.shape)
        first = sample * count * dims + axis
        return Links(0, Grid(first, (count,), (dims,)), _listed(self._base(theta.dtype)[:, part]))


def _listed(numbers: Array) -> Callable[[int, int], Array]:
    return lambda start, stop: numbers[start:stop]
