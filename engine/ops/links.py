"""What feeds one element, and whom one element feeds: rows and columns of a Jacobian.

Only structural non-zeros are listed, piece by piece, so that a sum of a million terms is asked for term by term.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import NamedTuple, Protocol

import numpy as np

from gradstep.engine.index import Array, Elements, Indices


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """One row or one column of an operation's Jacobian, structural zeros left out.

    `grid` are the elements at the other end: inputs of `slot` for a row, outputs for a column.
    `local(start, stop)` gives ∂y/∂x for links start to stop, shape (stop - start,). Where that
    is simply an element of another input, `factor` says which: its slot and its elements.
    """

    slot: int
    grid: Elements
    local: Callable[[int, int], Array]
    factor: tuple[int, Elements] | None = None


class Columns(NamedTuple):
    """Several columns of a Jacobian laid out one after the other: entry k says that the input element
    number `owner[k]` of those asked for feeds output `out[k]` with derivative `local[k]`. `factor`
    is the slot that supplies the derivatives, None where none does. Shapes (entries,)."""

    owner: Indices
    out: Indices
    local: Array
    factor: int | None


def none(like: Array) -> Callable[[int, int], Array]:
    """Local derivatives that are all 0."""
    return lambda start, stop: np.zeros(stop - start, dtype=like.dtype)


def ones(like: Array) -> Callable[[int, int], Array]:
    """Local derivatives that are all 1."""
    return lambda start, stop: np.ones(stop - start, dtype=like.dtype)


def finite(x: Array) -> bool:
    """Whether all elements are surely finite, in half the time of a sum: squares that are too large are not."""
    return isfinite(np.vdot(x, x))


class Beyond(Protocol):
    """What comes through a slot where not all of the product of a gradient and a local derivative is finite."""

    def __call__(self, slot: int, g: Array, local: Array, found: Array, /) -> Array: ...


def product(g: Array, local: Array, shuts: bool = False, beyond: Beyond | None = None, slot: int = 0) -> Array:
    """What comes through a slot where the gradient `g` arrives and the local derivative is `local`: their product. What
    `shuts` lets nothing through where that is 0, and 0 × NaN is 0 there; else it is as is said `beyond`."""
    found = g * local
    if shuts and not finite(found):
        found = np.where(local == 0, found.dtype.type(0), found)
    if beyond is not None and not finite(found):
        found = beyond(slot, g, local, found)
    return np.asarray(found)


def multiply(g: Array, local: Array, flow: Array, shuts: bool = False) -> None:
    """The same, into an array of their shape."""
    np.multiply(g, local, flow)
    if shuts and not finite(flow):
        np.copyto(flow, 0, where=np.broadcast_to(local == 0, flow.shape))


def parted(slot: int, g: Array, local: Array, found: Array) -> Array:
    """Of what is made of two parts, through both of which the gradient comes: an infinite one is ∞ − ∞."""
    return np.asarray(np.where(np.isinf(g), found.dtype.type(np.nan), found))


def masked(slot: int, g: Array, local: Array, found: Array) -> Array:
    """Of what lets nothing through where its slope is 0, and is no gate where it is −0."""
    return np.asarray(np.where((local == 0) & ~np.signbit(local), found.dtype.type(0), found))
