"""Numbers that operations are tried on, here and with PyTorch: on kinks, at edges, and drawn ones."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import torch

#: A formula, what PyTorch calls it, and the leaves.
Case = tuple[str, Callable[..., Any], dict[str, Any]]

LINE = [-30.0, -4.0, -1.5, -1.0, -0.5, -0.1, 0.0, 0.1, 0.5, 1.0, 1.5, 4.0, 30.0]
POSITIVE = [1e-3, 0.1, 0.5, 1.0, 2.5, 40.0]


def drawn(*shape: int, seed: int = 0) -> list[Any]:
    """Numbers of both signs with three digits, none twice."""
    generator = torch.Generator().manual_seed(seed)
    found = torch.randperm(4000, generator=generator)[: math.prod(shape)].to(torch.float64) / 1000 - 2
    return found.reshape(shape).tolist()  # type: ignore[no-any-return]


X34, Y34, X4 = drawn(3, 4), drawn(3, 4, seed=1), drawn(4, seed=2)
IMAGE = drawn(2, 3, 5, 6, seed=3)
SHARES = [[0.7, 0.2, 0.1], [0.0, 1.0, 0.0], [0.25, 0.25, 0.5], [0.0, 0.0, 1.0]]
LOGITS = drawn(4, 3, seed=4)
INF, NAN = math.inf, math.nan
#: Where functions have no value, no slope, or none that is finite.
EDGES = [NAN, INF, -INF, 0.0, -0.0, -1.0, -2.0]
#: Pairs of which some are equal, and some not comparable.
PAIRS = {
    "X": [2.0, 0.0, -0.0, INF, -INF, 1.0, NAN, 3.0, NAN, -1.0],
    "Y": [2.0, -0.0, 0.0, INF, -INF, 2.0, 1.0, NAN, NAN, -3.0],
}
#: Rows in which the largest or the smallest is there more than once, or that hold what compares with nothing.
TIED = [
    [2.0, 2.0, 1.0, 0.0],
    [0.0, -0.0, 0.0, -1.0],
    [3.0] * 4,
    [INF, 1.0, INF, -INF],
    [-INF] * 4,
    [1.0, NAN, 2.0, 2.0],
]
#: Every pair of numbers at the edges.
UNEQUAL = {"X": [x for x in EDGES for _ in EDGES], "Y": [y for _ in EDGES for y in EDGES]}
CHANCES, ANSWERS = [0.05, 0.3, 0.5, 0.9, 0.999], [0.0, 1.0, 0.25, 1.0, 0.0]


def quiet(of: Callable[..., Any], *given: torch.Tensor, **options: Any) -> torch.Tensor:
    """Without PyTorch's warning that it divides by 0, or that it may mean something else one day."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: torch.Tensor = of(*given, **options)
        return found
