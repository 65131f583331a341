"""Arrays that are written out: a number, or nested lists of numbers."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from gradstep.engine.errors import GraphError
from gradstep.engine.files.arrays.leaf import Leaf, described
from gradstep.engine.index import MAX_AXES, Array, Shape
from gradstep.engine.ops.precision import WHOLE_UP_TO
from gradstep.engine.ops.promotion import WHOLE


def read(spec: object, dtype: np.dtype[Any]) -> Leaf:
    """The leaf of a number or of nested lists of numbers, or of true and false. Raises GraphError."""
    shape, flat = _flat(spec)
    try:
        numbers = np.array(flat, dtype=np.float64).reshape(shape)
    except OverflowError:
        raise GraphError("a number here is too large; write inf if infinity is meant") from None
    with np.errstate(over="ignore"):
        array = numbers.astype(dtype)
    lost = np.isinf(array) & np.isfinite(numbers)
    if lost.any():
        raise GraphError(f"{numbers[lost][0]:g} is too large for {dtype}; write inf if infinity is meant")
    return Leaf(shape, lambda: array, exact="bool" if flat and type(flat[0]) is bool else "", lost=_lost(flat, array))


def _lost(flat: list[Any], array: Array) -> int | None:
    """The first whole number that is another one in the array."""
    large = np.flatnonzero(np.abs(array.reshape(-1)) >= WHOLE_UP_TO.get(array.dtype.name, 1 << 53))
    for at in large.tolist():
        if type(flat[at]) is int and int(array.item(at)) != flat[at]:
            return int(flat[at])
    return None


def whole(spec: object, kind: object, dtype: np.dtype[Any]) -> Leaf:
    """The leaf of whole numbers, or of truths, of a type of their own. Raises GraphError."""
    if kind not in WHOLE:
        raise GraphError(f"dtype is that of whole numbers or truths, one of {', '.join(WHOLE)}, not {described(kind)}")
    shape, flat = _flat(spec)
    name = str(kind)
    low, high = (0, 1) if name == "bool" else (int(np.iinfo(name).min), int(np.iinfo(name).max))
    for number in flat:
        if type(number) is float:
            raise GraphError(f"{number!r} is no whole number, and dtype is {name!r}")
        if not low <= number <= high:
            raise GraphError(f"{number} is no number of {name}, which has those from {low} to {high}")
    array = np.array(flat, dtype=name).reshape(shape).astype(dtype)
    return Leaf(shape, lambda: array, exact=name)


def _flat(spec: object) -> tuple[Shape, list[Any]]:
    """The shape of a number or of nested lists of numbers, and all the numbers. Raises GraphError."""
    level: list[Any] = [spec]
    shape: list[int] = []
    while len(shape) <= MAX_AXES:
        kinds = set(map(type, level))
        if kinds <= {int, float} or kinds == {bool}:
            return tuple(shape), level
        lengths = set(map(len, level)) if kinds == {list} else set()
        if len(lengths) != 1:
            break
        shape.append(lengths.pop())
        level = list(chain.from_iterable(level))
    _shape_of(spec)  # says what is wrong
    raise GraphError("an array has numbers, or true and false, and not both")


def _shape_of(spec: object, depth: int = 0) -> Shape:
    """The shape of nested lists of numbers, each of which is looked at once; refuses what is ragged or no number.
    Slow, and asked only where something is."""
    if not isinstance(spec, list | int | float):
        raise GraphError(f"expected a number, nested arrays of numbers or a table, found {described(spec)}")
    if not isinstance(spec, list):
        return ()
    if depth >= MAX_AXES:
        raise GraphError(f"the arrays are nested too deeply; an array has at most {MAX_AXES} axes")
    if not spec:
        return (0,)
    first = _shape_of(spec[0], depth + 1)
    if first == ():
        if not set(map(type, spec)) <= {int, float} and set(map(type, spec)) != {bool}:
            other = next(number for number in spec if type(number) not in (int, float))
            what = "an array" if isinstance(other, list) else described(other)
            raise GraphError(f"expected numbers only in this array, found {what}")
        return (len(spec),)
    for number, row in enumerate(spec):
        numbers = type(row) is list and (len(row),) == first and set(map(type, row)) <= {int, float}
        same = numbers or row is spec[0]
        shape = first if same else _shape_of(row, depth + 1)
        if shape != first:
            raise GraphError(f"the array is not rectangular: row 0 has shape {first}, row {number} has shape {shape}")
    return (len(spec), *first)
