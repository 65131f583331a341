"""Images and sequences in another size: between their elements, or with channels in the place of pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Indices, Shape
from gradstep.engine.notation import brief
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.pooling import spans
from gradstep.engine.ops.families.shape import Reshape, Transpose
from gradstep.engine.ops.reach import Reach, Weighing, places_of
from gradstep.engine.ops.shapes import is_number, shape_text

#: Along how many axes each mode goes, where that is fixed, as PyTorch has it.
_MODES = {
    "nearest": 0,
    "nearest-exact": 0,
    "area": 0,
    "linear": 1,
    "bilinear": 2,
    "trilinear": 3,
    "bicubic": 2,
}
#: The slope of the cubic that is fitted through four elements (Keys, 1981), and where it is smoothed.
_CUBIC, _SMOOTH_CUBIC = -0.75, -0.5


@dataclass(frozen=True)
class Interpolate(Weighing):
    """x (N, C, …) in another size along all axes from the third on: each output is the nearest element, or a weighted
    sum of those around its place."""

    name = "interpolate"
    notation = "{0} in another size"
    slopes = ("the weight of each element around its place",)
    label = "interpolation"

    size: int | tuple[int, ...] | None = None
    scale_factor: float | tuple[float, ...] | None = None
    mode: str = "nearest"
    align_corners: bool | None = None
    recompute_scale_factor: bool | None = None
    antialias: bool = False

    def __post_init__(self) -> None:
        if self.mode not in _MODES:
            raise OpError(f"interpolate: mode is one of {', '.join(_MODES)}, not {self.mode!r}")
        if self.size is not None and self.scale_factor is not None:
            raise OpError("interpolate: either size or scale_factor says how large it becomes, not both")
        for name in ("align_corners", "recompute_scale_factor", "antialias"):
            if getattr(self, name) not in (None, True, False):
                raise OpError(f"interpolate: {name} is True or False, not {getattr(self, name)!r}")
        if self.align_corners is not None and not _MODES[self.mode]:
            raise OpError(
                f"interpolate: align_corners is for linear, bilinear, bicubic and trilinear, not {self.mode!r}"
            )
        if self.recompute_scale_factor and self.scale_factor is None:
            raise OpError("interpolate: recompute_scale_factor is for scale_factor; size says how large it becomes")
        if self.antialias and self.mode not in ("bilinear", "bicubic"):
            raise OpError(f"interpolate: antialias is for bilinear and bicubic, not {self.mode!r}")
        wanted: Any = self.size if self.scale_factor is None else self.scale_factor
        for one in () if wanted is None else wanted if isinstance(wanted, tuple) else (wanted,):
            if self.scale_factor is None and (type(one) is not int or one < 1):
                raise OpError(f"interpolate: size is a whole number from 1 on, or one for each axis, not {self.size!r}")
            if self.scale_factor is not None and (not is_number(one) or not one > 0):
                raise OpError(
                    f"interpolate: scale_factor is a number above 0, or one for each axis, not {self.scale_factor!r}"
                )

    def _each(self, name: str, dims: int) -> tuple[Any, ...]:
        value = getattr(self, name)
        found = value if isinstance(value, tuple) else (value,) * dims
        if len(found) != dims:
            raise OpError(f"interpolate: {name} has {len(found)} numbers, but there are {dims} axes to resize")
        return found

    def reaches(self, x: Shape) -> tuple[Reach, ...]:
        dims = len(x) - 2
        wanted = _MODES[self.mode]
        if dims < 1 or (wanted and dims != wanted):
            axes = {0: "…", 1: "L", 2: "H, W", 3: "D, H, W"}[wanted]
            raise OpError(f"interpolate: for {self.mode!r} x must be (N, C, {axes}), but it is {shape_text(x)}")
        if self.size is None and self.scale_factor is None:
            raise OpError("interpolate: size or scale_factor says how large it becomes")
        if 0 in x[2:]:
            raise OpError(f"interpolate: there is nothing to interpolate between in x {shape_text(x)}")
        factors: tuple[Any, ...] = (None,) * dims
        if self.scale_factor is None:
            counts = self._each("size", dims)
        else:
            factors = self._each("scale_factor", dims)
            counts = tuple(floor(min(extent * factor, 2.0**62)) for extent, factor in zip(x[2:], factors, strict=True))
            if 0 in counts:
                raise OpError(f"interpolate: nothing is left of x {shape_text(x)} times {self.scale_factor!r}")
        if self.recompute_scale_factor:
            factors = (None,) * dims
        return tuple(self._reach(n, count, f) for n, count, f in zip(x[2:], counts, factors, strict=True))

    def _reach(self, extent: int, count: int, factor: float | None) -> Reach:
        places = places_of("interpolate", 0, count)
        if self.mode == "area":
            starts, ends = places * extent // count, -(-(places + 1) * extent // count)
            return spans(extent, starts, ends, 1 / np.maximum(ends - starts, 1))
        scale = 1 / factor if factor else extent / count
        if self.mode.startswith("nearest"):
            # In single precision whatever the dtype, as PyTorch computes it: that decides which one is the nearest.
            at = (places + np.float32(0.5 if self.mode == "nearest-exact" else 0)).astype(np.float32) * np.float32(
                scale
            )
            return Reach(extent, np.minimum(np.floor(at).astype(np.intp), extent - 1)[:, None])
        if self.align_corners:
            scale = (extent - 1) / (count - 1) if count > 1 else 0.0
        if self.antialias:
            return _smoothed(extent, count, scale, _smooth_cubic if self.mode == "bicubic" else _triangle)
        at = places * scale if self.align_corners else (places + 0.5) * scale - 0.5
        if self.mode == "bicubic":
            first = np.floor(at).astype(np.intp)
            index = np.clip(first[:, None] + np.arange(-1, 3), 0, extent - 1)
            return _merged(extent, index, _cubic((at - first)[:, None] - np.arange(-1, 3), _CUBIC))
        at = np.maximum(at, 0)
        first = np.minimum(at.astype(np.intp), extent - 1)
        share = np.clip(at - first, 0, 1)
        index = np.stack([first, np.minimum(first + 1, extent - 1)], axis=1)
        return _merged(extent, index, np.stack([1 - share, share], axis=1))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return brief(float(self.column(0, at, self.forward(xs), xs).local(0, 1)[0]), 12)


def _merged(extent: int, index: Indices, weight: Array) -> Reach:
    """A reach in which no place reads an element twice: at the edges the last one stands for those beyond."""
    index, weight = index.copy(), weight.copy()
    for later in range(1, index.shape[1]):
        for earlier in range(later):
            same = (index[:, later] == index[:, earlier]) & (index[:, later] >= 0)
            weight[same, earlier] += weight[same, later]
            index[same, later] = -1
    return Reach(extent, index, weight)


def _smoothed(extent: int, count: int, scale: float, filtered: Callable[[Array], Array]) -> Reach:
    """With a filter as wide as what becomes one element: so that none of it is left out."""
    wide = 1.0 if filtered is _triangle else 2.0
    support, narrow = wide * max(scale, 1.0), 1 / max(scale, 1.0)
    middle = scale * (np.arange(count) + 0.5)
    starts = np.maximum((middle - support + 0.5).astype(np.intp), 0)
    ends = np.minimum((middle + support + 0.5).astype(np.intp), extent)
    found = spans(extent, starts, ends)
    there = found.index >= 0
    weight = np.where(there, filtered((found.index - middle[:, None] + 0.5) * narrow), 0)
    return Reach(extent, found.index, weight / weight.sum(axis=1, keepdims=True))


def _triangle(x: Array) -> Array:
    return np.asarray(np.maximum(1 - np.abs(x), 0))


def _smooth_cubic(x: Array) -> Array:
    return _cubic(x, _SMOOTH_CUBIC)


def _cubic(x: Array, a: float) -> Array:
    """The cubic convolution kernel of Keys, Cubic Convolution Interpolation (1981), equation 15."""
    x = np.abs(x)
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.asarray(np.where(x <= 1, near, np.where(x < 2, far, 0)))


def _image(name: str, x: Given) -> tuple[Shape, int, int, int]:
    if len(x.shape) < 3:
        raise OpError(f"{name}: x must be (…, C, H, W), but it is {shape_text(x.shape)}")
    channels, height, width = x.shape[-3:]
    return x.shape[:-3], channels, height, width


def _check_factor(name: str, option: str, factor: int) -> None:
    if factor < 1:
        raise OpError(f"{name}: {option} is a whole number from 1 on, not {factor}")


@composite(upscale_factor="factor")
def pixel_shuffle(x: Given, *, factor: int = 2) -> Plan:
    """(…, C · r², H, W) as (…, C, H · r, W · r): channels become pixels (Shi et al., CVPR 2016)."""
    _check_factor("pixel_shuffle", "factor", factor)
    lead, channels, height, width = _image("pixel_shuffle", x)
    if channels % factor**2:
        raise OpError(
            f"pixel_shuffle: x {shape_text(x.shape)} has {channels} channels, which {factor}² pixels do not share"
        )
    n, apart = len(lead), (*lead, channels // factor**2, factor, factor, height, width)
    order = (*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return (
        Reshape((*lead, channels // factor**2, height * factor, width * factor)),
        [(Transpose(order), [(Reshape(apart), [x])])],
    )


@composite(downscale_factor="factor")
def pixel_unshuffle(x: Given, *, factor: int = 2) -> Plan:
    """(…, C, H · r, W · r) as (…, C · r², H, W): the reverse of pixel_shuffle."""
    _check_factor("pixel_unshuffle", "factor", factor)
    lead, channels, height, width = _image("pixel_unshuffle", x)
    if height % factor or width % factor:
        raise OpError(f"pixel_unshuffle: the last two axes of x {shape_text(x.shape)} are no multiples of {factor}")
    n, apart = len(lead), (*lead, channels, height // factor, factor, width // factor, factor)
    order = (*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return (
        Reshape((*lead, channels * factor**2, height // factor, width // factor)),
        [(Transpose(order), [(Reshape(apart), [x])])],
    )


@composite()
def channel_shuffle(x: Given, *, groups: int = 2) -> Plan:
    """The channels (axis 1) of `groups` groups in turns (Zhang et al., CVPR 2018).

    So the next convolution in groups sees something of all of them."""
    _check_factor("channel_shuffle", "groups", groups)
    if len(x.shape) < 3 or x.shape[1] % groups:
        raise OpError(f"channel_shuffle: {groups} groups do not share axis 1 of x {shape_text(x.shape)}")
    samples, channels, *rest = x.shape
    apart: Plan = (Reshape((samples, groups, channels // groups, *rest)), [x])
    return (Reshape(x.shape), [(Transpose((0, 2, 1, *range(3, len(x.shape) + 1))), [apart])])
