"""Losses: how wrong a prediction is, as one number."""

from __future__ import annotations

from collections.abc import Sequence
from math import isinf, prod
from typing import ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.shapes import shape_text


class PairLoss(Reduce):
    """A loss of a prediction y against a target t, element by element, then summed. Where they are `alike`, both are
    numbers of one kind: a prediction may be above its target or below it, and nothing is to learn where it meets it."""

    slots = ("y", "t")
    alike: ClassVar[bool] = True

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        """Unless a class says otherwise it is a loss of the difference y − t."""
        return Cause.INFINITE_MINUS_INFINITE if isinf(xs[0]) and xs[0] == xs[1] else None

    # With equal shapes, as nearly always, nothing is broadcast and all of the family's questions
    # about axes have one answer; on a small network asking them is a tenth of a run.

    def forward(self, xs: Sequence[Array]) -> Array:
        if xs[0].shape != xs[1].shape:
            return super().forward(xs)
        terms = self.terms(xs)
        return np.asarray(np.add.reduce(terms, axis=None) * self.scale(terms.size), dtype=terms.dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if xs[0].shape != xs[1].shape:
            return super().vjp(slot, g, y, xs)
        return np.asarray(self.term_slope(slot, xs) * (g * g.dtype.type(self.scale(xs[0].size))))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        y, t = shapes
        # Broadcasting (4, 1) against (4,) to (4, 4) is the classic silent mistake with these.
        if tuple(y) != tuple(t) and 1 not in (prod(y), prod(t)):
            raise OpError(
                f"{self.name}: y is {shape_text(y)} and t is {shape_text(t)}; "
                f"they are compared one by one and must have the same shape"
            )
        return super().shape(shapes)


class MeanPairLoss(PairLoss):
    """A loss that is a mean over all elements."""

    averages = True
