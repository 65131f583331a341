"""Several arrays become one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, ravel, unravel
from gradstep.engine.ops.moving import Move
from gradstep.engine.ops.shapes import normal_axes, shape_text


@dataclass(frozen=True)
class Joined(Move):
    """Several arrays become one."""

    slots = ("x",)
    slopes = ("1",)
    variadic = True

    axis: int = 0

    def __post_init__(self) -> None:
        if type(self.axis) is not int:
            raise OpError(f"{self.name}: axis is a whole number, not {self.axis!r}")


class Concat(Joined):
    """Arrays one behind the other along an axis they have."""

    name = "concat"
    notation = "concat {0} …"
    label = "concat"

    def _axis(self, shapes: Sequence[Shape]) -> int:
        if not shapes[0]:
            raise OpError("concat: a single number has no axis; stack puts numbers together")
        return normal_axes("concat", self.axis, len(shapes[0]))[0]

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        axis, first = self._axis(shapes), shapes[0]
        for other in shapes[1:]:
            pairs = list(enumerate(zip(first, other, strict=False)))
            wrong = next((a for a, (n, m) in pairs if a != axis and n != m), None)
            if len(other) != len(first) or wrong is not None:
                where = f"on axis {wrong}" if len(other) == len(first) else "in their number of axes"
                raise OpError(
                    f"concat: shapes {shape_text(first)} and {shape_text(other)} differ {where}; only axis {axis} may"
                )
        return (*first[:axis], sum(s[axis] for s in shapes), *first[axis + 1 :])

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.concatenate(xs, axis=self._axis([x.shape for x in xs]))

    def _starts(self, shapes: Sequence[Shape]) -> list[int]:
        axis = self._axis(shapes)
        return [sum(s[axis] for s in shapes[:k]) for k in range(len(shapes))]

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        shapes = [x.shape for x in xs]
        axis, start = self._axis(shapes), self._starts(shapes)[slot]
        return g[(slice(None),) * axis + (slice(start, start + shapes[slot][axis]),)]

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        axis, index = self._axis(shapes), unravel(at, self.shape(shapes))
        slot = max(k for k, start in enumerate(self._starts(shapes)) if start <= index[axis] and shapes[k][axis])
        inside = index[axis] - self._starts(shapes)[slot]
        return slot, ravel((*index[:axis], inside, *index[axis + 1 :]), shapes[slot])

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int:
        axis, index = self._axis(shapes), unravel(at, shapes[slot])
        moved = index[axis] + self._starts(shapes)[slot]
        return ravel((*index[:axis], moved, *index[axis + 1 :]), self.shape(shapes))


class Stack(Joined):
    """Arrays of one shape side by side along a new axis."""

    name = "stack"
    notation = "stack {0} …"
    label = "stack"

    def _axis(self, shapes: Sequence[Shape]) -> int:
        return normal_axes("stack", self.axis, len(shapes[0]) + 1)[0]

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        axis, first = self._axis(shapes), tuple(shapes[0])
        for other in shapes[1:]:
            if tuple(other) != first:
                raise OpError(
                    f"stack: shapes {shape_text(first)} and {shape_text(other)} differ; they must be the same"
                )
        return (*first[:axis], len(shapes), *first[axis:])

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.stack(xs, axis=self._axis([x.shape for x in xs]))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return np.asarray(g[(slice(None),) * self._axis([x.shape for x in xs]) + (slot,)])

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        axis, index = self._axis(shapes), unravel(at, self.shape(shapes))
        return index[axis], ravel(index[:axis] + index[axis + 1 :], shapes[0])

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int:
        axis, index = self._axis(shapes), unravel(at, shapes[0])
        return ravel((*index[:axis], slot, *index[axis:]), self.shape(shapes))
