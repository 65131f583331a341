"""Losses: how wrong a prediction is, as one number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite, isinf, prod
from typing import Any, ClassVar, NamedTuple

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.bound import Bound, Calls
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


class Picked:
    """Which numbers of a table of `rows` × `classes` the class numbers of the rows pick, one of each row; of rows
    whose number is `ignored` none."""

    def __init__(self, rows: int, classes: int, ignored: int) -> None:
        self.rows, self.classes, self.ignored = rows, classes, ignored
        self._starts, self._whole = np.arange(rows) * classes, np.empty(rows, np.intp)
        # As unsigned numbers what is below 0 is large, so one maximum tells of both ends.
        self._unsigned, self._differs = self._whole.view(np.uintp), np.empty(rows, bool)
        #: Their places in the table.
        self.at = np.empty(rows, np.intp)

    def read(self, t: Array) -> bool:
        """Takes the class numbers t. False where one of them is none, or is ignored."""
        self.take(t)
        np.not_equal(self._whole, t, self._differs)
        if np.logical_or.reduce(self._differs) or (self.rows and np.maximum.reduce(self._unsigned) >= self.classes):
            return False
        return self.ignored < 0 or not (self._whole == self.ignored).any()

    def take(self, t: Array) -> None:
        """The same, where all of them are known to be class numbers."""
        np.copyto(self._whole, t, casting="unsafe")
        np.add(self._starts, self._whole, self.at)


class BoundPicking(Bound):
    """Of rows and class numbers, the picked ones are found once for both passes."""

    def forward(self) -> Calls:
        self._picked = self.op.picking(self.xs)
        if self._picked is None:
            return super().forward()
        self._each = np.empty(self._picked.rows, self.dtype)
        every, picked = self.ever[1], self._picked
        # Found out once for all samples, it takes nothing in an iteration.
        self._reads = every is not None and Picked(len(every), picked.classes, picked.ignored).read(every)
        return [self._pick_known if self._reads else self._pick]

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        if slot or self._picked is None:
            return super().vjp(slot, g, flow)
        return [partial(self._put, g, flow, flow.reshape(-1))]

    def _pick(self) -> None:
        self._reads = self._picked.read(self.xs[1])
        if not self._reads:
            self._copy()
            return
        self._put_together()

    def _pick_known(self) -> None:
        self._picked.take(self.xs[1])
        self._put_together()

    def _put_together(self) -> None:
        self.xs[0].take(self._picked.at, None, self._each, "clip")
        self.y[...] = self.op.together(self._each)

    def _put(self, g: Array, flow: Array, flat: Array) -> None:
        if not self._reads or not isfinite(g):
            self._copy_flow(0, g, flow)
            return
        flow.fill(0)
        flat[self._picked.at] = self.op.share(self._picked.rows, g)


class Picking(Op):
    """A loss of scores of classes; where class numbers say which, it is made of what they pick."""

    @abstractmethod
    def picking(self, xs: Sequence[Array]) -> Picked | None:
        """What is to read t, where t are class numbers of rows of scores, which count alike."""

    @abstractmethod
    def together(self, picked: Array) -> Array:
        """The output, from those that are picked, along the last axis."""

    @abstractmethod
    def share(self, rows: int, g: Array) -> Array:
        """What each of those that are picked gets of the output's gradient."""

    @abstractmethod
    def picks(self, xs: Sequence[Array]) -> Picks:
        """What the class numbers pick."""


#: How the losses of single elements become one number, or stay as they are.
REDUCTIONS = ("mean", "sum", "none")


class _BoundPair(Bound):
    """Gradients are multiplied where they belong."""

    def vjp(self, slot: int, g: Array, flow: Array) -> Calls:
        if not self.op.plain(self.xs):
            return super().vjp(slot, g, flow)
        return [partial(self._multiply, slot, self.number(self.op.scale(flow.size)), g, flow)]

    def _multiply(self, slot: int, scale: Array, g: Array, flow: Array) -> None:
        np.multiply(self.op.term_slope(slot, self.xs), g * scale, flow)


class PairLoss(Reduce):
    """A loss of a prediction y against a target t, element by element, then summed. Where they are `alike`, both are
    numbers of one kind: a prediction may be above its target or below it, and nothing is to learn where it meets it.

    What there is besides y and t are weights, one for each element or such as broadcast to them. `weights` are their
    factors in the notation, which vanish where they are left out."""

    slots: ClassVar[tuple[str, ...]] = ("y", "t")
    alike: ClassVar[bool] = True
    weights: ClassVar[Sequence[str]] = ()
    bound: ClassVar[type[Bound]] = _BoundPair

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

    def plain(self, xs: Sequence[Array]) -> bool:
        """Whether nothing is broadcast."""
        return self.whole() and len(xs) == 2 and xs[0].shape == xs[1].shape

    def forward(self, xs: Sequence[Array]) -> Array:
        if not self.plain(xs):
            return super().forward(xs)
        terms = self.terms(xs)
        return np.asarray(np.add.reduce(terms, axis=None) * self.scale(terms.size), dtype=terms.dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if not self.plain(xs):
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
