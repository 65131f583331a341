"""A function of single numbers over large arrays, a piece at a time: what it makes on its way stays near the
processor, and the memory for it is taken once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradstep.engine.index import Array

#: So many bytes of each array at a time: what is called for a piece has to be worth the call.
PIECE = 1 << 18


def in_pieces(of: Callable[..., None], *xs: Array, scratch: int = 0) -> Array:
    """A function of single numbers of arrays of one shape and dtype. `of` takes a piece of each, an array into which it
    writes what it makes of them, and `scratch` more of the same size."""
    first = xs[0]
    if first.dtype.char not in "fd":  # half precision, or long doubles
        near = np.float32 if first.dtype.itemsize < 4 else np.float64
        return in_pieces(of, *(x.astype(near) for x in xs), scratch=scratch).astype(first.dtype)
    found = np.empty(first.shape, first.dtype)
    flat, size, step = [*(x.reshape(-1) for x in xs), found.reshape(-1)], first.size, PIECE // first.itemsize
    spare = [part[: min(size, step)] for part in _spare(scratch, first.dtype)] if scratch else []
    for start in range(0, size, step):
        stop = start + step
        if stop > size:
            stop, spare = size, [part[: size - start] for part in spare]
        of(*(x[start:stop] for x in flat), *spare)
    return found


_KEPT = threading.local()


def _spare(count: int, dtype: np.dtype[Any]) -> list[Array]:
    """So many arrays of a piece, kept for the next time: fresh memory costs as much as what is done with it. Each
    thread has its own."""
    kept: list[Array] = _KEPT.__dict__.setdefault(dtype.char, [])
    while len(kept) < count:
        kept.append(np.empty(PIECE // dtype.itemsize, dtype))
    return kept[:count]


def horner(powers: Sequence[Any], at: Array, out: Array) -> None:
    """A polynomial by Horner's scheme, its coefficients from the highest power on, at least three: as arrays without
    axes, which NumPy need not convert again and again."""
    np.multiply(at, powers[0], out)
    for power in powers[1:-1]:
        np.add(out, power, out)
        np.multiply(out, at, out)
    np.add(out, powers[-1], out)
