"""The terms of one step: a sum laid out as a struct of arrays, one entry a term."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gradstep.engine.index import Array, Elements, Indices

#: Reads terms start to stop: (upstream or None, local or None, contribution), each (stop - start,).
Read = Callable[[int, int], tuple[Array | None, Array | None, Array]]


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """A run of terms that come through one operand of one node, not yet enumerated.

    `via` are elements of the value `via_value`: the node's outputs in the backward pass, its
    inputs in the forward pass. `factor` are elements of `factor_value` that supply the local
    factor, where it is some value's element (a weight) and not a slope.
    """

    node: int
    slot: int
    via_value: int
    via: Elements
    read: Read
    factor_value: int = -1
    factor: Elements | None = None

    @property
    def count(self) -> int:
        return self.via.size


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Terms number `start` to `start + len(via)` of a sum of `total`.

    All arrays have shape (listed,). contribution = upstream × local where those are given;
    `running` is the sum of all contributions up to and including each term, those before `start`
    counted in. upstream and local are NaN where a term is no product (a loss's summand).
    """

    total: int
    start: int
    segment: Indices
    via_value: Indices
    via: Indices
    factor_value: Indices
    factor: Indices
    upstream: Array
    local: Array
    contribution: Array
    running: Array

    def __len__(self) -> int:
        return len(self.via)


#: Sums up to this length are listed whole; longer ones through a window around the current term.
WINDOW = 2048


def total(segments: tuple[Segment, ...]) -> int:
    """How many terms there are, without enumerating one."""
    return sum(s.count for s in segments)


def enumerate_terms(segments: tuple[Segment, ...], dtype: np.dtype[np.floating], around: int = 0) -> Terms:
    """The terms of a sum, or a window of `WINDOW` of them that has term number `around` in it.

    Only the window is laid out; the sum before it is taken in pieces, so that a sum of a hundred
    million terms costs one pass over its numbers and no more memory than a short one.
    """
    count = total(segments)
    start = 0 if count <= WINDOW else max(0, min(around - WINDOW // 2, count - WINDOW))
    stop = min(count, start + WINDOW)
    before = dtype.type(0)
    parts: list[tuple[int, Segment, int, int]] = []
    offset = 0
    for number, segment in enumerate(segments):
        low, high = max(start - offset, 0), min(stop - offset, segment.count)
        for piece in range(0, min(low, segment.count), 1 << 16):
            with np.errstate(all="ignore"):
                before += segment.read(piece, min(piece + (1 << 16), low, segment.count))[2].sum()
        if low < high:
            parts.append((number, segment, low, high))
        offset += segment.count
    listed = stop - start
    segment_of, via_value, via, factor_value, factor = (np.full(listed, -1, dtype=np.intp) for _ in range(5))
    upstream, local, contribution = (np.full(listed, np.nan, dtype=dtype) for _ in range(3))
    here = 0
    for number, segment, low, high in parts:
        there = here + high - low
        up, loc, con = segment.read(low, high)
        segment_of[here:there] = number
        via_value[here:there] = segment.via_value
        via[here:there] = segment.via.take(low, high)
        if segment.factor is not None:
            factor_value[here:there] = segment.factor_value
            factor[here:there] = segment.factor.take(low, high)
        if up is not None:
            upstream[here:there] = up
        if loc is not None:
            local[here:there] = loc
        contribution[here:there] = con
        here = there
    with np.errstate(all="ignore"):
        running = np.cumsum(contribution, dtype=dtype)
        if start:
            running += before
    return Terms(count, start, segment_of, via_value, via, factor_value, factor, upstream, local, contribution, running)
