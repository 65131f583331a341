"""The elementary functions: powers of e, 2 and 10, logarithms, roots, and those of the normal distribution."""

from __future__ import annotations

from math import isfinite, log, pi, sqrt

import numpy as np

from gradstep.engine.index import Array
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.elementwise import sign
from gradstep.engine.ops.error_function import bell, erf, erfc
from gradstep.engine.ops.functions import function
from gradstep.engine.ops.links import masked
from gradstep.engine.ops.logarithms import log_sum
from gradstep.engine.ops.op import KEPT
from gradstep.engine.ops.single import expm1, log1p, log10


def _overflow(x: float, base: float = 1.0) -> Cause | None:
    return Cause.EXP_OVERFLOW if isfinite(x) and x * base > 80 else None


def _logarithm(x: float) -> Cause | None:
    return Cause.LOG_OF_ZERO if x == 0 else Cause.LOG_OF_NEGATIVE if x < 0 else None


def _root(x: float) -> Cause | None:
    return Cause.ROOT_OF_NEGATIVE if x < 0 else None


# Powers and logarithms ----------------------------------------------------------------------------

function(
    "exp", "exp({0})", np.exp, ("exp({0})", lambda y, x: y), label="exp", undefined=_overflow, positive=True
)  # fmt: skip
function(
    "exp2", "2^{0}", np.exp2, ("2^{0} × ln 2", lambda y, x: y * log(2)), label="power of 2",
    undefined=lambda x: _overflow(x, log(2)), positive=True,
)  # fmt: skip
function("expm1", "exp({0}) − 1", expm1, ("exp({0})", lambda y, x: y + 1), undefined=_overflow)
function("log", "ln({0})", np.log, ("1 / {0}", lambda y, x: 1 / x), label="ln", undefined=_logarithm)
function("log2", "log₂({0})", np.log2, ("1 / ({0} ln 2)", lambda y, x: 1 / (x * log(2))), undefined=_logarithm)
function("log10", "log₁₀({0})", log10, ("1 / ({0} ln 10)", lambda y, x: 1 / (x * log(10))), undefined=_logarithm)
function(
    "log1p", "ln(1 + {0})", log1p, ("1 / (1 + {0})", lambda y, x: 1 / (x + 1)), label="ln(1 + x)",
    undefined=lambda x: _logarithm(1 + x),
)  # fmt: skip
function("logaddexp", "ln(exp({0}) + exp({1}))", log_sum,
    ("exp({0}) / (exp({0}) + exp({1}))", lambda y, a, b: 1 / (1 + np.exp(b - a))),
    ("exp({1}) / (exp({0}) + exp({1}))", lambda y, a, b: 1 / (1 + np.exp(a - b))),
    label="ln of a sum of powers of e", edge="of two equal infinities the slopes are NaN",
)  # fmt: skip
function("logaddexp2", "log₂(2^{0} + 2^{1})", lambda a, b: log_sum(a, b, twos=True),
    ("2^{0} / (2^{0} + 2^{1})", lambda y, a, b: 1 / (1 + np.exp2(b - a))),
    ("2^{1} / (2^{0} + 2^{1})", lambda y, a, b: 1 / (1 + np.exp2(a - b))),
    label="log₂ of a sum of powers of 2", edge="of two equal infinities the slopes are NaN",
)  # fmt: skip


def _times_log(a: Array, b: Array) -> Array:
    product = a * np.log(b)
    return np.where((a == 0) & ~np.isnan(b), product.dtype.type(0), product)


def _log_slope(y: Array, a: Array, b: Array) -> Array:
    """ln b, and a shut gate where a is 0 and b not above it; ln 1 is 0 and no gate (see `masked`)."""
    found = np.where(b == 1, y.dtype.type(-0.0), np.log(b))
    return np.where((a == 0) & (b <= 0), y.dtype.type(0), found)


def _beyond_log(slot: int, g: Array, local: Array, found: Array) -> Array:
    """torch.xlogy's gradient in its first input is xlogy of the gradient: 0 × ln 0 is 0 there too."""
    if slot:
        return found
    return np.asarray(np.where((g == 0) & ~np.isnan(local), found.dtype.type(0), masked(slot, g, local, found)))


function("xlogy", "{0} × ln {1}", _times_log, ("ln {1}", _log_slope),
    ("{0} / {1}", lambda y, a, b: a / b),
    label="x ln y", beyond=staticmethod(_beyond_log),
    edge="0 × ln of anything is 0, with slope 0 in {0} where {1} is not above 0",
    undefined=lambda a, b: Cause.UNDEFINED if a and b <= 0 else None,
)  # fmt: skip

# Roots and inverses -------------------------------------------------------------------------------

function("sqrt", "√{0}", np.sqrt, ("1 / (2 √{0})", lambda y, x: 0.5 / y), label="√", undefined=_root)
function("rsqrt", "1 / √{0}", lambda x: 1 / np.sqrt(x), ("−½ / (√{0})^3", lambda y, x: -0.5 * (y * y * y)), label="1/√",
    undefined=lambda x: Cause.DIVISION_BY_ZERO if x == 0 else _root(x),
)  # fmt: skip
function("reciprocal", "1 / {0}", lambda x: 1 / x, ("−1 / {0}²", lambda y, x: -y * y), label="1/x",
    undefined=lambda x: Cause.DIVISION_BY_ZERO if x == 0 else None,
)  # fmt: skip
function("hypot", "√({0}² + {1}²)", np.hypot,
    ("{0} / √({0}² + {1}²)", lambda y, a, b: a / y), ("{1} / √({0}² + {1}²)", lambda y, a, b: b / y),
    label="hypotenuse", edge="where both are 0 the slopes are 0/0, NaN",
)  # fmt: skip
function(
    "abs", "|{0}|", np.abs, ("sign({0})", lambda y, x: sign(x)), label="absolute value",
    kink="at 0 the slope is taken as 0", edge="at NaN the slope is 0", of_whole=KEPT,
)  # fmt: skip

# The normal distribution's ------------------------------------------------------------------------

function(
    "erf", "erf({0})", erf, ("2 exp(−{0}²) / √π", lambda y, x: bell(x, 2 / sqrt(pi))),
    label="error function", saturates=True,
)  # fmt: skip
function(
    "erfc", "1 − erf({0})", erfc, ("−2 exp(−{0}²) / √π", lambda y, x: bell(x, -2 / sqrt(pi))),
    label="complementary error function", positive=True,
)  # fmt: skip
