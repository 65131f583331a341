"""Of which type numbers are, and of which what is made of them: the rules of torch.result_type.

https://pytorch.org/docs/stable/tensor_attributes.html#type-promotion-doc
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.precision import EPS, joint, rounded

#: The types of truths and of whole numbers, the narrowest first.
WHOLE = ("bool", "uint8", "int8", "int16", "int32", "int64")
#: All types of numbers.
KINDS = (*WHOLE, *EPS)


class Category(IntEnum):
    """What kinds of types there are, each of which holds the one before it."""

    TRUTH = 0
    WHOLE = 1
    REAL = 2


def category(kind: str) -> Category:
    """What kind of type it is."""
    return Category.TRUTH if kind == "bool" else Category.WHOLE if kind in WHOLE else Category.REAL


def is_whole(kind: str) -> bool:
    """Whether it is a type of whole numbers, or that of truths; these take no gradient."""
    return kind in WHOLE


def promoted(kinds: Iterable[str]) -> str:
    """The smallest type that holds those of several, as torch.promote_types; empty of none."""
    found = list(kinds)
    most = max(map(category, found), default=None)
    if most is None or most is Category.TRUTH:
        return found[0] if found else ""
    same = [kind for kind in found if category(kind) is most]
    if most is Category.REAL:
        return joint(same)
    widest = max(same, key=WHOLE.index)
    return "int16" if {"uint8", "int8"} >= set(same) and len(set(same)) == 2 else widest


def result(arrays: Iterable[str], single: Iterable[str], numbers: Iterable[str]) -> str:
    """The type of what is made of arrays with axes, of arrays without, and of numbers of a formula: what comes later
    counts only where its category is a higher one, as torch.result_type."""
    found = ""
    for kinds in (numbers, single, arrays):
        found = _combined(promoted(kinds), found)
    return found


def _combined(higher: str, lower: str) -> str:
    if not higher or not lower:
        return higher or lower
    if category(higher) is Category.REAL:
        return higher
    if category(higher) is Category.TRUTH or category(lower) is Category.REAL:
        return promoted((higher, lower))
    return higher


def held(x: Array, kind: str) -> Array:
    """Numbers as a type holds them, in the dtype of x: the nearest ones, see `rounded`; of whole ones what is before
    the point, and what is too large comes round again; of truths 1 and 0."""
    if kind == "bool":
        return np.asarray(x != 0, dtype=x.dtype)
    if kind not in WHOLE:
        return rounded(x, kind)
    with np.errstate(all="ignore"):
        return np.asarray(x.astype(np.int64).astype(kind), dtype=x.dtype)
