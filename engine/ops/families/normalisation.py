"""Normalisation: of a group of elements, and the layers that are made of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.precision import EPS
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
        if not x.size:
            return np.asarray(x.sum(axis=axes, keepdims=True))
        if axes == (x.ndim - 1,) and x.itemsize > 2:  # as a product with ones: adding up takes three times as long
            return np.asarray(np.divide(np.matmul(x, np.ones((x.shape[-1], 1), x.dtype)), x.dtype.type(x.shape[-1])))
        return np.asarray(x.mean(axis=axes, keepdims=True))

    def _mean_product(self, a: Array, b: Array) -> Array:
        """The mean of a · b over each group."""
        if a.size and a.itemsize > 2 and self.axes(a.ndim) == (a.ndim - 1,):
            found = np.einsum("...i,...i->...", a, b)[..., None]
            return np.asarray(np.divide(found, a.dtype.type(a.shape[-1])))
        return self._mean(a * b)

    def _flow(self, g: Array, y: Array, scale: Array, centre: Array | None, out: Array | None = None) -> Array:
        """(g − centre − y · mean(g y)) / scale, in an array that it may be written to."""
        flow = np.multiply(y, self._mean_product(g, y), out=out)
        np.subtract(g, flow, out=flow)
        if centre is not None:
            flow -= centre
        flow /= scale
        return flow


class Standardize(Normalising):
    """(x − μ) / √(σ² + ε) with the mean and the (biased) variance of the group."""

    name = "standardize"
    notation = "({0} − μ) / √(σ² + ε)"
    slopes = ("(δ − 1/n − y yⱼ / n) / √(σ² + ε), to every element of the group",)
    each = "({0} − mean{over} {each}) / √(var{over} {each} + ε)"
    label = "normalise"
    centres = True

    def forward(self, xs: Sequence[Array]) -> Array:
        centred = xs[0] - self._mean(xs[0])
        centred /= self._scale(centred)
        return centred

    def _scale(self, centred: Array) -> Array:
        return np.asarray(np.sqrt(self._mean_product(centred, centred) + self._eps(centred)))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        centred = xs[0] - self._mean(xs[0])
        return self._flow(g, y, self._scale(centred), self._mean(g), centred)

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
    by_type: ClassVar = {"eps": lambda kind: EPS["float32"]}  # PyTorch's kernel computes with halves in it

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0] / np.sqrt(self._mean_product(xs[0], xs[0]) + self._eps(xs[0])))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return self._flow(g, y, np.sqrt(self._mean_product(xs[0], xs[0]) + self._eps(y)), None)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return self.valued("(1 − {y}²) / √({0}² + ε)", xs[0].dtype)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        scale = np.sqrt(np.square(x).mean() + self._eps(x))
        return np.asarray(((k == j) - y[k] * y[j] / x.dtype.type(len(x))) / scale)
