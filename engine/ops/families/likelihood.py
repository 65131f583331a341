"""Losses of scores and log-probabilities of classes against the class that is right, or shares of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite, nan, prod
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Elements, Grid, Shape, picked, ravel, unravel
from gradstep.engine.notation import brief
from gradstep.engine.ops.class_numbers import ClassNumbers, class_axis, without
from gradstep.engine.ops.links import Links, none
from gradstep.engine.ops.loss import BoundPicking, Picked, Picking, Picks, check_reduction
from gradstep.engine.ops.shapes import is_number, shape_text, unbroadcast_product, whole_numbers
from gradstep.engine.ops.windows import steps

_CLASSES = "class numbers, along the axis of classes,"


class _Table(NamedTuple):
    """What is added up, as rows of classes: log-probabilities, what each is multiplied by without and with its class's
    weight (rows, classes), and what the rows count together. `numbers` are the classes of the rows, −1 where the row is
    ignored; None where t is a distribution."""

    logp: Array
    shares: Array
    factors: Array
    together: float
    numbers: Array | None


@dataclass(frozen=True)
class Nll(Picking):
    """Negative log-likelihood: mean over rows of −Σ t · logp over the axis of classes.

    t is one-hot (or any distribution), in logp's shape, or the number of the right class, without the axis of classes.
    Class numbers pick; a distribution multiplies, so that a share of 0 of a −∞ is 0 · ∞ and no number, as in PyTorch.
    With class numbers, `weight` has a number for each class, and the mean is over the weights of the rows; rows whose
    number is `ignore_index` do not count, and `label_smoothing` is shared evenly by all classes (Szegedy et al., CVPR
    2016). The mean over no rows is no number.
    """

    name = "nll"
    slots = ("logp", "t", "weight")
    optional = 1
    notation = "−(1/n) Σ {2} × {1} × {0}"
    term = "−{1} × {0}/n"
    slopes = (
        "−{1} / n, n rows; for class numbers −1 / n at the right class, else 0",
        "−{0} / n",
        "−(its part of Σ {1} × {0} + y × rows of its class) / n",
    )
    edge = "a one-hot 0 beside −∞ is 0 · ∞: the loss is NaN; class numbers only pick"
    reduces = True
    gated = True
    label = "negative log-likelihood"
    typed_by = (0,)
    bound = BoundPicking

    ignore_index: int = -100
    reduction: str = "mean"
    label_smoothing: float = 0.0
    axis: int | None = None

    def __post_init__(self) -> None:
        check_reduction("nll", self.reduction)
        if type(self.ignore_index) is not int or type(self.axis) not in (int, type(None)):
            raise OpError("nll: ignore_index and axis are whole numbers")
        if not is_number(self.label_smoothing) or not 0 <= self.label_smoothing <= 1:
            raise OpError(f"nll: label_smoothing is a number from 0 to 1, not {self.label_smoothing!r}")

    def _axis(self, shapes: Sequence[Shape]) -> int:
        return class_axis("nll", "logp", tuple(shapes[0]), tuple(shapes[1]), self.axis)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        axis, logp = self._axis(shapes), tuple(shapes[0])
        if len(shapes) == 3 or self.label_smoothing:
            if self._distribution(shapes):
                raise OpError("nll: weight and label_smoothing are for class numbers; multiply a distribution by them")
            if len(shapes) == 3 and tuple(shapes[2]) != (logp[axis],):
                raise OpError(
                    f"nll: weight must have a number for each of the {logp[axis]} classes, shape ({logp[axis]},), but "
                    f"it is {shape_text(shapes[2])}"
                )
        return without(logp, axis) if self.reduction == "none" else ()

    def check(self, slot: int, x: Array, shapes: Sequence[Shape]) -> None:
        if slot == 1 and not self._distribution(shapes):
            self._numbers(x, shapes[0][self._axis(shapes)])

    @staticmethod
    def _distribution(shapes: Sequence[Shape]) -> bool:
        return tuple(shapes[1]) == tuple(shapes[0]) and tuple(shapes[1]) != (1,)

    def _numbers(self, t: Array, classes: int) -> Array:
        """Class numbers as integers, −1 where they are to be ignored."""
        ignored = t == self.ignore_index
        return np.where(ignored, -1, whole_numbers(_CLASSES, np.where(ignored, 0, t), classes))

    def _table(self, xs: Sequence[Array]) -> _Table:
        logp, t = xs[:2]
        shapes = [x.shape for x in xs]
        axis = self._axis(shapes)
        rows, classes = prod(without(logp.shape, axis)), logp.shape[axis]
        table = np.moveaxis(logp, axis, -1).reshape(rows, classes)
        if self._distribution(shapes):
            shares = np.moveaxis(t, axis, -1).reshape(rows, classes)
            return _Table(table, shares, shares, rows if self.reduction == "mean" else 1, None)
        numbers = self._numbers(t.reshape(rows), classes)
        weight = xs[2] if len(xs) == 3 else np.ones(classes, logp.dtype)
        kept = numbers >= 0
        shares = np.asarray(numbers[:, None] == np.arange(classes), dtype=logp.dtype)
        count = float((shares @ weight)[kept].sum()) if self.reduction == "mean" else 1
        if self.label_smoothing:
            smooth = logp.dtype.type(self.label_smoothing)
            shares = np.asarray((1 - smooth) * shares + smooth / max(classes, 1) * kept[:, None], dtype=logp.dtype)
        return _Table(table, shares, shares * weight, count, numbers)

    # Rows and class numbers, as nearly always, need no weights, which would be mostly 0: of each row one
    # number is picked. On a small network weights cost as much as a matrix product.

    def picking(self, xs: Sequence[Array]) -> Picked | None:
        logp, t = xs[:2]
        if (logp.ndim, t.ndim, len(xs)) != (2, 1, 2) or self.axis not in (None, 1):
            return None
        return (
            None
            if self.label_smoothing or self.reduction == "none"
            else Picked(logp.shape[0], logp.shape[1], self.ignore_index)
        )

    def together(self, picked: Array) -> Array:
        over = picked.shape[-1] if self.reduction == "mean" else 1
        return np.asarray(-np.add.reduce(picked, axis=-1) / (over or nan), dtype=picked.dtype)

    def share(self, rows: int, g: Array) -> Array:
        return np.asarray(g * g.dtype.type(-1 / (max(rows, 1) if self.reduction == "mean" else 1)))

    def forward(self, xs: Sequence[Array]) -> Array:
        picked = self.picking(xs)
        if picked is not None and picked.read(xs[1]):
            return self.together(xs[0].take(picked.at))
        found = _told(self, xs)
        if found is None:
            axis = self._axis([x.shape for x in xs])
            rows, together = (
                -unbroadcast_product(xs[0], xs[1], (*xs[0].shape[:axis], 1, *xs[0].shape[axis + 1 :])),
                None,
            )
        else:
            rows, together = found.losses(xs[0]), float(found.weights(xs[0].dtype).sum())
        if self.reduction == "none":
            return np.asarray(rows, dtype=xs[0].dtype).reshape(self.shape([x.shape for x in xs]))
        over = 1 if self.reduction == "sum" else rows.size if together is None else together
        return np.asarray(rows.sum() / over if over else nan, dtype=xs[0].dtype)

    @staticmethod
    def _weighted(table: _Table, factors: Array) -> Array:
        """factors × logp; what no class number picks is 0, whatever it is."""
        if table.numbers is None:
            return np.asarray(factors * table.logp)
        return np.where(factors == 0, table.logp.dtype.type(0), factors * table.logp)

    def _slopes(self, slot: int, xs: Sequence[Array]) -> Array:
        """∂y/∂x[slot] by rows and classes; of weights without what they count in a mean, see `_counting`."""
        table = self._table(xs)
        over = xs[0].dtype.type(table.together or nan)
        if slot == 0:
            none = (table.factors == 0) & (table.numbers is not None)
            return np.asarray(np.where(none, 0, -table.factors / over), dtype=xs[0].dtype)
        if slot == 2:
            return np.asarray(-self._weighted(table, table.shares) / over, dtype=xs[0].dtype)
        return np.asarray(-table.logp / over if table.numbers is None else np.zeros((len(table.logp), 1), xs[0].dtype))

    def _counting(self, xs: Sequence[Array], y: Array) -> Array:
        """What the mean changes by because a weight counts more, for each class."""
        table = self._table(xs)
        if self.reduction != "mean" or table.numbers is None:
            return np.zeros_like(xs[2])
        rows = (table.numbers[:, None] == np.arange(xs[2].size)).sum(axis=0)
        return np.asarray(-y * rows / table.together, dtype=xs[0].dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        picked = self.picking(xs) if slot == 0 else None
        if picked is not None and isfinite(g) and picked.read(xs[1]):
            flow = np.zeros(xs[0].shape, xs[0].dtype)
            flow.reshape(-1)[picked.at] = self.share(picked.rows, g)
            return flow
        found = _told(self, xs) if slot == 0 and np.isfinite(g).all() else None
        if found is not None:
            over = found.weights(g.dtype).sum() if self.reduction == "mean" else 1
            return found.flow(xs[0], np.asarray(g / g.dtype.type(over))) if over else np.zeros_like(xs[0])
        if g.ndim == 0 and slot < 2 and self._distribution([x.shape for x in xs]):
            over = prod(xs[0].shape) // max(xs[0].shape[self._axis([x.shape for x in xs])], 1)
            return np.asarray(xs[1 - slot] * np.asarray(-g / g.dtype.type(over if self.reduction == "mean" else 1)))
        by_row = self._slopes(slot, xs) * (g.reshape(-1, 1) if self.reduction == "none" else g)
        if slot == 2:
            return np.asarray(by_row.sum(axis=0) + g.sum() * self._counting(xs, y), dtype=xs[0].dtype)
        if by_row.shape[1:] == (1,) and slot == 1 and not self._distribution([x.shape for x in xs]):
            return by_row.reshape(xs[1].shape)
        axis = self._axis([x.shape for x in xs])
        moved = without(xs[0].shape, axis)
        return np.asarray(np.moveaxis(by_row.reshape(*moved, xs[0].shape[axis]), -1, axis))

    # Single elements

    def _row(self, xs: Sequence[Array], at: int) -> Grid:
        """Where the classes of row `at` are in logp."""
        axis, shape = self._axis([x.shape for x in xs]), xs[0].shape
        index = list(unravel(at, without(shape, axis)))
        return Grid(ravel((*index[:axis], 0, *index[axis:]), shape), (shape[axis],), (prod(shape[axis + 1 :]),))

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        if self.reduction != "none":
            return Links(slot, Grid(0, xs[slot].shape, steps(xs[slot].shape)), self._local(slot, xs, 0))
        by_row = self._slopes(slot, xs)
        if slot == 1 and not self._distribution([x.shape for x in xs]):
            return Links(slot, picked(at), none(y))
        grid = Grid(0, (xs[2].size,), (1,)) if slot == 2 else self._row(xs, at)
        return Links(slot, grid, lambda start, stop: by_row[at, start:stop])

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        if self.reduction != "none":
            return Links(slot, picked(0), self._local(slot, xs, at))
        by_row, shapes = self._slopes(slot, xs), [x.shape for x in xs]
        if slot == 2:
            rows = without(xs[0].shape, self._axis(shapes))
            return Links(slot, Grid(0, rows, steps(rows)), lambda start, stop: by_row[start:stop, at])
        if slot == 1 and not self._distribution(shapes):
            return Links(slot, picked(at), none(y))
        axis = self._axis(shapes)
        index = unravel(at, xs[0].shape)
        row = ravel(without(index, axis), without(xs[0].shape, axis))
        return Links(slot, picked(row), lambda start, stop: by_row[row, index[axis] : index[axis] + 1][start:stop])

    def _local(self, slot: int, xs: Sequence[Array], offset: int) -> Callable[[int, int], Array]:
        def local(start: int, stop: int) -> Array:
            with np.errstate(all="ignore"):
                found = self.vjp(slot, np.ones((), dtype=xs[0].dtype), self.forward(xs), xs)
            return found.reshape(-1)[offset + start : offset + stop]

        return local

    def summands(self, at: int, xs: Sequence[Array]) -> tuple[Elements, Callable[[int, int], Array]]:
        table = self._table(xs)
        with np.errstate(all="ignore"):
            parts = np.asarray(-self._weighted(table, table.factors) / (table.together or nan), dtype=xs[0].dtype)
        if self.reduction == "none":
            return self._row(xs, at), lambda start, stop: parts[at, start:stop]
        axis, shape = self._axis([x.shape for x in xs]), xs[0].shape
        parts = np.moveaxis(parts.reshape(*without(shape, axis), shape[axis]), -1, axis).reshape(-1)
        return Grid(0, shape, steps(shape)), lambda start, stop: parts[start:stop]

    # How it is written

    def divisor(self, shapes: Sequence[Shape], at: int = 0) -> int:
        return max(prod(without(shapes[0], self._axis(shapes))), 1) if self.reduction == "mean" else 1

    def looks_up(self, shapes: Sequence[Shape]) -> bool:
        return not self._distribution(shapes)

    def template(self, inputs: int, dtype: np.dtype[Any]) -> str:
        text = self.notation if inputs == 3 else self.notation.replace("{2} × ", "")
        return text if self.reduction == "mean" else text.replace("(1/n) ", "")

    def picks(self, xs: Sequence[Array]) -> Picks:
        found = _told(self, xs)
        assert found is not None, "a distribution picks nothing"
        numbers, axis = found.numbers.reshape(-1), self._axis([x.shape for x in xs])
        over = ""
        if self.reduction == "mean":
            together = float(found.weights(xs[0].dtype).sum())
            over = "/n" if together == len(numbers) else f"/{brief(together, 12)}"
        weight = "{2} × " if len(xs) == 3 else ""
        share, smooth = "", ""
        if self.label_smoothing:
            share = f"{brief(1 - self.label_smoothing, 12)} × "
            smooth = f"−{brief(self.label_smoothing / xs[0].shape[axis], 12)} × {weight}{{0}}{over}"
        return Picks(axis, numbers, f"−{share}{weight}{{0}}{over}", smooth)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        if self._distribution([x.shape for x in xs]):
            return "−{0} / n" if slot else "−{1} / n"
        found = float(self._local(slot, xs, at)(0, 1)[0])
        usual = self.picks(xs).term in ("−{0}", "−{0}/n")
        return "−1 / n" if slot == 0 and found and usual else brief(found, 12)


def _told(op: Nll, xs: Sequence[Array]) -> ClassNumbers | None:
    """The class numbers; None where t is a distribution."""
    shapes = [x.shape for x in xs]
    if op._distribution(shapes):
        return None
    axis = op._axis(shapes)
    numbers = op._numbers(xs[1].reshape(without(xs[0].shape, axis)), xs[0].shape[axis])
    return ClassNumbers(numbers, axis, xs[2] if len(xs) == 3 else None, op.label_smoothing)
