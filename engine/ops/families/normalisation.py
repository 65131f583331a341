"""Normalisation: of a group of elements, and the layers that are made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.arithmetic import Add, Multiply
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.ops.shapes import normal_axes, shape_text


@dataclass(frozen=True)
class Normalising(Rowwise):
    """A group is what lies along `axis`, one or several."""

    normalises = True

    axis: int | tuple[int, ...] = -1
    eps: float | None = 1e-5

    def __post_init__(self) -> None:
        listed, eps = self.axis if isinstance(self.axis, tuple) else (self.axis,), 0 if self.eps is None else self.eps
        if not listed or any(type(a) is not int for a in listed) or type(eps) not in (int, float) or eps < 0:
            raise OpError(f"{self.name}: axis is a whole number or several in brackets, eps a number from 0 on")

    def axes(self, ndim: int) -> tuple[int, ...]:
        if ndim == 0:
            raise OpError(f"{self.name} works along an axis, but its input is a single number")
        return tuple(sorted(normal_axes(self.name, self.axis, ndim)))

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"ε": float(self._eps(np.empty(0, dtype)))}

    def _eps(self, x: Array) -> Any:
        """ε in x's precision; None is the distance there from 1 to the next number."""
        return x.dtype.type(np.finfo(x.dtype).eps if self.eps is None else self.eps)

    def _mean(self, x: Array) -> Array:
        axes = self.axes(x.ndim)
        # Without elements there is nothing to normalise, and NumPy would warn of their mean.
        return np.asarray(x.mean(axis=axes, keepdims=True) if x.size else x.sum(axis=axes, keepdims=True))


class Normalize(Normalising):
    """(x − μ) / √(σ² + ε) with the mean and the (biased) variance of the group."""

    name = "normalize"
    notation = "({0} − μ) / √(σ² + ε)"
    slopes = ("(δ − 1/n − y yⱼ / n) / √(σ² + ε), to every element of the group",)
    each = "({0} − mean{over} {each}) / √(var{over} {each} + ε)"
    label = "normalise"
    centres = True

    def forward(self, xs: Sequence[Array]) -> Array:
        centred = xs[0] - self._mean(xs[0])
        return np.asarray(centred / np.sqrt(self._mean(np.square(centred)) + self._eps(xs[0])))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        x = xs[0]
        scale = np.sqrt(self._mean(np.square(x - self._mean(x))) + self._eps(x))
        return np.asarray((g - self._mean(g) - y * self._mean(g * y)) / scale)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "0"  # of a group of one number

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        scale = np.sqrt(x.var() + self._eps(x))
        count = x.dtype.type(len(x))
        return np.asarray(((k == j) - (1 + y[k] * y[j]) / count) / scale)


@dataclass(frozen=True)
class RmsNormalize(Normalising):
    """x / √(mean x² + ε) over the group (Zhang and Sennrich, NeurIPS 2019)."""

    eps: float | None = None

    name = "rms_normalize"
    notation = "{0} / √(mean {0}² + ε)"
    slopes = ("(δ − y yⱼ / n) / √(mean {0}² + ε), to every element of the group",)
    each = "{0} / √(mean{over} {each}² + ε)"
    label = "RMS normalise"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0] / np.sqrt(self._mean(np.square(xs[0])) + self._eps(xs[0])))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        scale = np.sqrt(self._mean(np.square(xs[0])) + self._eps(y))
        return np.asarray((g - y * self._mean(g * y)) / scale)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return self.valued("(1 − {y}²) / √({0}² + ε)", xs[0].dtype)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        scale = np.sqrt(np.square(x).mean() + self._eps(x))
        return np.asarray(((k == j) - y[k] * y[j] / x.dtype.type(len(x))) / scale)


@composite(weight="gain")
def layer_norm(x: Given, gain: Given | None = None, bias: Given | None = None, *, eps: float = 1e-5) -> Plan:
    """(x − μ) / √(σ² + ε) over the last axis, then × gain + bias (Ba et al., 2016)."""
    return _scaled("layer_norm", Normalize(-1, eps), x, -1, gain, bias)


@composite(weight="gain")
def rms_norm(x: Given, gain: Given | None = None, *, eps: float | None = None) -> Plan:
    """x / √(mean x² + ε) over the last axis, then × gain (Zhang and Sennrich, 2019); ε is the dtype's unless said."""
    return _scaled("rms_norm", RmsNormalize(-1, eps), x, -1, gain, None)


@composite(weight="gain")
def batch_norm(x: Given, gain: Given | None = None, bias: Given | None = None, *, eps: float = 1e-5) -> Plan:
    """Each channel (axis 1) with the mean and variance of the batch, as in training (Ioffe and Szegedy, 2015)."""
    if len(x.shape) < 2:
        raise OpError(f"batch_norm: x must be (samples, channels, …), but it is {shape_text(x.shape)}")
    return _scaled("batch_norm", Normalize((0, *range(2, len(x.shape))), eps), x, 1, gain, bias)


def _scaled(name: str, op: Normalising, x: Given, axis: int, gain: Given | None, bias: Given | None) -> Plan:
    """x normalised, then times gain and plus bias, which have one number for each place along `axis`."""
    if not x.shape:
        raise OpError(f"{name} works along the last axis, but x is a single number")
    plan: Plan = (op, [x])
    for scaling, part in ((Multiply(), gain), (Add(), bias)):
        if part is None:
            continue
        if part.shape != (x.shape[axis],):
            along = f"one number for each place on axis {axis} of x {shape_text(x.shape)}"
            found = "it is a single number; an option is written by its name, as in eps=1e-5"
            if part.shape:
                found = f"it has shape {shape_text(part.shape)}"
            raise OpError(f"{name}: {part.slot} must have shape ({x.shape[axis]},), {along}, but {found}")
        wide: Plan = part
        if axis == 1 and len(x.shape) > 2:
            wide = (Reshape((x.shape[1], *(1 for _ in x.shape[2:]))), [part])
        plan = (scaling, [plan, wide])
    return plan
