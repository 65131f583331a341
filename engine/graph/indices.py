"""What stands in the brackets behind an array: numbers, ranges, `...`, new axes, and arrays of numbers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradstep.engine.errors import ExpressionError, OpError
from gradstep.engine.graph.graph import Value
from gradstep.engine.graph.parsing import literal
from gradstep.engine.index import Shape
from gradstep.engine.ops.choosing import Listed
from gradstep.engine.ops.op import REGISTRY, Op

_ALL = (None, None, None)


def indexed(inside: ast.expr, shape: Shape, build: Callable[[ast.expr], Value]) -> list[tuple[Op, Sequence[Value]]]:
    """The operations, one after the other, that take the part `[inside]` of an array of `shape`, each with its inputs
    beside the array. As in PyTorch single numbers are taken first, so that they are no arrays among others."""
    parts = [_part(one, build) for one in (inside.elts if isinstance(inside, ast.Tuple) else [inside])]
    try:
        return _steps(parts, shape)
    except OpError as error:
        raise ExpressionError(str(error), inside.col_offset) from None


def _part(node: ast.expr, build: Callable[[ast.expr], Value]) -> Any:
    """One of them: as `Index` has it, numbers that are listed, or a value."""
    if isinstance(node, ast.Compare):
        raise ExpressionError(
            "how many elements hold is not known before the numbers are: where(x > 0, x, 0) keeps the shape, and True "
            "and False that are written out, as in x[[True, False]], choose",
            node.col_offset,
        )
    try:
        if isinstance(node, ast.Slice):
            ends = (node.lower, node.upper, node.step)
            return tuple(None if end is None else ast.literal_eval(end) for end in ends)
        found = literal(node)
    except (ValueError, TypeError, RecursionError):
        if isinstance(node, ast.Slice):
            raise ExpressionError(_HOW, node.col_offset) from None
        return build(node)
    if not isinstance(found, list):
        if found is None or found is ... or type(found) is int:
            return found
        raise ExpressionError(_HOW, node.col_offset)
    try:
        array = np.array(found)
    except ValueError:  # lists of several lengths
        array = np.array("")
    if array.size == 0:
        array = array.astype(np.intp)
    if array.dtype != bool and not np.issubdtype(array.dtype, np.integer):
        raise ExpressionError("a list in brackets has whole numbers, or True and False", node.col_offset)
    return Listed(tuple(array.reshape(-1).tolist()), array.shape)


_HOW = "an index is written in whole numbers, as in x[0], x[:, 1:3], x[..., 0], x[None] or x[[0, 2]], or is an array"


def _steps(parts: Sequence[Any], shape: Shape) -> list[tuple[Op, Sequence[Value]]]:
    """The operations for what stands in the brackets. Raises OpError."""
    plain = [_ALL if isinstance(one, Value | Listed) else one for one in parts]
    if not any(isinstance(one, Value | Listed) for one in parts):
        return [(_named("index", plain), ())]
    width = [
        len(one.shape) if isinstance(one, Listed) and one.truths else int(one is not None and one is not ...)
        for one in parts
    ]
    rest = max(len(shape) - sum(width), 0)
    first: list[Any] = []
    second: list[Any] = []
    arrays: list[Value] = []
    for one, axes in zip(parts, width, strict=True):
        if isinstance(one, Value | Listed):
            first += [_ALL] * axes
            second.append(len(arrays) if isinstance(one, Value) else one)
            arrays += [one] if isinstance(one, Value) else []
        elif one is ...:
            first.append(...)
            second += [None] * rest
        else:
            first.append(one)
            second += [] if isinstance(one, int) else [None]
    while second and second[-1] is None:
        second.pop()
    taken: tuple[Op, Sequence[Value]] = (_named("take_at", second), arrays)
    return [taken] if all(one in (_ALL, ...) for one in first) else [(_named("index", first), ()), taken]


def _named(name: str, at: Sequence[object]) -> Op:
    """The operation of a name, with what stands in the brackets for each axis."""
    make: Any = REGISTRY[name]
    made: Op = make(at=tuple(at))
    return made
