"""How large arrays are. A recording tells it beside the numbers, so that of a large one not all are read for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.index import Array

#: Numbers that are squared at a time, so that no copy of a large array is made.
_PIECE = 1 << 20


class Known(NamedTuple):
    """An array of finite numbers: its norm, and where its largest number by size is (flat)."""

    array: Array
    norm: float
    at: int

    @property
    def peak(self) -> float:
        """The largest |number|."""
        return abs(float(self.array.item(self.at)))


def norm_of(array: Array) -> float:
    """‖array‖₂ of all its elements; NaN where one of them is, ∞ where one is infinite."""
    flat = array.reshape(-1)
    with np.errstate(all="ignore"):
        most = max(abs(float(flat.max())), abs(float(flat.min()))) if flat.size else 0.0
        if not most or not isfinite(most):
            return most
        # Scaled, so that squares neither overflow nor vanish.
        scale = flat.dtype.type(most) if flat.dtype.kind == "f" else most
        pieces = (flat[k : k + _PIECE] / scale for k in range(0, flat.size, _PIECE))
        return float(most * sum(float(np.dot(p, p)) for p in pieces) ** 0.5)


def largest_at(flat: Array) -> int:
    """Where the largest number by size is; the first that is NaN, where one is."""
    if not flat.size:
        return 0
    high, low = int(flat.argmax()), int(flat.argmin())
    return low if abs(float(flat[low])) > abs(float(flat[high])) else high


def sizes_of(arrays: Mapping[str, Array]) -> dict[str, list[float]]:
    """Of those arrays of which all numbers are finite, by their names: the norm, and where the largest number is."""
    found = {}
    for name, array in arrays.items():
        if array.dtype.kind == "f" and array.size and isfinite(norm := norm_of(array)):
            found[name] = [norm, largest_at(array.reshape(-1))]
    return found


def known(arrays: Mapping[str, Array], said: object) -> Iterator[tuple[int, Known]]:
    """What is said of arrays, by the identity of each; nothing where it cannot be."""
    sizes: Mapping[str, Any] = said if isinstance(said, dict) else {}
    for name, array in arrays.items():
        match sizes.get(name):
            case [float() as norm, int() as at] if isfinite(norm) and norm >= 0 and 0 <= at < array.size:
                yield id(array), Known(array, norm, at)
