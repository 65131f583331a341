"""Cases of casts, and of gradients that are agreed upon, for torch_operations.py."""

from __future__ import annotations

from typing import Any

import torch
from torch_leaves import EDGES, X34, Case, drawn

#: Near and on ties of float16 and bfloat16, subnormal there, and beyond what they hold.
NARROW = [
    *(1.0 + 2.0**-11, 1.0 + 3 * 2.0**-11, 1.0 + 2.0**-8, 1.0 + 3 * 2.0**-8, 1.0 + 2.0**-11 + 1e-12),
    *(
        2.0**-24,
        2.0**-25,
        3 * 2.0**-25,
        1e-7,
        6e-8,
        65504.0,
        65519.9,
        65520.0,
        7e4,
        -0.1,
        1e-40,
        1e-46,
        3.39e38,
        3.4e38,
    ),
]


class Scaled(torch.autograd.Function):
    """The number itself, and its gradient times another: as gradient reversal is written in PyTorch."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, by: float) -> torch.Tensor:
        ctx.by = by
        return x.view_as(x)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        return grads[0] * ctx.by, None


def through(to: torch.dtype) -> Any:
    return lambda X: X.to(to).double()


CASES: dict[str, list[Case]] = {
    "casting": [
        *(
            (f"cast(cast(X, '{str(to).removeprefix('torch.')}'), 'float64')", through(to), {"X": line})
            for to in (torch.float16, torch.bfloat16, torch.float32, torch.float64)
            for line in (NARROW, EDGES, drawn(12, seed=5))
        ),
        (
            "cast(cast(cast(X, 'bfloat16'), 'float16'), 'float64')",
            lambda X: X.bfloat16().half().double(),
            {"X": NARROW},
        ),
        # What is computed of halves is a half: each of the operations rounds.
        (
            "cast(cast(X, 'float16') * 0.1 + exp(cast(X, 'float16')), 'float64')",
            lambda X: (X.half() * 0.1 + torch.exp(X.half())).double(),
            {"X": drawn(12, seed=7)},
        ),
        (
            "cast(cast(X, 'bfloat16') * cast(Y, 'float16'), 'float64')",
            lambda X, Y: (X.bfloat16() * Y.half()).double(),
            {"X": drawn(12, seed=5), "Y": drawn(12, seed=6)},
        ),
        # Whole numbers and truths pass no gradient.
        *(
            (
                f"X * cast(cast(3 * X, '{str(to).removeprefix('torch.')}'), 'float64')",
                lambda X, to=to: X * (3 * X).to(to).double(),
                {"X": [0.1, 0.4, 2.5, 100.9, 0.0, *([] if to is torch.uint8 else [-1.9])]},
            )
            for to in (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool)
        ),
        ("X * detach(X)", lambda X: X * X.detach(), {"X": X34}),
        ("X + no_grad(exp(X) * X)", lambda X: X + (torch.exp(X) * X).detach(), {"X": X34}),
        ("scale_gradient(X * X)", lambda X: Scaled.apply(X * X, -1.0), {"X": X34}),
        ("scale_gradient(X, factor=0.3) * X", lambda X: Scaled.apply(X, 0.3) * X, {"X": X34}),
        ("straight_through(X, round(X * X))", lambda X: X + (torch.round(X * X) - X).detach(), {"X": X34}),
    ],
}
