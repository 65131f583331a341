"""Sums over spaces between points, and differences: trapezoids, slopes by differences, running sums of powers of e."""

from __future__ import annotations

from gradstep.engine.errors import OpError
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.arithmetic import Add, Multiply, Subtract
from gradstep.engine.ops.families.cumulative import CumSum
from gradstep.engine.ops.families.reduction import Sum
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.families.splitting import axis_of, part
from gradstep.engine.ops.shapes import shape_text


def _trapezoids(name: str, y: Given, x: Given | None, dx: float, axis: int) -> tuple[Plan, int]:
    """(y₀ + y₁)/2 × (x₁ − x₀) between each two points, and the axis."""
    at = axis_of(name, axis, y.shape)
    there = y.shape[at]
    if not there:
        raise OpError(f"{name}: there are no points on axis {at} of {shape_text(y.shape)}")
    both: Plan = (Add(), [part(y, at, 1, there), part(y, at, 0, there - 1)])
    if x is None:
        return (Multiply(), [both, dx / 2]), at
    if len(x.shape) < 2 and x.shape != (there,):
        raise OpError(f"{name}: x has a number for each of the {there} points of y, but is {shape_text(x.shape)}")
    along = axis_of(name, axis, x.shape) if len(x.shape) > 1 else 0
    wide: Plan = (Subtract(), [part(x, along, 1, x.shape[along]), part(x, along, 0, x.shape[along] - 1)])
    if len(x.shape) == 1:
        wide = (Reshape((x.shape[0] - 1, *(1 for _ in y.shape[at + 1 :]))), [wide])
    return (Multiply(), [(Multiply(), [both, wide]), 0.5]), at


@composite()
def trapezoid(y: Given, x: Given | None = None, *, dx: float = 1.0, axis: int = -1) -> Plan:
    """The area under points y at x, or dx apart, along an axis."""
    between, at = _trapezoids("trapezoid", y, x, dx, axis)
    return (Sum(at), [between])


@composite()
def cumulative_trapezoid(y: Given, x: Given | None = None, *, dx: float = 1.0, axis: int = -1) -> Plan:
    """The area under points up to each but the first."""
    between, at = _trapezoids("cumulative_trapezoid", y, x, dx, axis)
    return (CumSum(at), [between])
