"""Narrower types of numbers, held in wider ones: what rounding to them makes of a number, as PyTorch's casts do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from gradstep.engine.index import Array

#: The types by name, the narrowest first, and the distance from 1 to the next number.
EPS = {"bfloat16": 2.0**-7, "float16": 2.0**-10, "float32": 2.0**-23, "float64": 2.0**-52}
#: The smallest number of each with all its digits.
NORMAL = {"bfloat16": 2.0**-126, "float16": 2.0**-14, "float32": 2.0**-126, "float64": 2.0**-1022}
#: The largest number of each.
MOST = {
    "bfloat16": (2 - 2.0**-7) * 2.0**127,
    "float16": (2 - 2.0**-10) * 2.0**15,
    "float32": (2 - 2.0**-23) * 2.0**127,
    "float64": (2 - 2.0**-52) * 2.0**1023,
}


#: Up to here each type of a file holds all whole numbers; beyond, the one has only every second, fourth, … of them.
WHOLE_UP_TO = {"float32": 1 << 24, "float64": 1 << 53}


def unheld(numbers: Array, dtype: np.dtype[Any]) -> int | None:
    """The first of whole numbers, int64, that a type of a file does not hold; None where it holds them all."""
    most = WHOLE_UP_TO.get(dtype.name, 1 << 53)
    if not numbers.size or (numbers.min() >= -most and numbers.max() <= most):
        return None
    with np.errstate(all="ignore"):
        lost = np.flatnonzero(numbers.astype(dtype).astype(np.int64) != numbers)
    return int(numbers.reshape(-1)[lost[0]]) if len(lost) else None


def too_many_digits(number: int, dtype: np.dtype[Any]) -> str:
    """What is said of a whole number that a type of a file does not hold."""
    wider = '; write dtype = "float64" at its top' if dtype == np.float32 and abs(number) <= 1 << 53 else ""
    most = WHOLE_UP_TO.get(dtype.name, 1 << 53)
    return f"the file computes in {dtype.name}, which does not hold {number:,}: up to {most:,} it has all{wider}"


def rounded(x: Array, kind: str) -> Array:
    """The nearest numbers of a type, ties to even, in the dtype of x: as torch.Tensor.to, which goes from float64 to
    the two halves by way of float32. bfloat16 are the upper 16 bits of float32."""
    if kind == "float64":
        return x.copy()
    with np.errstate(all="ignore"):
        single = np.asarray(x, dtype=np.float32)
        if kind == "float16":
            single = single.astype(np.float16)
        elif kind == "bfloat16":
            bits = single.view(np.uint32)
            even = (bits >> np.uint32(16)) & np.uint32(1)
            upper = (bits + (even + np.uint32(0x7FFF))) & np.uint32(0xFFFF0000)
            single = np.where(np.isnan(single), single, np.asarray(upper).view(np.float32))
        return np.asarray(single, dtype=x.dtype)


def joint(kinds: Iterable[str]) -> str:
    """The type of what is computed from numbers of several: the widest; of both halves float32, as
    torch.result_type."""
    found = set(kinds)
    if found >= {"bfloat16", "float16"}:
        found.add("float32")
    return max(found, key=list(EPS).index)
