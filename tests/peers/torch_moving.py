"""Cases of elements that are moved, repeated or added up in order, for torch_operations.py."""

from __future__ import annotations

import torch
from torch_leaves import INF, NAN, X4, X34, Case, drawn

CUBE = drawn(2, 3, 2)
HOLES = [[2.0, 0.0, 3.0, -1.0], [0.0, 4.0, 0.0, 2.0], [1.0, 2.0, -3.0, 0.5]]
CASES: dict[str, list[Case]] = {
    "rearranging": [
        ("flip(X, (0, 2))", lambda X: X.flip((0, 2)), {"X": CUBE}), ("flip(X)", lambda X: X.flip((0, 1)), {"X": X34}),
        ("roll(X, 2)", lambda X: X.roll(2), {"X": X34}),
        ("roll(X, (1, -1), (0, 2))", lambda X: X.roll((1, -1), (0, 2)), {"X": CUBE}),
        ("roll(X, -1, dims=1)", lambda X: X.roll(-1, 1), {"X": X34}),
        ("rot90(X)", lambda X: X.rot90(), {"X": X34}),
        ("rot90(X, -1, (1, 2))", lambda X: X.rot90(-1, (1, 2)), {"X": CUBE}),
        ("tile(X, (2, 1))", lambda X: X.tile(2, 1), {"X": X34}),
        ("tile(X, (2, 1, 3))", lambda X: X.repeat(2, 1, 3), {"X": X34}),
        ("repeat_interleave(X, 2, dim=1)", lambda X: X.repeat_interleave(2, 1), {"X": X34}),
        ("repeat_interleave(X, 3)", lambda X: X.repeat_interleave(3), {"X": X4}),
        ("expand(X, (2, 3, -1))", lambda X: X.expand(2, 3, -1), {"X": X4}),
        ("expand(X, (2, 3, 4))", lambda X: X.expand(2, 3, 4), {"X": [[[1.5], [2.0], [-1.0]]]}),
        ("masked_fill(X, m, 9)", lambda X, m: X.masked_fill(m > 0, 9), {"X": X34, "m": [1.0, 0.0, 0.0, 1.0]}),
        ("unsqueeze(X, 1)", lambda X: X.unsqueeze(1), {"X": X34}),
        ("unsqueeze(X, -1)", lambda X: X.unsqueeze(-1), {"X": X34}),
        ("squeeze(X)", lambda X: X.squeeze(), {"X": [[[1.0], [2.0]]]}),
        ("squeeze(X, 0)", lambda X: X.squeeze(0), {"X": [[[1.0], [2.0]]]}),
        ("swapaxes(X, 0, 2)", lambda X: X.transpose(0, 2), {"X": CUBE}),
    ],
    "diagonals": [
        ("diagonal(X)", lambda X: X.diagonal(), {"X": X34}),
        ("diagonal(X, -1, 1, 2)", lambda X: X.diagonal(-1, 1, 2), {"X": CUBE}),
        ("diag_embed(X, 1)", lambda X: torch.diag_embed(X, 1), {"X": X34}),
        ("diag_embed(X, 0, 0, 2)", lambda X: torch.diag_embed(X, 0, 0, 2), {"X": X34}),
        *((f"{name}(X, {k})", lambda X, name=name, k=k: getattr(X, name)(k), {"X": [[1.0, INF, 3.0], [NAN, 2.0, -INF]]})
          for name in ("tril", "triu") for k in (-1, 0, 1)),
    ],
    "cumulative": [
        *((f"{name}(X, {axis})", lambda X, name=name, axis=axis: getattr(X, name)(axis), {"X": x})
          for name in ("cumsum", "cumprod") for axis in (0, -1) for x in (X34, CUBE, HOLES)),
        ("cumsum(X, 0)", lambda X: X.cumsum(0), {"X": [1.0, INF, -INF, 2.0]}),
        ("cumsum(X, 0)", lambda X: X.cumsum(0), {"X": 1.5}),
    ],
}  # fmt: skip
