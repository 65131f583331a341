"""Losses: how wrong a prediction is, as one number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.base import Reduce, shape_text


@dataclass(frozen=True, slots=True)
class PairLoss(Reduce):
    """A loss of a prediction y against a target t, element by element, then summed."""

    slots = ("y", "t")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        y, t = shapes
        # Broadcasting (4, 1) against (4,) to (4, 4) is the classic silent mistake with these.
        if tuple(y) != tuple(t) and 1 not in (prod(y), prod(t)):
            raise OpError(
                f"{self.name}: y is {shape_text(y)} and t is {shape_text(t)}; "
                f"they are compared one by one and must have the same shape"
            )
        return super(PairLoss, self).shape(shapes)


@dataclass(frozen=True, slots=True)
class HalfSquaredError(PairLoss):
    """½ Σ (y − t)²; what many walkthroughs of backpropagation call MSE."""

    name = "half_squared_error"
    notation = "½ Σ ({0} − {1})²"
    term = "½({0} − {1})²"
    slopes = ("{0} − {1}", "{1} − {0}")
    label = "squared error"

    def scale(self, count: int) -> float:
        return 0.5

    def terms(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.square(xs[0] - xs[1]))

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return 2 * (xs[slot] - xs[1 - slot])


@dataclass(frozen=True, slots=True)
class Mse(PairLoss):
    """mean (y − t)², over all elements."""

    name = "mse"
    notation = "mean ({0} − {1})²"
    term = "({0} − {1})²/n"
    slopes = ("2 ({0} − {1}) / n", "2 ({1} − {0}) / n")
    label = "mean squared error"

    def scale(self, count: int) -> float:
        return 1 / count if count else float("nan")

    def terms(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.square(xs[0] - xs[1]))

    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        return 2 * (xs[slot] - xs[1 - slot])
