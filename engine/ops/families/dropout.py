"""Dropout."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.notation import brief
from gradstep.engine.ops.bound import Bound, Calls
from gradstep.engine.ops.moving import Masked
from gradstep.engine.ops.op import Op


class _Bound(Bound):
    """What is dropped is drawn once for both passes."""

    def forward(self) -> Calls:
        self.slopes = np.empty_like(self.y)
        return [self._draw, partial(np.multiply, self.xs[0], self.slopes, self.y)]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        return [partial(np.multiply, g, self.slopes, flow)]

    def _draw(self) -> None:
        self.slopes[...] = self.op.slopes_at(self.y.shape, self.dtype)


@dataclass(frozen=True)
class Dropout(Masked):
    """Each element is 0 with probability p, else x / (1 − p). Which ones is drawn with PCG64 from
    `seed` and the iteration, so it is the same in every run (Srivastava et al., JMLR 2014)."""

    name = "dropout"
    shuts = False  # PyTorch multiplies: 0 × NaN is NaN
    notation = "dropout {0}"
    slopes = ("0 where dropped, else 1 / (1 − p)",)
    label = "dropout"
    bound = _Bound

    p: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if type(self.p) not in (int, float) or not 0 <= self.p <= 1:
            raise OpError(f"dropout: p is a probability from 0 to 1, not {self.p!r}")
        if type(self.seed) is not int or self.seed < 0:
            raise OpError(f"dropout: seed is a whole number from 0 on, not {self.seed!r}")

    varies = True
    #: Not an option: a formula cannot say it.
    iteration: ClassVar[int] = 1

    def in_iteration(self, iteration: int) -> Op:
        other = copy(self)
        object.__setattr__(other, "iteration", iteration)
        return other

    def in_use(self) -> Op:
        other = copy(self)
        object.__setattr__(other, "p", 0.0)
        return other

    def made(self, slope: float) -> str:
        return "0" if not slope else "{0}" if slope == 1 else f"{{0}} / (1 − {brief(self.p, 12)})"

    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        seed = self.seed if self.iteration == 1 else [self.seed, self.iteration]
        kept = np.random.Generator(np.random.PCG64(seed)).random(shape) >= self.p
        return np.asarray(kept / (1 - self.p) if self.p < 1 else kept, dtype=dtype)  # of all nothing is kept

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0] * self.slopes_at(xs[0].shape, xs[0].dtype)) if self.p else xs[0].copy()

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return super().vjp(slot, g, y, xs) if self.p else g.copy()
