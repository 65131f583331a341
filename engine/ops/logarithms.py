"""Logarithms of sums of powers, in the form that does not overflow, of arrays of any precision."""

from __future__ import annotations

from math import log

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.single import log1p


def softplus(x: Array) -> Array:
    """ln(1 + exp(x))."""
    found = np.asarray(np.abs(x))
    np.negative(found, out=found)
    np.exp(found, out=found)
    found = log1p(found)
    found += np.maximum(x, 0)
    return found


def log_sigmoid(x: Array) -> Array:
    """−ln(1 + exp(−x))."""
    found = softplus(np.asarray(np.negative(x)))
    return np.asarray(np.negative(found, out=found))


def log_sum(a: Array, b: Array, twos: bool = False) -> Array:
    """ln(exp(a) + exp(b)), or with `twos` log₂(2ᵃ + 2ᵇ), of a and b of one dtype: `np.logaddexp` by functions that take
    many numbers at a time."""
    found = np.asarray(a - b)
    np.abs(found, out=found)
    np.negative(found, out=found)
    (np.exp2 if twos else np.exp)(found, out=found)
    found = log1p(found)
    if twos:
        found *= found.dtype.type(1 / log(2))
    found += np.maximum(a, b)
    if not np.isfinite(found.sum()):
        lost = np.isnan(found)  # ∞ − ∞ is no number, where the two are equal
        same = lost & (a == b)
        found[same] = np.broadcast_to(a, found.shape)[same]
    return found
