"""Where elements are in the order of their size, along an axis."""

from __future__ import annotations

import numpy as np

from gradstep.engine.index import Array, Indices


def ordered(x: Array, axis: int, descending: bool) -> Indices:
    """The places of elements along an axis in order; equal ones in that in which they stand, NaN as the largest."""
    if not descending:
        return np.argsort(x, axis=axis, kind="stable")
    back = np.flip(x, axis)
    return np.flip(x.shape[axis] - 1 - np.argsort(back, axis=axis, kind="stable"), axis)


def running(x: Array, axis: int, best: np.ufunc) -> Indices:
    """Where the best element up to each is, along an axis; of equal ones the last, and of NaN the last."""
    there = best.accumulate(x, axis=axis)
    wide = tuple(-1 if a == axis else 1 for a in range(x.ndim))
    mine = np.where((x == there) | np.isnan(x), np.arange(x.shape[axis]).reshape(wide), 0)
    return np.asarray(np.maximum.accumulate(mine, axis=axis))


def middle(x: Array, axis: int, skip_nan: bool) -> Indices:
    """Where the median is, of an even number the smaller of two; a NaN if there is one, unless those are skipped. The
    axis stays with length 1."""
    count = np.count_nonzero(~np.isnan(x), axis=axis, keepdims=True)
    there = np.maximum(count - 1, 0) // 2
    if not skip_nan:
        there = np.where(count < x.shape[axis], count, there)
    return np.take_along_axis(ordered(x, axis, False), there, axis)


def most_frequent(x: Array, axis: int) -> Indices:
    """Where the number is that is there most often, of several the smallest; of equal ones the last. The axis stays
    with length 1."""
    order = ordered(x, axis, False)
    there = np.moveaxis(np.take_along_axis(x, order, axis), axis, -1)
    length = np.ones(there.shape, np.intp)
    for k in range(1, there.shape[-1]):
        length[..., k] = np.where(there[..., k] == there[..., k - 1], length[..., k - 1] + 1, 1)
    best = np.moveaxis(np.argmax(length, axis=-1, keepdims=True), -1, axis)
    return np.take_along_axis(order, best, axis)
