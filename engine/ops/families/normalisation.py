"""Normalisation: of a group of elements, and the layers that are made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.ops.shapes import normal_axes


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
