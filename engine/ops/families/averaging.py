"""Pooling by the mean, along one, two or three axes; and by a norm, which is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, unravel
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.families.activation import Relu
from gradstep.engine.ops.families.arithmetic import Multiply, Power
from gradstep.engine.ops.families.pooling import Adaptive, Pool, spans
from gradstep.engine.ops.op import REGISTRY
from gradstep.engine.ops.reach import Reach, Weighing, check_table


class Mean(Weighing):
    """The mean under the window."""

    notation = "mean over windows of {0}"
    each = "Σ{over} {each}/n"
    slopes = ("1/n under the window of n",)
    label = "average pooling"

    def divisor(self, shapes: Sequence[Shape], at: int = 0) -> int:
        reaches = self.reached(tuple(shapes[0]))
        y = self.shape(shapes)
        if not prod(y):
            return 1
        index = unravel(at, y)[len(y) - len(reaches) :]
        share = prod(float(reach.scale[i]) for reach, i in zip(reaches, index, strict=True) if reach.scale is not None)
        return round(1 / share)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "1/n"


@dataclass(frozen=True)
class AvgPool(Mean, Pool):
    """The mean under a sliding window, padding counted in as zeros unless it is said otherwise."""

    ceil_mode: bool = False
    count_include_pad: bool = True
    divisor_override: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.count_include_pad) is not bool:
            raise OpError(f"{self.name}: count_include_pad is True or False, not {self.count_include_pad!r}")
        if self.divisor_override is not None and (type(self.divisor_override) is not int or not self.divisor_override):
            raise OpError(
                f"{self.name}: divisor_override is a whole number other than 0, not {self.divisor_override!r}"
            )

    def reaches(self, x: Shape) -> tuple[Reach, ...]:
        found = []
        for number, window in enumerate(self.windows(x)):
            check_table(window.places, window.size)
            starts = np.arange(window.places) * window.stride - window.before
            ends = np.minimum(starts + window.size, window.extent + window.before)
            if not self.count_include_pad:
                starts, ends = np.maximum(starts, 0), np.minimum(ends, window.extent)
            counts = ends - starts
            if self.divisor_override is not None:
                counts = np.full(window.places, 1 if number else self.divisor_override)
            found.append(Reach.sliding(window, 1 / np.where(counts == 0, 1, counts)))
        return tuple(found)


class AvgPool1d(AvgPool):
    name = "avg_pool1d"
    dims = 1


class AvgPool2d(AvgPool):
    name = "avg_pool2d"
    dims = 2


class AvgPool3d(AvgPool):
    name = "avg_pool3d"
    dims = 3


class AdaptiveAvgPool(Mean, Adaptive):
    """The mean of each share."""

    def reaches(self, x: Shape) -> tuple[Reach, ...]:
        return tuple(
            spans(extent, starts, ends, 1 / np.maximum(ends - starts, 1)) for extent, starts, ends in self.parts(x)
        )


class AdaptiveAvgPool1d(AdaptiveAvgPool):
    name = "adaptive_avg_pool1d"
    dims = 1


class AdaptiveAvgPool2d(AdaptiveAvgPool):
    name = "adaptive_avg_pool2d"
    dims = 2


class AdaptiveAvgPool3d(AdaptiveAvgPool):
    name = "adaptive_avg_pool3d"
    dims = 3


def _normed(name: str, pool: type[AvgPool], x: Given, p: float, size: Any, stride: Any, ceil_mode: bool) -> Plan:
    """As torch.nn.functional.lp_pool2d has it: a mean of p-th powers, times their number, and the p-th root."""
    if not p:
        raise OpError(f"{name}: norm_type is a number other than 0")
    try:
        averaged = pool(size, stride, 0, ceil_mode)
    except OpError as error:
        raise OpError(str(error).replace(pool.name, name, 1)) from None
    means: Plan = Part("means", (averaged, [(Power(), [x, float(p)])]))
    signed: Plan = (Multiply(), [(REGISTRY["sign"](), [means]), (Relu(), [(REGISTRY["abs"](), [means])])])
    return (Power(), [(Multiply(), [signed, float(prod(averaged.sizes()[0]))]), 1 / p])


@composite()
def lp_pool1d(
    x: Given,
    *,
    norm_type: float = 2.0,
    kernel_size: int | tuple[int, ...] = 2,
    stride: int | tuple[int, ...] | None = None,
    ceil_mode: bool = False,
) -> Plan:
    """(Σ xᵖ)^(1/p) under a sliding window."""
    return _normed("lp_pool1d", AvgPool1d, x, norm_type, kernel_size, stride, ceil_mode)


@composite()
def lp_pool2d(
    x: Given,
    *,
    norm_type: float = 2.0,
    kernel_size: int | tuple[int, ...] = 2,
    stride: int | tuple[int, ...] | None = None,
    ceil_mode: bool = False,
) -> Plan:
    """(Σ xᵖ)^(1/p) under a sliding window."""
    return _normed("lp_pool2d", AvgPool2d, x, norm_type, kernel_size, stride, ceil_mode)


@composite()
def lp_pool3d(
    x: Given,
    *,
    norm_type: float = 2.0,
    kernel_size: int | tuple[int, ...] = 2,
    stride: int | tuple[int, ...] | None = None,
    ceil_mode: bool = False,
) -> Plan:
    """(Σ xᵖ)^(1/p) under a sliding window."""
    return _normed("lp_pool3d", AvgPool3d, x, norm_type, kernel_size, stride, ceil_mode)
