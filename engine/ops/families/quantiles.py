"""Quantiles: what so large a share of the elements lies below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.notation import brief
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.joining import Stack
from gradstep.engine.ops.rowwise import Fold
from gradstep.engine.ops.shapes import is_number

_WAYS = ("linear", "lower", "higher", "midpoint", "nearest")


@dataclass(frozen=True)
class Quantile(Fold):
    """Of n elements in order the one at place q (n − 1), q from 0 to 1; between two of them it is in between."""

    name = "quantile_of"
    notation = "quantile {0}"
    weighs = True
    slopes = ("its share of the two that it lies between",)
    kink = "of equal ones those share the gradient that stand in the middle of the order"
    edge = "where one is NaN it is NaN, unless NaN are skipped"
    of_none = False
    label = "quantile"

    q: float = 0.5
    interpolation: str = "linear"
    skip_nan: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_number(self.q) or not 0 <= self.q <= 1:
            raise OpError(f"quantile: q is a number from 0 to 1, not {self.q!r}")
        if self.interpolation not in _WAYS:
            raise OpError(
                f"quantile: interpolation is one of {', '.join(map(repr, _WAYS))}, not {self.interpolation!r}"
            )

    def _ends(self, x: Array) -> tuple[Array, Array, Array]:
        """Of each group the places in x of the two that it lies between, and the share of the second."""
        order, missing = np.argsort(x, axis=-1, kind="stable"), np.isnan(x)
        count = np.count_nonzero(~missing, axis=-1, keepdims=True)
        rank = np.asarray(self.q * np.maximum(count - 1, 0).astype(x.dtype), dtype=x.dtype)
        if not self.skip_nan:
            rank = np.where(count < x.shape[-1], x.dtype.type(x.shape[-1] - 1), rank)
        low, high = np.floor(rank), np.ceil(rank)
        share = rank - low
        if self.interpolation == "midpoint":
            share = np.where(low == high, 0, x.dtype.type(0.5))
        elif self.interpolation != "linear":
            low = {"lower": low, "higher": high, "nearest": np.round(rank)}[self.interpolation]
            high, share = low, np.zeros_like(rank)
        at = [np.take_along_axis(order, end.astype(np.intp), -1) for end in (low, high)]
        return at[0], at[1], np.asarray(share, dtype=x.dtype)

    def value(self, x: Array) -> Array:
        low, high, share = self._ends(x)
        a, b = (np.take_along_axis(x, at, -1) for at in (low, high))
        return np.asarray(np.where(share == 0, a, a + (b - a) * share))[..., 0]

    def derivatives(self, x: Array, y: Array) -> Array:
        low, high, share = self._ends(x)
        found = np.zeros_like(x)
        np.put_along_axis(found, high, share, -1)
        np.put_along_axis(found, low, np.take_along_axis(found, low, -1) + 1 - share, -1)
        return np.where(low == high, (np.arange(x.shape[-1]) == low).astype(x.dtype), found)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        y = self.forward(xs)
        return brief(float(self.vjp(0, np.ones_like(y), y, xs).item(at)), 12)


def _quantiles(x: Given, q: float | tuple[float, ...], axis: int | None, keepdims: bool, how: str, skip: bool) -> Plan:
    if q == ():
        raise OpError("quantile: q names at least one share")
    each: list[Plan] = [
        (Quantile(axis, keepdims, one, how, skip), [x]) for one in (q if isinstance(q, tuple) else (q,))
    ]
    return (Stack(0), each) if isinstance(q, tuple) else each[0]


@composite()
def quantile(
    x: Given,
    *,
    q: float | tuple[float, ...] = 0.5,
    axis: int | None = None,
    keepdims: bool = False,
    interpolation: str = "linear",
) -> Plan:
    """What a share q of the elements lies below, of all or along an axis; several shares stand on a new axis 0."""
    return _quantiles(x, q, axis, keepdims, interpolation, False)


@composite()
def nanquantile(
    x: Given,
    *,
    q: float | tuple[float, ...] = 0.5,
    axis: int | None = None,
    keepdims: bool = False,
    interpolation: str = "linear",
) -> Plan:
    """The same of the elements that are numbers."""
    return _quantiles(x, q, axis, keepdims, interpolation, True)
