"""Where elements are in the order of their size, along an axis."""

from __future__ import annotations

from math import prod

import numpy as np

from gradstep.engine.index import Array, Indices


def _apart(x: Array, axis: int) -> Array:
    """The array with three axes: what is before one axis, that axis, and what is behind it. NumPy sorts no more than
    32 axes, and finds no places in 64."""
    return x.reshape(prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :]))


def ordered(x: Array, axis: int, descending: bool) -> Indices:
    """The places of elements along an axis in order; equal ones in that in which they stand, NaN as the largest."""
    apart = _apart(x, axis)
    if not descending:
        return np.argsort(apart, axis=1, kind="stable").reshape(x.shape)
    back = np.flip(apart, 1)
    return np.asarray(np.flip(x.shape[axis] - 1 - np.argsort(back, axis=1, kind="stable"), 1).reshape(x.shape))


def running(x: Array, axis: int, best: np.ufunc) -> Indices:
    """Where the best element up to each is, along an axis; of equal ones the last, and of NaN the last."""
    there = best.accumulate(x, axis=axis)
    wide = tuple(-1 if a == axis else 1 for a in range(x.ndim))
    mine = np.where((x == there) | np.isnan(x), np.arange(x.shape[axis]).reshape(wide), 0)
    return np.asarray(np.maximum.accumulate(mine, axis=axis))


def middle(x: Array, axis: int, skip_nan: bool) -> Indices:
    """Where the median is, of an even number the smaller of two; a NaN if there is one, unless those are skipped. The
    axis stays with length 1."""
    apart = _apart(x, axis)
    count = np.count_nonzero(~np.isnan(apart), axis=1, keepdims=True)
    there = np.maximum(count - 1, 0) // 2
    if not skip_nan:
        there = np.where(count < x.shape[axis], count, there)
    return np.take_along_axis(ordered(apart, 1, False), there, 1).reshape(*x.shape[:axis], 1, *x.shape[axis + 1 :])


def most_frequent(x: Array, axis: int) -> Indices:
    """Where the number is that is there most often, of several the smallest; of equal ones the last. The axis stays
    with length 1."""
    apart = _apart(x, axis)
    order = ordered(apart, 1, False)
    there = np.moveaxis(np.take_along_axis(apart, order, 1), 1, -1)
    length = np.ones(there.shape, np.intp)
    for k in range(1, there.shape[-1]):
        length[..., k] = np.where(there[..., k] == there[..., k - 1], length[..., k - 1] + 1, 1)
    best = np.moveaxis(np.argmax(length, axis=-1, keepdims=True), -1, 1)
    return np.take_along_axis(order, best, 1).reshape(*x.shape[:axis], 1, *x.shape[axis + 1 :])
