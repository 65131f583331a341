"""Arrays beside one another, windows on them, and choices of their elements: plans of moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations as chosen
from itertools import combinations_with_replacement
from math import comb, prod

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.choosing import Listed
from gradstep.engine.ops.composite import Given, Plan, Several, composite
from gradstep.engine.ops.families.arithmetic import Multiply, Subtract
from gradstep.engine.ops.families.joining import Concat, Stack
from gradstep.engine.ops.families.rearranging import Expand
from gradstep.engine.ops.families.reduction import Mean, Sum
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.families.splitting import part
from gradstep.engine.ops.families.statistics import Std, Var
from gradstep.engine.ops.families.taking import Taken
from gradstep.engine.ops.moving import Placed
from gradstep.engine.ops.shapes import broadcast, check_one, normal_axes, shape_text


@dataclass(frozen=True)
class Windows(Placed):
    """The windows of so many elements along an axis, one every `step`; what is in a window is a last axis."""

    name = "windows"
    notation = "windows of {0}"
    label = "windows"

    axis: int = 0
    size: int = 1
    step: int = 1

    def __post_init__(self) -> None:
        check_one("windows", axis=self.axis, size=self.size, step=self.step)
        if self.size < 0 or self.step < 1:
            raise OpError(f"windows: size and step are whole numbers from 1 on, not {self.size} and {self.step}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        x = tuple(shapes[0])
        (axis,) = normal_axes("windows", self.axis, len(x)) or (0,)
        there = x[axis] if x else 1
        if self.size > there:
            raise OpError(f"windows: {self.size} elements on axis {axis} of {shape_text(x)}, which has {there}")
        count = (there - self.size) // self.step + 1
        return (*x[:axis], count, *x[axis + 1 :], self.size) if x else (self.size,)

    def placed(self, x: Array, nothing: int) -> Array:
        if not x.ndim:
            return np.repeat(x, self.size)
        (axis,) = normal_axes("windows", self.axis, x.ndim)
        seen = np.lib.stride_tricks.sliding_window_view(x, self.size, axis) if self.size else np.empty((0,))
        if not self.size:
            return np.zeros(self.shape([x.shape]), x.dtype)
        return seen[(slice(None),) * axis + (slice(None, None, self.step),)]


def _wide(x: Given, shape: Shape) -> Plan:
    return x if x.shape == shape else (Reshape(shape), [x])


def _beside(x: Sequence[Given], shapes: Sequence[Shape], axis: int) -> Plan:
    return (Concat(axis), [_wide(one, shape) for one, shape in zip(x, shapes, strict=True)])


@composite(tensors="x")
def hstack(*x: Given) -> Plan:
    """Arrays beside one another along axis 1, rows along 0."""
    shapes = [one.shape or (1,) for one in x]
    return _beside(x, shapes, 0 if len(shapes[0]) == 1 else 1)


@composite(tensors="x")
def vstack(*x: Given) -> Plan:
    """Arrays below one another along axis 0; rows are lines of a matrix."""
    return _beside(x, [one.shape if len(one.shape) > 1 else (1, prod(one.shape)) for one in x], 0)


@composite(tensors="x")
def dstack(*x: Given) -> Plan:
    """Arrays behind one another along axis 2."""
    return _beside(x, [_deep(one.shape) for one in x], 2)


def _deep(shape: Shape) -> Shape:
    return shape if len(shape) > 2 else (*shape, 1) if len(shape) == 2 else (1, prod(shape), 1)


@composite(tensors="x")
def column_stack(*x: Given) -> Plan:
    """Rows as the columns of a matrix, matrices beside one another."""
    return _beside(x, [one.shape if len(one.shape) > 1 else (prod(one.shape), 1) for one in x], 1)


def _at_least(x: Sequence[Given], wide: Sequence[Shape]) -> Plan | Several:
    plans: list[Plan] = [(Reshape(shape), [one]) for one, shape in zip(x, wide, strict=True)]
    return plans[0] if len(plans) == 1 else Several(plans)


@composite(tensors="x")
def atleast_1d(*x: Given) -> Plan | Several:
    """Single numbers as rows of one."""
    return _at_least(x, [one.shape or (1,) for one in x])


@composite(tensors="x")
def atleast_2d(*x: Given) -> Plan | Several:
    """Numbers and rows as matrices of one line."""
    return _at_least(x, [one.shape if len(one.shape) > 1 else (1, prod(one.shape)) for one in x])


@composite(tensors="x")
def atleast_3d(*x: Given) -> Plan | Several:
    """Numbers, rows and matrices with three axes."""
    return _at_least(x, [_deep(one.shape) for one in x])


@composite(tensors="x")
def block_diag(*x: Given) -> Plan:
    """Matrices one behind the other on a diagonal, 0 beside them; a row is a matrix of one line."""
    shapes = [one.shape if len(one.shape) == 2 else (1, prod(one.shape)) for one in x]
    if wrong := next((one for one in x if len(one.shape) > 2), None):
        raise OpError(f"block_diag: matrices are needed, but one is {shape_text(wrong.shape)}")
    width, rows, start = sum(n for _, n in shapes), list[Plan](), 0
    for one, (m, n) in zip(x, shapes, strict=True):
        sides = [((m, start), 0.0), ((m, width - start - n), 0.0)]
        zeros: list[Plan] = [(Expand(shape), [fill]) for shape, fill in sides]
        rows.append((Concat(1), [zeros[0], _wide(one, (m, n)), zeros[1]]))
        start += n
    return (Concat(0), rows)


@composite(tensors="x")
def cartesian_prod(*x: Given) -> Plan:
    """All combinations of an element of each of several rows, one a line."""
    if wrong := next((one for one in x if len(one.shape) != 1), None):
        raise OpError(f"cartesian_prod: rows are needed, but one is {shape_text(wrong.shape)}")
    lengths = tuple(one.shape[0] for one in x)
    each: list[Plan] = []
    for k, one in enumerate(x):
        wide = (Reshape(tuple(n if j == k else 1 for j, n in enumerate(lengths))), [one])
        each.append((Reshape((prod(lengths),)), [(Expand(lengths), [wide])]))
    return (Stack(1), each) if len(x) > 1 else (Reshape(lengths), [x[0]])


@composite()
def combinations(x: Given, *, r: int = 2, with_replacement: bool = False) -> Plan:
    """All choices of r elements of a row, one a line."""
    if len(x.shape) != 1 or r < 0:
        raise OpError(f"combinations: x is a row and r a number from 0 on, not {shape_text(x.shape)} and {r}")
    count = x.shape[0]
    if comb(count + (r if with_replacement else 0), r) > 1 << 16:
        raise OpError(f"combinations: too many choices of {r} of {count}")
    found = list((combinations_with_replacement if with_replacement else chosen)(range(count), r))
    if not found or not r:
        return (Reshape((len(found) if r else 0, r) if r else (0,)), [part(x, 0, 0, 0)])
    return (Taken((Listed(tuple(k for one in found for k in one), (len(found), r)),)), [x])


@composite(other="b")
def cross(a: Given, b: Given, *, axis: int | None = None) -> Plan:
    """The cross product of vectors of three along an axis: of the first that has three unless one is said."""
    to = broadcast([a.shape, b.shape], "cross")
    first = next((k for k, n in enumerate(to) if n == 3), 0)
    if not to:
        raise OpError("cross: vectors of three are needed, but there are single numbers")
    (at,) = (first,) if axis is None else normal_axes("cross", axis, len(to))
    if to[at] != 3:
        raise OpError(f"cross: axis {at} of {shape_text(to)} has no three elements")
    wide: list[Plan] = [one if one.shape == to else (Expand(to), [one]) for one in (a, b)]

    def turned(plan: Plan, order: tuple[int, ...]) -> Plan:
        return (Taken((*(None for _ in range(at)), Listed(order, (3,)))), [plan])

    left: Plan = (Multiply(), [turned(wide[0], (1, 2, 0)), turned(wide[1], (2, 0, 1))])
    right: Plan = (Multiply(), [turned(wide[0], (2, 0, 1)), turned(wide[1], (1, 2, 0))])
    return (Subtract(), [left, right])


@composite(size="to")
def sum_to_size(x: Given, *, to: tuple[int, ...] = ()) -> Plan:
    """x summed over what it would have been broadcast along from this shape."""
    extra = len(x.shape) - len(to)
    if extra < 0 or any(n not in (1, m) for n, m in zip(to, x.shape[extra:], strict=True)):
        raise OpError(f"sum_to_size: {to} does not broadcast to {shape_text(x.shape)}")
    axes = [*range(extra), *(k + extra for k, n in enumerate(to) if n == 1 and x.shape[k + extra] != 1)]
    return (Reshape(to), [(Sum(tuple(axes)), [x])]) if axes else (Reshape(to), [x])


@composite()
def var_mean(
    x: Given, *, axis: int | tuple[int, ...] | None = None, unbiased: bool | None = None, keepdims: bool = False,
    correction: float = 1.0,
) -> Several:  # fmt: skip
    """The variance and the mean, over axes."""
    return Several([(Var(axis, keepdims, correction, unbiased), [x]), (Mean(axis, keepdims), [x])])


@composite()
def std_mean(
    x: Given, *, axis: int | tuple[int, ...] | None = None, unbiased: bool | None = None, keepdims: bool = False,
    correction: float = 1.0,
) -> Several:  # fmt: skip
    """The standard deviation and the mean, over axes."""
    return Several([(Std(axis, keepdims, correction, unbiased), [x]), (Mean(axis, keepdims), [x])])
