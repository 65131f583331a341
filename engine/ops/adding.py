"""Numbers added up in the places of an array that others say, several of them in one too: quicker than `np.add.at`."""

from __future__ import annotations

import numpy as np

from gradstep.engine.index import Array, Indices


def spread(sources: Indices, parts: Array, flow: Array) -> Array:
    """`flow`, zeros, with a part added to each of the `sources`; the parts themselves where these are all in their
    order."""
    if len(sources) == len(flow) and np.array_equal(sources, np.arange(len(flow))):
        return parts
    np.add.at(flow, sources, parts)
    return flow


def add_along(y: Array, ids: Indices, parts: Array, axis: int) -> bool:
    """Adds to the parts of y along an axis that `ids` has those of another array, one after the other; False where
    they are too small to be worth a call, or lie element by element among others."""
    rows, flows = np.moveaxis(y, axis, 0), np.moveaxis(parts, axis, 0)
    if rows[:1].size < _BROAD or axis == y.ndim - 1:
        return False
    ids = ids.reshape(-1)
    first = np.flatnonzero(np.concatenate([[True], ids[1:] != ids[:-1]])) if len(ids) else ids
    if 2 * len(first) <= len(ids) and (ids[1:] >= ids[:-1]).all():  # those for one place lie beside each other
        rows[ids[first]] += np.add.reduceat(flows, first, axis=0)
        return True
    for at, part in zip(ids.tolist(), flows, strict=True):
        np.add(rows[at], part, out=rows[at])
    return True


#: From so many numbers on a part is worth a call.
_BROAD = 64
