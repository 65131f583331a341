"""Cases of functions of single numbers, and of reductions, for torch_operations.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch_leaves import EDGES, INF, LINE, NAN, PAIRS, POSITIVE, TIED, UNEQUAL, X34, Case, drawn, quiet

#: Where pieces meet, and their neighbours.
CORNERS = [-6.0, -3.0, -0.5, 0.0, 0.5, 3.0, 6.0, -3.1, -2.9, 2.9, 3.1, 5.9, 6.1, -0.6, 0.4]
HALVES = [-2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, 0.3, -0.7, 1e9, 0.49999999999999994]
WITHIN = [-1.0, -0.99, -0.5, 0.0, 0.25, 0.99, 1.0, 1.5, -1.5, NAN, INF, -INF]


def along(name: str, of: Callable[..., Any], *lines: list[float]) -> list[Case]:
    """A function of one number on a line of numbers, and at the edges."""
    return [(f"{name}(X)", of, {"X": line}) for line in (*lines, EDGES)]


def both(name: str, of: Callable[..., Any]) -> list[Case]:
    """A function of two numbers on drawn ones, on equal ones, and on every pair of those at the edges."""
    drawn_ones = {"X": drawn(12, seed=5), "Y": drawn(12, seed=6)}
    return [(f"{name}(X, Y)", of, leaves) for leaves in (drawn_ones, PAIRS, UNEQUAL)]


def alone(name: str, of: Callable[..., Any]) -> list[Case]:
    """NaN by itself: several numbers at once take another way in PyTorch 2.13 on a CPU."""
    return [(f"{name}(X)", of, {"X": [NAN]})]


def given(of: Callable[..., Any]) -> Callable[..., Any]:
    """What has no gradient in PyTorch: a gradient of 0 everywhere, which it is multiplied by 0 for."""
    return lambda X: of(X).to(X.dtype) + torch.zeros_like(X) * torch.nan_to_num(X, 0.0, 0.0, 0.0)


CASES: dict[str, list[Case]] = {
    "choice": [
        *both("fmax", torch.fmax), *both("fmin", torch.fmin),
    ],
    "functions": [
        *along("exp2", torch.exp2, LINE), *along("expm1", torch.expm1, LINE, [1e-9, -1e-12]),
        *along("log2", torch.log2, POSITIVE), *along("log10", torch.log10, POSITIVE),
        *along("log1p", torch.log1p, POSITIVE, [1e-9, -0.5]), *along("rsqrt", torch.rsqrt, POSITIVE),
        *along("reciprocal", torch.reciprocal, LINE), *along("erf", torch.erf, LINE, [1e-9, 3.0]),
        *along("erfc", torch.erfc, LINE, [5.0, 20.0]),
        *both("logaddexp", torch.logaddexp), *both("logaddexp2", torch.logaddexp2), *both("hypot", torch.hypot),
        *both("xlogy", torch.xlogy),
    ],
    "trigonometry": [
        *along("tan", torch.tan, LINE), *along("asin", torch.asin, WITHIN), *along("acos", torch.acos, WITHIN),
        *along("atan", torch.atan, LINE), *along("sinh", torch.sinh, LINE), *along("cosh", torch.cosh, LINE),
        *along("asinh", torch.asinh, LINE), *along("acosh", torch.acosh, POSITIVE),
        *along("atanh", torch.atanh, WITHIN), *both("atan2", torch.atan2),
        *along("deg2rad", torch.deg2rad, LINE), *along("rad2deg", torch.rad2deg, LINE),
    ],
    "rounding": [
        *(case for name in ("floor", "ceil", "trunc", "round", "sign", "frac")
          for case in along(name, getattr(torch, name), HALVES)),
        ("round(X, 1)", lambda X: torch.round(X, decimals=1), {"X": [0.25, 0.35, -1.05, 2.0]}),
        ("round(X, decimals=-1)", lambda X: torch.round(X, decimals=-1), {"X": [5.0, 15.0, -25.0, 7.0]}),
        *(case for name in ("isnan", "isinf", "isfinite") for case in along(name, given(getattr(torch, name)))),
        *along("nan_to_num", torch.nan_to_num, LINE),
        ("nan_to_num(X, 1, posinf=2, neginf=-3)", lambda X: torch.nan_to_num(X, 1, 2, -3), {"X": EDGES}),
        ("div(X, Y)", torch.div, {"X": X34, "Y": [0.5, -2.0, 3.0, 0.0]}),
        *((f"div(X, Y, rounding_mode='{how}') + X", lambda X, Y, how=how: torch.div(X, Y, rounding_mode=how) + X,
           {"X": X34, "Y": [0.5, -2.0, 3.0, 0.25]}) for how in ("floor", "trunc")),
        *both("fmod", torch.fmod), *both("remainder", torch.remainder), *both("copysign", torch.copysign),
    ],
    "activation": [
        ("gelu(X, approximate='tanh')", lambda X: F.gelu(X, approximate="tanh"), {"X": LINE}),
        *along("mish", F.mish, LINE), *along("softsign", F.softsign, LINE), *along("tanhshrink", F.tanhshrink, LINE),
        *along("logsigmoid", F.logsigmoid, LINE), *along("logit", torch.logit, [0.1, 0.5, 0.999, 1.0, 1.5, -0.5]),
        ("logit(X, eps=0.05)", lambda X: torch.logit(X, 0.05), {"X": [0.01, 0.05, 0.5, 0.95, 0.99, 1.5, -0.5]}),
    ],
    "linear_units": [
        *along("celu", F.celu, LINE), ("celu(X, alpha=0.5)", lambda X: F.celu(X, 0.5), {"X": LINE}),
        *along("selu", F.selu, LINE), *alone("celu", F.celu), *alone("selu", F.selu),
        ("prelu(X, W)", F.prelu, {"X": X34, "W": drawn(4, seed=7)}),
        ("prelu(X, W)", F.prelu, {"X": [*LINE, NAN, INF, -INF], "W": [0.25]}),
        ("prelu(X, W)", F.prelu, {"X": drawn(2, 3, 2), "W": drawn(3, seed=7)}),
        ("glu(X)", F.glu, {"X": X34}), ("glu(X, dim=0)", lambda X: F.glu(X, 0), {"X": drawn(4, 3)}),
    ],
    "piecewise": [
        *along("hard_tanh", F.hardtanh, LINE)[:1], *alone("hard_tanh", F.hardtanh),
        ("hard_tanh(X, min_val=-0.5, max_val=3)", lambda X: F.hardtanh(X, -0.5, 3), {"X": CORNERS}),
        ("threshold(X, 0.5, 2)", lambda X: F.threshold(X, 0.5, 2), {"X": [*CORNERS, NAN, INF, -INF]}),
        *(case for name in ("hardshrink", "softshrink", "relu6", "hardsigmoid", "hardswish")
          for case in (*along(name, getattr(F, name), LINE, CORNERS)[:2], *alone(name, getattr(F, name)))),
        ("softshrink(X, lambd=3)", lambda X: F.softshrink(X, 3), {"X": CORNERS}),
    ],
    "statistics": [
        ("prod(X, axis=1)", lambda X: X.prod(1), {"X": X34}), ("prod(X)", torch.prod, {"X": X34}),
        ("prod(X, axis=1, keepdims=True)", lambda X: X.prod(1, keepdim=True),
         {"X": [[2.0, 0.0, 3.0], [0.0, 0.0, 1.0]]}),
        ("prod(X)", torch.prod, {"X": [2.0, 0.0, 3.0]}), ("prod(X)", torch.prod, {"X": [2.0, 0.0, 0.0]}),
        ("logsumexp(X, 1)", lambda X: X.logsumexp(1), {"X": [*X34, [1000.0, 999.0, 0.0, -1000.0]]}),
        ("logsumexp(X, (0, 2), True)", lambda X: X.logsumexp((0, 2), True), {"X": drawn(2, 3, 2)}),
        ("logsumexp(X, -1)", lambda X: X.logsumexp(-1), {"X": TIED}),
        ("logsumexp(X, -1)", lambda X: X.logsumexp(-1), {"X": [[-INF] * 3, [-INF, 0.0, -INF]]}),
        *((f"{name}(X{options})", lambda X, of=of, o=o: quiet(of, X, **o), {"X": x})
          for name, of in (("var", torch.var), ("std", torch.std))
          for options, o, x in (
              ("", {}, X34), (", 1", {"dim": 1}, [*X34, [2.0] * 4]), (", correction=0", {"correction": 0}, X34),
              (", 1, False, True", {"dim": 1, "unbiased": False, "keepdim": True}, X34),
              (", (0, 2), correction=2", {"dim": (0, 2), "correction": 2}, drawn(2, 3, 2)),
              ("", {}, [1.5]), ("", {}, [1.0, INF, 2.0]), (", correction=2", {"correction": 2}, [1.0, 3.0]),
          )),
        *((f"norm(X, {p}, dim=1)", lambda X, q=q: torch.norm(X, q, 1), {"X": x})
          for p, q in (("2", 2), ("1", 1), ("3", 3), ("1.5", 1.5), ("0.5", 0.5), ("inf", INF), ("-inf", -INF))
          for x in (X34, TIED[:3], [[0.0, 0.0, 0.0], [0.0, -2.0, 2.0]])
          if p not in ("-inf", "0.5") or x is not TIED[:3]),
        ("norm(X)", torch.norm, {"X": X34}),
        ("norm(X, 'fro', keepdims=True)", lambda X: torch.norm(X, "fro", (0, 1), True), {"X": X34}),
    ],
}  # fmt: skip
