"""Which places of an axis read which elements, as slices where they are evenly spaced: NumPy copies and adds these many
times as quickly as what is listed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gradstep.engine.index import Array, Indices

Part = slice | Indices


class Tap(NamedTuple):
    """What some places of an axis read, one element each, times a weight where there is one; whether it is the first
    that they read."""

    places: Part
    elements: Part
    weight: Array | None
    first: bool

    @property
    def even(self) -> bool:
        """Whether both are slices."""
        return isinstance(self.places, slice) and isinstance(self.elements, slice)


#: So many pieces are still few.
_PIECES = 8


def pieces(places: Indices, elements: Indices) -> list[slice]:
    """Which of the places read evenly spaced elements, beginning at each or at each second or third of them, if a few
    pieces are all; else all of them."""
    best = [slice(0, len(places), 1)]
    if isinstance(evenly_spaced(elements), slice) and isinstance(evenly_spaced(places), slice):
        return best
    for period in range(1, 5):
        found: list[slice] = []
        for phase in range(period):
            start = phase
            while start < len(places) and len(found) < _PIECES:
                stop = start + _evenly(places[start::period], elements[start::period]) * period
                found.append(slice(start, min(stop, len(places)), period))
                start = stop
        if len(found) < _PIECES and (len(best) == 1 or len(found) < len(best)):
            best = found
    return best


def _evenly(places: Indices, elements: Indices) -> int:
    """How many from the first on are evenly spaced, in both."""
    if len(places) < 2:
        return 1
    by, to = np.diff(places), np.diff(elements)
    if to[0] == 0:
        return 1
    off = np.flatnonzero((by != by[0]) | (to != to[0]))
    return int(off[0]) + 1 if len(off) else len(places)


def evenly_spaced(index: Indices) -> Part:
    """An index as a slice, where it is evenly spaced."""
    if len(index) == 1:
        return slice(int(index[0]), int(index[0]) + 1)
    by = int(index[1] - index[0])
    if not by or (np.diff(index) != by).any():
        return index
    end = int(index[-1]) + (1 if by > 0 else -1)
    return slice(int(index[0]), end if end >= 0 else None, by)


def length(part: Part) -> int:
    if not isinstance(part, slice):
        return len(part)
    return len(range(part.start, -1 if part.stop is None else part.stop, part.step or 1))
