"""Narrower types of numbers, held in wider ones: what rounding to them makes of a number, as PyTorch's casts do."""

from __future__ import annotations

from collections.abc import Iterable

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
