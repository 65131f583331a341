"""Sines and their relatives, in radians: of circles and of hyperbolas, and their inverses."""

from __future__ import annotations

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops import single
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.families.arithmetic import Multiply
from gradstep.engine.ops.functions import function

function("sin", "sin({0})", np.sin, ("cos({0})", lambda y, x: np.cos(x)))
function("cos", "cos({0})", np.cos, ("−sin({0})", lambda y, x: -np.sin(x)))
function("tan", "tan({0})", single.tan, ("1 + tan({0})²", lambda y, x: 1 + y * y))
function("asin", "asin({0})", single.arcsin, ("1 / √(1 − {0}²)", lambda y, x: 1 / np.sqrt(1 - x * x)))
function("acos", "acos({0})", single.arccos, ("−1 / √(1 − {0}²)", lambda y, x: -1 / np.sqrt(1 - x * x)))
function("atan", "atan({0})", single.arctan, ("1 / (1 + {0}²)", lambda y, x: 1 / (x * x + 1)), saturates=True)
function("sinh", "sinh({0})", single.sinh, ("cosh({0})", lambda y, x: single.cosh(x)))
function("cosh", "cosh({0})", single.cosh, ("sinh({0})", lambda y, x: single.sinh(x)))
function("asinh", "asinh({0})", np.arcsinh, ("1 / √({0}² + 1)", lambda y, x: 1 / np.sqrt(x * x + 1)))
function("acosh", "acosh({0})", np.arccosh, ("1 / √({0}² − 1)", lambda y, x: 1 / np.sqrt(x * x - 1)))
function("atanh", "atanh({0})", single.arctanh, ("1 / (1 − {0}²)", lambda y, x: 1 / (1 - x * x)),
    undefined=lambda x: None if abs(x) < 1 else Cause.UNDEFINED,
)  # fmt: skip


def _part(above: Array, a: Array, b: Array) -> Array:
    square = a * a + b * b
    return np.asarray(np.where(square == 0, square, above / square))


function("atan2", "atan2({0}, {1})", single.arctan2,
    ("{1} / ({0}² + {1}²)", lambda y, a, b: _part(b, a, b)), ("−{0} / ({0}² + {1}²)", lambda y, a, b: _part(-a, a, b)),
    label="angle", edge="where both are 0 the slopes are 0",
)  # fmt: skip


@composite()
def deg2rad(x: Given) -> Plan:
    """Degrees as radians: x × π/180."""
    return (Multiply(), [x, np.pi / 180])


@composite()
def rad2deg(x: Given) -> Plan:
    """Radians as degrees: x × 180/π."""
    return (Multiply(), [x, 180 / np.pi])
