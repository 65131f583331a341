"""Operations at numbers where they have a kink, or no value, and with gradients arriving that are no numbers either:
what PyTorch makes of every pair of these.

PyTorch computes several numbers at once another way than one alone, and the two do not always agree; then either is
right. `python tests/peers/torch_edges.py` names what differs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(Path(__file__).parent.parent / "engine"))

from graphs import NetworkBuilder

Array = np.ndarray[Any, np.dtype[Any]]
INF, NAN = float("inf"), float("nan")
NUMBERS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 6.0, -6.0, -1.5, 0.25, 20.0, -20.0, 1e-30, -1e-30, 1e30,
    -1e30, INF, -INF, NAN,
]  # fmt: skip
#: For functions of two numbers, all pairs of these.
FEWER = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, -3.0, 1e-30, -1e30, INF, -INF, NAN]
#: Gradients that arrive.
ARRIVING = [1.0, -2.0, 0.0, -0.0, INF, -INF, NAN]
#: Rows for reductions, with the place of what is special moved along.
ROWS = [
    [a, b, c] for a, b, c in product([0.0, -0.0, 1.0, -2.0, INF, -INF, NAN], repeat=3)
]  # fmt: skip

Torch = Callable[..., torch.Tensor]


def t(name: str) -> Torch:
    found: Torch = getattr(torch, name, None) or getattr(F, name)
    return found


#: Functions of one number, by their formula.
ONE: dict[str, Torch] = {
    **{f"{n}(X)": t(n) for n in (
        "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal", "abs", "erf", "erfc",
        "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "deg2rad",
        "rad2deg", "relu", "elu", "celu", "selu", "gelu", "silu", "mish", "softplus", "sigmoid", "logsigmoid", "logit",
        "softsign", "relu6", "hardsigmoid", "hardswish", "hardshrink", "softshrink", "tanhshrink", "nan_to_num", "frac",
        "leaky_relu", "sign", "floor", "ceil", "trunc", "round",
    )},
    "hard_tanh(X)": F.hardtanh, "hard_tanh(X, -0.5, 3)": lambda x: F.hardtanh(x, -0.5, 3),
    "leaky_relu(X, 0.5)": lambda x: F.leaky_relu(x, 0.5), "elu(X, 0.5)": lambda x: F.elu(x, 0.5),
    "celu(X, 0.5)": lambda x: F.celu(x, 0.5), "gelu(X, approximate='tanh')": lambda x: F.gelu(x, approximate="tanh"),
    "softplus(X, beta=2, threshold=3)": lambda x: F.softplus(x, 2, 3),
    "threshold(X, 0.5, 2)": lambda x: F.threshold(x, 0.5, 2),
    "hardshrink(X, 1)": lambda x: F.hardshrink(x, 1), "softshrink(X, 1)": lambda x: F.softshrink(x, 1),
    "logit(X, 0.25)": lambda x: torch.logit(x, 0.25), "-X": lambda x: -x, "X * 2": lambda x: x * 2,
    "2 - X": lambda x: 2 - x,
    "X / 3": lambda x: x / 3, "1 / X": lambda x: 1 / x, "X * 0": lambda x: x * 0, "X * inf": lambda x: x * INF,
    **{f"X ** {p!r}" if p >= 0 else f"X ** ({p!r})": (lambda x, p=p: x**p)
       for p in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, -1.0, -0.5, -2.0, 4.0)},
    **{f"{b!r} ** X": (lambda x, b=b: b**x) for b in (0.0, 0.5, 1.0, 2.0)},
    "clip(X, -1, 2)": lambda x: x.clamp(-1, 2), "clip(X, min=0.5)": lambda x: x.clamp(min=0.5),
    "clip(X, max=0.5)": lambda x: x.clamp(max=0.5),
    "maximum(X, 1.0)": lambda x: torch.maximum(x, torch.tensor(1.0, dtype=x.dtype)),
    "minimum(X, 1.0)": lambda x: torch.minimum(x, torch.tensor(1.0, dtype=x.dtype)),
    "where(X > 0, X, 0)": lambda x: torch.where(x > 0, x, 0.0),
    "masked_fill(X, X > 0, 2)": lambda x: x.masked_fill(x > 0, 2),
    "fmod(X, 2)": lambda x: torch.fmod(x, 2), "remainder(X, 2)": lambda x: torch.remainder(x, 2),
    "detach(X) + 0 * X": lambda x: x.detach() + 0 * x,
}  # fmt: skip

#: Functions of two numbers.
TWO: dict[str, Torch] = {
    **{f"{n}(X, Y)": t(n) for n in (
        "maximum", "minimum", "fmax", "fmin", "atan2", "hypot", "logaddexp", "logaddexp2", "xlogy", "copysign", "fmod",
        "remainder",
    )},
    "X + Y": torch.add, "X - Y": torch.sub, "X * Y": torch.mul, "X / Y": torch.div, "X ** Y": torch.pow,
    "where(X > Y, X, Y)": lambda x, y: torch.where(x > y, x, y),
    "div(X, Y, rounding_mode='floor')": lambda x, y: torch.div(x, y, rounding_mode="floor"),
    "div(X, Y, rounding_mode='trunc')": lambda x, y: torch.div(x, y, rounding_mode="trunc"),
    "X // Y": lambda x, y: torch.floor_divide(x.detach(), y.detach()), "X % Y": torch.remainder,
}  # fmt: skip

#: Reductions, of rows.
ALONG: dict[str, Torch] = {
    "sum(X, 1)": lambda x: x.sum(1), "mean(X, 1)": lambda x: x.mean(1), "prod(X, 1)": lambda x: x.prod(1),
    "max(X, 1)": lambda x: x.amax(1), "min(X, 1)": lambda x: x.amin(1),
    "var(X, 1)": lambda x: x.var(1), "std(X, 1)": lambda x: x.std(1), "logsumexp(X, 1)": lambda x: x.logsumexp(1),
    "norm(X, 2, 1)": lambda x: x.norm(2, 1), "norm(X, 1, 1)": lambda x: x.norm(1, 1),
    "norm(X, inf, 1)": lambda x: x.norm(INF, 1), "norm(X, 3, 1)": lambda x: x.norm(3, 1),
    "median(X, 1)[0]": lambda x: x.median(1).values, "nanmedian(X, 1)[0]": lambda x: x.nanmedian(1).values,
    "softmax(X, 1)": lambda x: x.softmax(1), "log_softmax(X, 1)": lambda x: x.log_softmax(1),
    "cumsum(X, 1)": lambda x: x.cumsum(1), "cumprod(X, 1)": lambda x: x.cumprod(1),
    "logcumsumexp(X, 1)": lambda x: x.logcumsumexp(1), "cummax(X, 1)[0]": lambda x: x.cummax(1).values,
    "cummin(X, 1)[0]": lambda x: x.cummin(1).values,
    "sort(X, 1)[0]": lambda x: x.sort(stable=True, dim=1).values,
    "normalize(X, 2, 1)": lambda x: F.normalize(x, 2, 1), "quantile(X, 0.3, 1)": lambda x: x.quantile(0.3, 1),
    "layer_norm(X)": lambda x: F.layer_norm(x, (3,)), "rms_norm(X)": lambda x: F.rms_norm(x, (3,)),
    "max_pool1d(X, 2, 1)": lambda x: F.max_pool1d(x[:, None], 2, 1)[:, 0] if x.dim() == 2 else x,
    "flip(X, 1)": lambda x: x.flip(1), "glu(X[:, 0:2], 1)": lambda x: F.glu(x[:, 0:2], 1),
}  # fmt: skip


#: Where another number is shown than PyTorch's, and why.
KNOWN: dict[str, str] = {
    "X ** 0.0": "PyTorch has no gradient there; here a gradient that is not finite is multiplied by the slope, 0",
    "X ** Y": "the same, where the exponent is 0",
    "xlogy(X, Y)": "a gradient of 0 at the logarithm of a negative number is 0 in PyTorch, and 0 × NaN here",
    "hypot(X, Y)": "in single precision the slope of 1e-30 beside 1e30 is 0, and in PyTorch a part of a product",
    "rsqrt(X)": "in single precision the slope at 1e30 is 0, and in PyTorch a part of a product",
    "std(X, 1)": "where all are equal PyTorch lets no gradient through, also none that is not finite",
    "norm(X, 3, 1)": "where all are 0 PyTorch lets no gradient through, also none that is not finite",
    "cumprod(X, 1)": "beside infinities PyTorch divides by the numbers, where products of the others are taken here",
    "logcumsumexp(X, 1)": "PyTorch takes the logarithms of gradients of either sign",
    "quantile(X, 0.3, 1)": "between −∞ and a number PyTorch has −∞, from the nearer end, and NaN from the other",
    "layer_norm(X)": "what cancels is rounded in another order",
    "gelu(X, approximate='tanh')": "single precision far to the left, where PyTorch has rounded 1 − tanh",
}


def ours(formula: str, leaves: dict[str, Array], up: Array, dtype: Any) -> dict[str, Array]:
    """Value and gradients here."""
    builder = NetworkBuilder(dtype)
    for name, numbers in leaves.items():
        builder.parameter(name, np.asarray(numbers, dtype))
    builder.line("y", formula)
    builder.input("up", np.asarray(up, dtype))
    builder.line("L", "sum(y * up)")
    net = builder.done()
    return {"y": net.data("y"), **{name: net.grad(name) for name in leaves}}


def theirs(of: Torch, leaves: dict[str, Array], up: Array, dtype: Any) -> dict[str, Array]:
    """Value and gradients there."""
    given = {name: torch.tensor(np.asarray(numbers, dtype), requires_grad=True) for name, numbers in leaves.items()}
    y = of(*given.values())
    if not y.requires_grad:
        return {"y": y.numpy(), **{n: np.zeros_like(leaves[n], dtype) for n in leaves}}
    arriving = torch.tensor(np.asarray(up, dtype)).expand_as(y)
    found = torch.autograd.grad(y, list(given.values()), arriving, allow_unused=True)
    grads = {n: np.zeros_like(leaves[n], dtype) if g is None else g.numpy() for n, g in zip(leaves, found, strict=True)}
    return {"y": y.detach().numpy(), **grads}


def close(a: Array, b: Array, dtype: Any) -> Array:
    tolerance = 1e-12 if dtype == np.float64 else 1e-5
    with np.errstate(all="ignore"):
        near = np.abs(a - b) <= tolerance * np.maximum(np.abs(a), np.abs(b)) + (1e-15 if dtype == np.float64 else 2e-7)
        return (a == b) | (np.isnan(a) & np.isnan(b)) | near


def differing(formula: str, of: Torch, leaves: dict[str, Array], up: Array, dtype: Any) -> Iterator[str]:
    """What differs, number by number."""
    with np.errstate(all="ignore"):
        mine, other = ours(formula, leaves, up, dtype), theirs(of, leaves, up, dtype)
    for name in other:
        bad = ~close(mine[name], other[name], dtype)
        for at in np.argwhere(bad):
            row = tuple(at[:1])
            one = {n: x[row][None] for n, x in leaves.items()}
            single = theirs(of, one, up[row][None], dtype)
            if close(mine[name][row][None], single[name], dtype).all():
                continue
            said = ", ".join(f"{n}={x[row].tolist()}" for n, x in leaves.items())
            what = f"{name}" if name == "y" else f"d{name}"
            here, there = mine[name][tuple(at)], other[name][tuple(at)]
            yield f"{formula}: {said} up={up[row].tolist()}: {what} {here} here, {there} there"


def cases() -> Iterator[tuple[str, Torch, dict[str, Array], Array]]:
    pairs = np.array(list(product(NUMBERS, ARRIVING)))
    for formula, of in ONE.items():
        yield formula, of, {"X": pairs[:, 0]}, pairs[:, 1]
    triples = np.array(list(product(FEWER, FEWER, ARRIVING)))
    for formula, of in TWO.items():
        yield formula, of, {"X": triples[:, 0], "Y": triples[:, 1]}, triples[:, 2]
    rows = np.array([row for row in ROWS for _ in ARRIVING])
    for formula, of in ALONG.items():
        width = theirs(of, {"X": rows[:2]}, np.ones(1), np.float64)["y"].shape[1:]
        up = np.array([u for _ in ROWS for u in ARRIVING])
        # In a row of gradients the special one is beside plain ones.
        yield formula, of, {"X": rows}, np.broadcast_to(up.reshape(-1, *[1] * len(width)), (len(rows), *width)).copy()


def wrong(formula: str, of: Torch, leaves: dict[str, Array], up: Array) -> list[str]:
    """All that differs, in both precisions."""
    return [one for dtype in (np.float64, np.float32) for one in differing(formula, of, leaves, up, dtype)]


def main(only: Sequence[str]) -> int:
    """Names what differs."""
    total = 0
    for formula, of, leaves, up in cases():
        if only and not any(one in formula for one in only):
            continue
        found = wrong(formula, of, leaves, up)
        total += len(found) if formula not in KNOWN else 0
        if found:
            print(f"{len(found)} of {formula}{f': {KNOWN[formula]}' if formula in KNOWN else ''}")
        for line in found[: 40 if only else 0 if formula in KNOWN else 4]:
            print("    ", line)
    print(total, "differ that should not")
    return int(bool(total))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
