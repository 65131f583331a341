"""The terms of one step: a sum laid out as a struct of arrays, one entry a term."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array, Elements, Indices, pieces
from gradstep.engine.ops.precision import rounded

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
    #: Where the sum of several segments is of a narrower type: that, and what the terms of this one come to in it.
    kind: str = ""
    whole: float = 0.0

    @property
    def count(self) -> int:
        return self.via.size

    def pieces(self, stop: int | None = None) -> Iterator[tuple[int, Array | None, Array | None, Array]]:
        """All terms, or those before number `stop`, a piece at a time: the number of its first, and what `read`
        gives of it."""
        for start, end in pieces(self.count if stop is None else min(stop, self.count)):
            yield start, *self.read(start, end)

    def target(self, number: int) -> Element:
        """The element that a term comes through."""
        return Element(self.via_value, int(self.via.take(number, number + 1)[0]))


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """Terms number `start` to `start + len(via)` of a sum of `total`.

    All arrays have shape (listed,). contribution = upstream × local where those are given;
    `running` is the sum of all contributions up to and including each term, those before `start`
    counted in; of a narrower type it is rounded with the last term of each segment. upstream and local are
    NaN where a term is no product (a loss's summand).
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
    listed = min(count - start, WINDOW)
    before, offset = dtype.type(0), -start
    segment_of, via_value, via, factor_value, factor = (np.full(listed, -1, dtype=np.intp) for _ in range(5))
    upstream, local, contribution = (np.full(listed, np.nan, dtype=dtype) for _ in range(3))
    for number, segment in enumerate(segments):
        low, high = max(-offset, 0), min(listed - offset, segment.count)
        for *_, passed in segment.pieces(low):
            with np.errstate(all="ignore"):
                before += passed.sum()
        if low < high:
            here = slice(offset + low, offset + high)
            up, loc, contribution[here] = segment.read(low, high)
            segment_of[here], via_value[here], via[here] = number, segment.via_value, segment.via.take(low, high)
            if segment.factor is not None:
                factor_value[here], factor[here] = segment.factor_value, segment.factor.take(low, high)
            upstream[here] = np.nan if up is None else up
            local[here] = np.nan if loc is None else loc
        offset += segment.count
    with np.errstate(all="ignore"):
        if any(segment.kind for segment in segments):
            running = _rounded(segments, contribution, start)
        else:
            running = np.cumsum(contribution, dtype=dtype)
            if start:
                running += before
    return Terms(count, start, segment_of, via_value, via, factor_value, factor, upstream, local, contribution, running)


def _rounded(segments: tuple[Segment, ...], contribution: Array, start: int) -> Array:
    """The running sums of a window that begins with term number `start`, of which each segment is rounded."""
    running, joined, offset = np.empty_like(contribution), contribution.dtype.type(0), -start
    for segment in segments:
        low, high = max(-offset, 0), min(len(contribution) - offset, segment.count)
        whole = rounded(joined + contribution.dtype.type(segment.whole), segment.kind)[()]
        if low < high:
            before = sum((passed.sum() for *_, passed in segment.pieces(low)), joined)
            running[offset + low : offset + high] = before + np.cumsum(contribution[offset + low : offset + high])
            if high == segment.count:
                running[offset + high - 1] = whole
        joined, offset = whole, offset + segment.count
    return running
