"""Losses: how wrong a prediction is, as one number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import isinf, prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.causes import Cause
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.reduce import Reduce
from gradstep.engine.ops.shapes import broadcast, shape_text


class Picks(NamedTuple):
    """What class numbers pick: the axis of classes, the number for each row (−1 where it does not count), how what is
    picked is written with {0} for it and {2} for its weight, and what each class of a row adds besides, if anything."""

    axis: int
    numbers: Array
    term: str
    each: str


class Picking(Op):
    """A loss of scores of classes; where class numbers say which, it is made of what they pick."""

    @abstractmethod
    def picks(self, xs: Sequence[Array]) -> Picks:
        """What the class numbers pick."""


#: How the losses of single elements become one number, or stay as they are.
REDUCTIONS = ("mean", "sum", "none")


class PairLoss(Reduce):
    """A loss of a prediction y against a target t, element by element, then summed. Where they are `alike`, both are
    numbers of one kind: a prediction may be above its target or below it, and nothing is to learn where it meets it.

    What there is besides y and t are weights, one for each element or such as broadcast to them. `weights` are their
    factors in the notation, which vanish where they are left out."""

    slots: ClassVar[tuple[str, ...]] = ("y", "t")
    alike: ClassVar[bool] = True
    weights: ClassVar[Sequence[str]] = ()

    def undefined(self, xs: Sequence[float]) -> Cause | None:
        """Unless a class says otherwise it is a loss of the difference y − t."""
        return Cause.INFINITE_MINUS_INFINITE if isinf(xs[0]) and xs[0] == xs[1] else None

    def whole(self) -> bool:
        """Whether one number is made of all elements."""
        return True

    def axes(self, ndim: int) -> tuple[int, ...]:
        return super().axes(ndim) if self.whole() else ()

    # With equal shapes, as nearly always, nothing is broadcast and all of the family's questions
    # about axes have one answer; on a small network asking them is a tenth of a run.

    def _plain(self, xs: Sequence[Array]) -> bool:
        return self.whole() and len(xs) == 2 and xs[0].shape == xs[1].shape

    def forward(self, xs: Sequence[Array]) -> Array:
        if not self._plain(xs):
            return super().forward(xs)
        terms = self.terms(xs)
        return np.asarray(np.add.reduce(terms, axis=None) * self.scale(terms.size), dtype=terms.dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if not self._plain(xs):
            return super().vjp(slot, g, y, xs)
        return np.asarray(self.term_slope(slot, xs) * (g * g.dtype.type(self.scale(xs[0].size))))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        y, t, *weights = shapes
        # Broadcasting (4, 1) against (4,) to (4, 4) is the classic silent mistake with these.
        if tuple(y) != tuple(t) and 1 not in (prod(y), prod(t)):
            raise OpError(
                f"{self.name}: {self.slots[0]} is {shape_text(y)} and t is {shape_text(t)}; "
                f"they are compared one by one and must have the same shape"
            )
        if weights and broadcast(shapes, self.name) != broadcast([y, t], self.name):
            said = " and ".join(f"{name} {shape_text(s)}" for name, s in zip(self.slots[2:], weights, strict=False))
            raise OpError(
                f"{self.name}: {said} must broadcast to the shape of {self.slots[0]}, "
                f"{shape_text(broadcast([y, t], self.name))}"
            )
        return super().shape(shapes)

    def without(self, text: str, inputs: int) -> str:
        """A notation for so many inputs: a weight that is left out is no factor."""
        for factor in self.weights[inputs - 2 :]:
            text = text.replace(factor, "")
        return text

    def template(self, inputs: int, dtype: np.dtype[Any]) -> str:
        return self.valued(self.without(self.notation, inputs), dtype)

    def written_term(self, xs: Sequence[Array]) -> str:
        return self.valued(self.without(self.term, len(xs)), xs[0].dtype)

    def slope(self, slot: int, inputs: int, dtype: np.dtype[Any]) -> str:
        return self.valued(self.without(self.slopes[slot], inputs), dtype)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return self.slope(slot, len(xs), xs[slot].dtype)


@dataclass(frozen=True)
class MeanPairLoss(PairLoss):
    """A loss that is a mean over all elements, unless its `reduction` is "sum" or "none"."""

    reduction: str = "mean"

    def __post_init__(self) -> None:
        check_reduction(self.name, self.reduction)

    def whole(self) -> bool:
        return self.reduction != "none"

    def averages(self) -> bool:
        return self.reduction == "mean"

    def valued(self, text: str, dtype: np.dtype[Any]) -> str:
        how = {"mean": "mean ", "sum": "Σ ", "none": ""}[self.reduction]
        return super().valued(how + text.removeprefix("mean ") if text.startswith("mean ") else text, dtype)


def check_reduction(op: str, reduction: object, known: Sequence[str] = REDUCTIONS) -> None:
    """Raises OpError unless it is one of those that are known."""
    if reduction not in known:
        listed = ", ".join(f"'{one}'" for one in known[:-1])
        raise OpError(f"{op}: reduction is {listed} or '{known[-1]}', not {reduction!r}")
