"""Shapes that have to fit, and what is said where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape

#: So far from 0 an option may be that counts places: they are counted in 64 bits, and such numbers are multiplied.
FARTHEST = 2**31 - 1


def broadcast(shapes: Sequence[Shape], what: str) -> Shape:
    """The shape that `shapes` broadcast to, as NumPy does. Raises OpError naming the axis."""
    ndim = max((len(s) for s in shapes), default=0)
    padded = [(1,) * (ndim - len(s)) + tuple(s) for s in shapes]
    out = []
    for axis, lengths in enumerate(zip(*padded, strict=True)):
        wide = {n for n in lengths if n != 1}
        if len(wide) > 1:
            pair = " and ".join(map(shape_text, shapes))
            raise OpError(
                f"{what}: shapes {pair} do not broadcast: axis {axis - ndim} has "
                f"{' and '.join(map(str, sorted(wide)))}; lengths must be equal, or one of them 1"
            )
        out.append(wide.pop() if wide else 1)
    return tuple(out)


def shape_text(shape: Shape) -> str:
    """`(2, 3)`; a single number is `()`."""
    return str(tuple(shape))


def unbroadcast(g: Array, shape: Shape) -> Array:
    """The gradient of a value of `shape` that was broadcast to g's shape: a sum over the copies."""
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(a + extra for a, n in enumerate(shape) if n == 1 and g.shape[a + extra] != 1)
    return np.asarray(g.sum(axis=axes)).reshape(shape)


#: So many products are added up one after the other, before digits are felt that pairs of sums would keep.
_IN_A_ROW = 1 << 14


def unbroadcast_product(a: Array, b: Array, shape: Shape) -> Array:
    """`unbroadcast(a * b, shape)`, where it pays without an array of the products."""
    extra = a.ndim - len(shape)
    kept = [k for k in range(a.ndim) if k >= extra and (shape[k - extra] != 1 or a.shape[k] == 1)]
    many = a.size // max(prod(shape), 1)
    plain = a.shape == b.shape and a.dtype == b.dtype and a.dtype.char in "fd" and a.ndim <= 20
    # Along the last axis, where what is added up lies side by side; else NumPy's sum is the quicker one.
    if not plain or a.ndim - 1 in kept or not 4 < many <= _IN_A_ROW:
        return unbroadcast(np.multiply(a, b), shape)
    every = list(range(a.ndim))
    return np.asarray(np.einsum(a, every, b, every, kept)).reshape(shape)


def normal_axes(name: str, axis: int | tuple[int, ...] | None, ndim: int) -> tuple[int, ...]:
    """`axis` as a tuple of axes from 0 on; None means all. A single number has no axis, but as in PyTorch 0 and −1
    name what there is of it. Raises OpError."""
    listed = tuple(range(ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    most = max(ndim, 1)
    for one in listed:
        if not -most <= one < most:
            raise OpError(f"{name}: axis {one} is out of range for {ndim} axes")
    found = tuple(a % most for a in listed)
    if len(set(found)) != len(found):
        raise OpError(f"{name}: an axis is named twice in {axis!r}")
    return found if ndim else ()


def whole_numbers(what: str, x: Array, count: int) -> Array:
    """`x` as integers. Raises OpError, naming the first that is not a whole number from 0 to count − 1."""
    good = (x >= 0) & (x < count) & (x == np.floor(x))
    if not good.all():
        at = np.unravel_index(int(np.argmin(good)), x.shape)
        place = f"[{','.join(map(str, at))}]" if at else ""
        if not count:
            raise OpError(f"{what} have nothing to choose from")
        raise OpError(f"{what} are whole numbers from 0 to {count - 1}, but {place or 'it'} is {float(x[at]):g}")
    return x.astype(np.intp)


def counted_from_end(what: str, x: Array, count: int) -> Array:
    """`x` as integers from 0 to count − 1, of which those below 0 count from the end. Raises OpError, naming the first
    that is no such whole number."""
    if x.size and -count <= x.min() and x.max() < count:
        found = x.astype(np.intp)
        if (found == x).all():
            return np.where(found < 0, found + count, found) if x.min() < 0 else found
    bad = ~((x >= -count) & (x < count) & (x == np.floor(x)))
    if bad.any():
        at = np.unravel_index(int(np.argmax(bad)), x.shape)
        place = f"[{','.join(map(str, at))}]" if at else ""
        if not count:
            raise OpError(f"{what} have nothing to choose from")
        raise OpError(f"{what} are whole numbers from {-count} to {count - 1}, but {place or 'it'} is {float(x[at]):g}")
    found = x.astype(np.intp)
    return np.where(found < 0, found + count, found)


def check_numbers(op: str, **options: object) -> None:
    """Raises OpError for the first of the options that is no number."""
    for name, value in options.items():
        if not is_number(value):
            raise OpError(f"{op}: {name} is a number, not {value!r}")


def is_number(value: object) -> bool:
    """Whether an option is a number; True and False are none."""
    return type(value) in (int, float)


def listed(value: Any) -> tuple[int, ...]:
    """A whole number or several in brackets, as several. Raises TypeError for anything else."""
    found = value if isinstance(value, tuple) else (value,)
    if any(type(one) is not int for one in found):
        raise TypeError
    return found


def check_one(name: str, **given: object) -> None:
    """Raises OpError for an option that is no single whole number, or farther off than any place of an array."""
    for option, number in given.items():
        if type(number) is not int:
            raise OpError(f"{name}: {option} is a whole number, not {number!r}")
        if abs(number) > FARTHEST:
            raise OpError(f"{name}: {option} is at most {FARTHEST:,} from 0, not {number:,}")


def check_whole(op: str, **options: Any) -> None:
    """Raises OpError unless the options are whole numbers, or several in brackets."""
    for name, value in options.items():
        try:
            listed(value)
        except TypeError:
            raise OpError(f"{op}: {name} is a whole number, or several in brackets, not {value!r}") from None
