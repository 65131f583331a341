"""Operations that move elements and compute nothing, and masks by place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, ravel, unravel
from gradstep.engine.ops.op import Masked, Move, Op, normal_axes, shape_text


class Reordered(Move):
    """The same elements in the same order, in another shape."""

    slopes = ("1",)

    def forward(self, xs: Sequence[Array]) -> Array:
        return xs[0].reshape(self.shape([xs[0].shape]))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return g.reshape(xs[0].shape)

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        return 0, at

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int:
        return at


@dataclass(frozen=True)
class Reshape(Reordered):
    """The elements in C order in a new shape; one length may be −1, and follows from the others."""

    name = "reshape"
    notation = "reshape {0}"
    label = "reshape"

    to: tuple[int, ...] = (-1,)

    def __post_init__(self) -> None:
        lengths = self.to if isinstance(self.to, tuple) else ()
        if any(type(n) is not int or n < -1 for n in lengths) or lengths.count(-1) > 1 or lengths != self.to:
            raise OpError(
                f"reshape: the new shape is whole numbers in brackets, at most one of them −1, not {self.to!r}"
            )

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        size, known = prod(shapes[0]), prod(n for n in self.to if n >= 0)
        if -1 in self.to:
            if known == 0 or size % known:
                raise OpError(f"reshape: {size} elements of shape {shape_text(shapes[0])} do not fit {self.to}")
            return tuple(size // known if n == -1 else n for n in self.to)
        if known != size:
            raise OpError(
                f"reshape: {size} elements of shape {shape_text(shapes[0])} do not fit {self.to}, which has {known}"
            )
        return self.to


@dataclass(frozen=True)
class Flatten(Reordered):
    """All axes from `start` on become one; flatten(x, 1) keeps the samples apart."""

    name = "flatten"
    notation = "flatten {0}"
    label = "flatten"

    start: int = 0

    def __post_init__(self) -> None:
        if type(self.start) is not int or self.start < 0:
            raise OpError(f"flatten: start is the first axis to join, a whole number from 0 on, not {self.start!r}")

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if self.start > len(shapes[0]):
            raise OpError(f"flatten: there is no axis {self.start} in shape {shape_text(shapes[0])}")
        return (*shapes[0][: self.start], prod(shapes[0][self.start :]))


@dataclass(frozen=True)
class Transpose(Move):
    """The axes in another order; reversed where none is given, as with `.T`."""

    name = "transpose"
    notation = "{0}ᵀ"
    slopes = ("1",)
    label = "transpose"

    axes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.axes is not None and not (isinstance(self.axes, tuple) and all(type(a) is int for a in self.axes)):
            raise OpError(f"transpose: axes are whole numbers in brackets, not {self.axes!r}")

    def order(self, ndim: int) -> tuple[int, ...]:
        if self.axes is None:
            return tuple(reversed(range(ndim)))
        if len(self.axes) != ndim:
            raise OpError(f"transpose: {len(self.axes)} axes are named, but there are {ndim}")
        return normal_axes("transpose", self.axes, ndim)

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(shapes[0][a] for a in self.order(len(shapes[0])))

    def forward(self, xs: Sequence[Array]) -> Array:
        return xs[0].transpose(self.order(xs[0].ndim))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return g.transpose(np.argsort(self.order(g.ndim)))

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        order = self.order(len(shapes[0]))
        index = unravel(at, self.shape(shapes))
        return 0, ravel(tuple(index[order.index(a)] for a in range(len(order))), shapes[0])

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int:
        index = unravel(at, shapes[0])
        return ravel(tuple(index[a] for a in self.order(len(index))), self.shape(shapes))


@dataclass(frozen=True)
class Index(Move):
    """x[0], x[:, 1], x[1:3, ::2]: `at` has a whole number or (start, stop, step) for each axis from
    the first on."""

    name = "index"
    notation = "part of {0}"
    slopes = ("1",)
    label = "part"

    at: tuple[int | tuple[int | None, int | None, int | None], ...] = ()

    def __post_init__(self) -> None:
        for one in self.at if isinstance(self.at, tuple) else ("",):
            if type(one) is int:
                continue
            ends = one if isinstance(one, tuple) else ()
            if len(ends) != 3 or any(v is not None and type(v) is not int for v in ends) or ends[2] == 0:
                raise OpError("index: write it as x[0] or x[:, 1:3], with whole numbers")

    def _ranges(self, shape: Shape) -> list[int | range]:
        if len(self.at) > len(shape):
            raise OpError(f"index: {len(self.at)} indices for shape {shape_text(shape)}, which has {len(shape)} axes")
        found: list[int | range] = []
        for axis, (one, extent) in enumerate(
            zip((*self.at, *(((None,) * 3),) * (len(shape) - len(self.at))), shape, strict=True)
        ):
            if isinstance(one, int):
                if not -extent <= one < extent:
                    raise OpError(f"index {one} is out of range: axis {axis} of shape {shape_text(shape)} has {extent}")
                found.append(one % extent)
            else:
                found.append(range(*slice(*one).indices(extent)))
        return found

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(len(r) for r in self._ranges(shapes[0]) if isinstance(r, range))

    def _key(self) -> tuple[int | slice, ...]:
        return tuple(one if isinstance(one, int) else slice(*one) for one in self.at)

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0][self._key()])

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        flow = np.zeros(xs[0].shape, dtype=g.dtype)
        flow[self._key()] = g
        return flow

    def source(self, at: int, shapes: Sequence[Shape]) -> tuple[int, int]:
        index = iter(unravel(at, self.shape(shapes)))
        return 0, ravel(tuple(r if isinstance(r, int) else r[next(index)] for r in self._ranges(shapes[0])), shapes[0])

    def target(self, slot: int, at: int, shapes: Sequence[Shape]) -> int | None:
        found = []
        for here, there in zip(unravel(at, shapes[0]), self._ranges(shapes[0]), strict=True):
            if here != there if isinstance(there, int) else here not in there:
                return None
            if isinstance(there, range):
                found.append(there.index(here))
        return ravel(tuple(found), self.shape(shapes))


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


@dataclass(frozen=True)
class Dropout(Masked):
    """Each element is 0 with probability p, else x / (1 − p). Which ones is drawn with PCG64 from
    `seed` and the iteration, so it is the same in every run (Srivastava et al., JMLR 2014)."""

    name = "dropout"
    notation = "dropout {0}"
    slopes = ("0 where dropped, else 1 / (1 − p)",)
    label = "dropout"

    p: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if type(self.p) not in (int, float) or not 0 <= self.p < 1:
            raise OpError(f"dropout: p is a probability from 0 to below 1, not {self.p!r}")
        if type(self.seed) is not int or self.seed < 0:
            raise OpError(f"dropout: seed is a whole number from 0 on, not {self.seed!r}")

    varies = True
    #: Not an option: a formula cannot say it.
    iteration: ClassVar[int] = 1

    def in_iteration(self, iteration: int) -> Op:
        other = Dropout(self.p, self.seed)
        object.__setattr__(other, "iteration", iteration)
        return other

    def in_use(self) -> Op:
        return Dropout(0.0, self.seed)

    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        seed = self.seed if self.iteration == 1 else [self.seed, self.iteration]
        kept = np.random.Generator(np.random.PCG64(seed)).random(shape) >= self.p
        return np.asarray(kept / (1 - self.p), dtype=dtype)

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(xs[0] * self.slopes_at(xs[0].shape, xs[0].dtype))


class CausalMask(Masked):
    """−∞ where the last axis is ahead of the one before it: no position looks at later ones."""

    name = "causal_mask"
    notation = "{0}, −∞ above the diagonal"
    slopes = ("1 on and below the diagonal, 0 above",)
    label = "causal mask"

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        if len(shapes[0]) < 2:
            raise OpError(f"causal_mask: at least two axes are needed, but the shape is {shape_text(shapes[0])}")
        return tuple(shapes[0])

    def slopes_at(self, shape: Shape, dtype: np.dtype[Any]) -> Array:
        return np.broadcast_to(np.tri(*shape[-2:], dtype=dtype), shape)

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        return np.where(np.tri(*x.shape[-2:]) > 0, x, x.dtype.type(-np.inf))

    def deliberate(self, y: Array, xs: Sequence[Array]) -> Array | None:
        return np.isneginf(y)
