"""Convolution and transposed convolution, along one, two or three axes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Grid, Shape
from gradstep.engine.ops.correlation import COARSE, FINE, WEIGHT, Correlation
from gradstep.engine.ops.links import Links, ones
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import shape_text
from gradstep.engine.ops.windows import Window, paddings, per_axis, sliding, steps

_AXES = {1: "L", 2: "H, W", 3: "D, H, W"}
_SIZES = {1: "K", 2: "KH, KW", 3: "KD, KH, KW"}


@dataclass(frozen=True)
class Convolving(Op):
    """A sum of products of what lies under a window with a kernel. x is (C, …) or (N, C, …), with `dims` axes."""

    slots = ("x", "w", "b")
    words: ClassVar[Mapping[str, str]] = {"weight": "w", "bias": "b"}
    optional = 1
    slopes = ("{1}", "{0}", "1")
    summed = (0, 2)
    contracts = True
    #: Along how many axes the window moves, and which of the three arrays of a correlation x and y are.
    dims: ClassVar[int]
    roles: ClassVar[tuple[int, int]]

    stride: int | tuple[int, ...] = 1
    padding: int | str | tuple[Any, ...] = 0

    def __post_init__(self) -> None:
        self._each("stride", self.stride, 1)
        self._pads((1,) * self.dims)

    def _each(self, name: str, value: Any, least: int) -> Shape:
        return per_axis(self.name, name, value, self.dims, least)

    @property
    def _dilation(self) -> Shape:
        return self._each("dilation", getattr(self, "dilation", 1), 1)

    @property
    def _groups(self) -> int:
        return int(getattr(self, "groups", 1))

    def _check_groups(self) -> None:
        groups = getattr(self, "groups", 1)
        if type(groups) is not int or groups < 1:
            raise OpError(f"{self.name}: groups is a whole number from 1 on, not {groups!r}")

    def _pads(self, sizes: Shape) -> tuple[tuple[int, int], ...]:
        return paddings(self.name, self.padding, sizes, self._each("stride", self.stride, 1), self._dilation)

    @abstractmethod
    def correlation(self, x: Shape, w: Shape) -> Correlation:
        """How x (N, C, …) and w meet. Raises OpError where they do not fit."""

    def _found(self, shapes: Sequence[Shape]) -> Correlation:
        x = tuple(shapes[0])
        return _correlation(self, x if len(x) == self.dims + 2 else (1, *x), tuple(shapes[1]))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x, w = shapes[:2]
        axes, sizes = _AXES[self.dims], _SIZES[self.dims]
        if len(w) != self.dims + 2 or len(x) not in (self.dims + 1, self.dims + 2):
            first, second = ("O", "C") if self.roles[0] == FINE else ("C", "O")
            raise OpError(
                f"{self.name}: x must be (C, {axes}) or (N, C, {axes}) and w ({first}, {second}, {sizes}), "
                f"but x is {shape_text(x)} and w is {shape_text(w)}"
            )
        y = self._found(shapes).shapes[self.roles[1]]
        if len(shapes) == 3 and tuple(shapes[2]) != y[1:2]:
            raise OpError(
                f"{self.name}: the bias must have shape ({y[1]},), one number for each channel that w "
                f"{shape_text(w)} makes, but it is {shape_text(shapes[2])}"
            )
        return y if len(x) == self.dims + 2 else y[1:]

    def workspace(self, shapes: Sequence[Shape], out: Shape) -> int:
        return self._found(shapes).workspace

    def forward(self, xs: Sequence[Array]) -> Array:
        x, w = xs[:2]
        met = self._found([x.shape, w.shape])
        y = met.to_coarse(w, x) if self.roles[1] == COARSE else met.to_fine(x, w)
        if len(xs) == 3:
            y += xs[2].reshape(-1, *(1 for _ in range(self.dims)))
        return y if x.ndim == self.dims + 2 else y[0]

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x, w = xs[:2]
        met = self._found([x.shape, w.shape])
        flow = g.reshape(met.shapes[self.roles[1]])
        if slot == 2:
            return np.asarray(flow.sum(axis=tuple(a for a in range(flow.ndim) if a != 1)))
        coarse, fine = (x, flow) if self.roles[0] == COARSE else (flow, x)
        if slot == 1:
            return met.to_weight(coarse, fine)
        found = met.to_coarse(w, fine) if self.roles[0] == COARSE else met.to_fine(coarse, w)
        return found.reshape(x.shape)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        if slot == 2:
            return Links(2, Grid(at // prod(y.shape[-self.dims :]) % len(xs[2]), (), ()), ones(y))
        grids = self._found([x.shape for x in xs]).meet(self.roles[1], at)
        return _product(slot, grids[self._role(slot)], grids[self._role(1 - slot)], xs)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        if slot == 2:
            lead, by = y.shape[: -self.dims - 1], steps(y.shape)
            places = Grid(at * by[-self.dims - 1], (prod(lead), *y.shape[-self.dims :]), (0, *by[-self.dims :]))
            return Links(2, places._replace(strides=(prod(y.shape[-self.dims - 1 :]), *places.strides[1:])), ones(y))
        grids = self._found([x.shape for x in xs]).meet(self._role(slot), at)
        return _product(slot, grids[self.roles[1]], grids[self._role(1 - slot)], xs)

    def _role(self, slot: int) -> int:
        return WEIGHT if slot else self.roles[0]


@lru_cache(maxsize=64)
def _correlation(op: Convolving, x: Shape, w: Shape) -> Correlation:
    return op.correlation(x, w)


def _product(slot: int, grid: Grid, factor: Grid, xs: Sequence[Array]) -> Links:
    other = 1 - slot
    return Links(slot, grid, lambda start, stop: xs[other].take(factor.take(start, stop)), (other, factor))


@dataclass(frozen=True)
class Convolution(Convolving):
    """y[…, o, i] = Σ w[o, c, k] · x[…, c, i·stride + k·dilation − padding] + b[o], c over the channels of o's group.

    w is (O, C / groups, …), b (O,). padding may be (before, behind) for each axis, 'same' or 'valid'."""

    notation = "{1} ∗ {0} + {2}"
    label = "convolution"
    roles = (FINE, COARSE)

    dilation: int | tuple[int, ...] = 1
    groups: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_groups()

    def correlation(self, x: Shape, w: Shape) -> Correlation:
        samples, channels = x[:2]
        if channels != w[1] * self.groups:
            of = f" in each of {self.groups} groups" if self.groups > 1 else ""
            fits = f"; groups={channels // w[1]} would fit" if w[1] and channels and channels % w[1] == 0 else ""
            raise OpError(
                f"{self.name}: w {shape_text(w)} takes {w[1]} channels{of}, but x {shape_text(x)} has {channels} on "
                f"axis {-self.dims - 1}{fits}"
            )
        _check_shared(self.name, w, self.groups)
        windows = sliding(self.name, x, w[2:], self._each("stride", self.stride, 1), self._pads(w[2:]), self._dilation)
        return Correlation(samples, self.groups, w[0], channels, windows)


@dataclass(frozen=True)
class Transposed(Convolving):
    """y[…, o, i·stride + k·dilation − padding] += w[c, o, k] · x[…, c, i], + b[o]: what a convolution's gradient does.

    w is (C, O / groups, …), b (O,). output_padding adds places behind the last, of all lengths a convolution would
    make x of."""

    notation = "{1} ∗ᵀ {0} + {2}"
    label = "transposed convolution"
    roles = (COARSE, FINE)

    output_padding: int | tuple[int, ...] = 0
    groups: int = 1
    dilation: int | tuple[int, ...] = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_groups()
        self._each("output_padding", self.output_padding, 0)
        if isinstance(self.padding, str):
            raise OpError(f"{self.name}: padding is whole numbers, not {self.padding!r}")

    def correlation(self, x: Shape, w: Shape) -> Correlation:
        samples, channels = x[:2]
        if channels != w[0]:
            raise OpError(
                f"{self.name}: w {shape_text(w)} takes {w[0]} channels, but x {shape_text(x)} has {channels} on axis "
                f"{-self.dims - 1}; w is (C, O / groups, …) here"
            )
        _check_shared(self.name, w, self.groups)
        strides, more = self._each("stride", self.stride, 1), self._each("output_padding", self.output_padding, 0)
        windows = []
        for count, size, stride, (before, behind), dilation, extra in zip(
            x[2:], w[2:], strides, self._pads(w[2:]), self._dilation, more, strict=True
        ):
            if extra >= max(stride, dilation):
                raise OpError(
                    f"{self.name}: output_padding is less than the stride or the dilation, {max(stride, dilation)}, "
                    f"not {extra}"
                )
            extent = (count - 1) * stride - before - behind + dilation * (size - 1) + extra + 1
            if extent < 1:
                raise OpError(
                    f"{self.name}: nothing is left of x {shape_text(x)} under w {shape_text(w)} with padding "
                    f"{self.padding}"
                )
            windows.append(Window(extent, size, stride, before, dilation, count))
        return Correlation(samples, self.groups, channels, w[1] * self.groups, tuple(windows))


def _check_shared(op: str, w: Shape, groups: int) -> None:
    if w[0] % groups:
        raise OpError(f"{op}: w {shape_text(w)} has {w[0]} on axis 0, which {groups} groups cannot share")


class Conv1d(Convolution):
    name = "conv1d"
    dims = 1


class Conv2d(Convolution):
    name = "conv2d"
    dims = 2


class Conv3d(Convolution):
    name = "conv3d"
    dims = 3


class ConvTranspose1d(Transposed):
    name = "conv_transpose1d"
    dims = 1


class ConvTranspose2d(Transposed):
    name = "conv_transpose2d"
    dims = 2


class ConvTranspose3d(Transposed):
    name = "conv_transpose3d"
    dims = 3
