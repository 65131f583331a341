"""What class numbers pick of scores along an axis, with weights of classes and a share for all of them: row by row, and
without a table of the same size, which would be mostly zeros."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.shapes import shape_text


@dataclass(frozen=True)
class ClassNumbers:
    """The numbers of the classes of rows, −1 where a row does not count, shape as the scores without their axis; the
    weight of each class, 1 where None, and the part of 1 that all classes share."""

    numbers: Array
    axis: int
    weight: Array | None
    smoothing: float

    def weights(self, dtype: np.dtype[np.generic]) -> Array:
        """The weight of each row, 0 where it does not count."""
        kept = self.numbers >= 0
        each = np.asarray(kept if self.weight is None else np.where(kept, self.weight[self.numbers], 0))
        return each.astype(dtype)

    def losses(self, logp: Array) -> Array:
        """−(1 − s) w logp of the class of each row, and −s/n Σ w logp over all n; what a weight of 0 is for is 0."""
        kind, each = logp.dtype.type, self.weights(logp.dtype)
        picked = np.take_along_axis(logp, self._at, self.axis).reshape(self.numbers.shape)
        found = np.where(each == 0, kind(0), picked * each)
        if self.smoothing:
            found = found * kind(1 - self.smoothing)
            whole = logp if self.weight is None else np.where(self._wide == 0, kind(0), logp * self._wide)
            share = kind(self.smoothing / max(logp.shape[self.axis], 1))
            found += np.where(self.numbers >= 0, whole.sum(axis=self.axis) * share, kind(0))
        return np.asarray(np.negative(found))

    def flow(self, logp: Array, g: Array) -> Array:
        """The gradient of the scores from that of each row's loss, finite numbers."""
        kind, each = logp.dtype.type, self.weights(logp.dtype)
        parts = np.expand_dims(each * g, self.axis)
        if not self.smoothing:
            found = np.zeros_like(logp)
        else:
            share = kind(-self.smoothing / max(logp.shape[self.axis], 1))
            shared = np.expand_dims(np.where(self.numbers >= 0, g * share, kind(0)), self.axis)
            found = np.array(np.broadcast_to(shared * (kind(1) if self.weight is None else self._wide), logp.shape))
            parts = parts * kind(1 - self.smoothing)
        np.put_along_axis(found, self._at, np.take_along_axis(found, self._at, self.axis) - parts, self.axis)
        return found

    @property
    def _at(self) -> Array:
        return np.expand_dims(np.maximum(self.numbers, 0), self.axis)

    @property
    def _wide(self) -> Array:
        """The weights along the axis of classes."""
        assert self.weight is not None, "there are weights"
        return self.weight.reshape(-1, *(1 for _ in self.numbers.shape[self.axis :]))


def class_axis(name: str, of: str, scores: Shape, t: Shape, axis: int | None) -> int:
    """The axis of classes of `scores`, the input `of` the operation `name`: the one that is said, else axis 1 as in
    PyTorch, or the last one where only that fits the class numbers t. Raises OpError where t does not fit."""
    if not scores:
        raise OpError(f"{name}: {of} must have an axis of classes, but it is a single number")
    if axis is not None and not -len(scores) <= axis < len(scores):
        raise OpError(f"{name}: axis {axis} is out of range for {of} {shape_text(scores)}")
    said = min(1, len(scores) - 1) if axis is None else axis % len(scores)
    places = [said] if axis is not None or t == scores else [said, len(scores) - 1]
    for place in places:
        if t in (scores, without(scores, place)) or (len(scores) == 1 and t == (1,)):
            return place
    fitting = " or ".join(shape_text(without(scores, place)) for place in dict.fromkeys(places))
    raise OpError(
        f"{name}: {of} is {shape_text(scores)}, so t is one-hot {shape_text(scores)} or class numbers "
        f"{fitting}, but it is {shape_text(t)}"
    )


def without(shape: Shape, axis: int) -> Shape:
    """A shape without one of its axes."""
    return (*shape[:axis], *shape[axis + 1 :])
