"""Operations whose elements are linked through fixed strides: sums of products, and all that broadcasts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from math import prod

import numpy as np

from gradstep.engine.index import Array, Grid, Indices, Shape, Space
from gradstep.engine.ops.links import Columns, Links
from gradstep.engine.ops.op import RECKONED, Op


class Affine(Op):
    """An operation whose operands and output see a box of points through fixed strides: rows and
    columns are then the same question, with other axes held."""

    @abstractmethod
    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        """The iteration space in which `slot` meets the output."""

    @abstractmethod
    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        """∂y/∂x[slot] at single points of the space: y and xs hold the elements read there. True
        and False stand for 1 and 0."""

    def factor(self, slot: int) -> int | None:
        """The slot whose element *is* the local derivative for `slot`, as in a product."""
        return None

    def meeting(self, slot: int, at: int, shapes: Sequence[Shape]) -> list[Grid]:
        """Which elements of each operand meet in the terms through which xs[slot].flat[at] feeds the output."""
        space = self.space(slot, shapes)
        point, free = space.hold(at, space.operands[slot])
        return [space.grid(point, free, seen) for seen in space.operands]

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        space = self.space(slot, [x.shape for x in xs])
        return self._links(slot, space, space.out, at, space.operands[slot], y, xs)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        space = self.space(slot, [x.shape for x in xs])
        return self._links(slot, space, space.operands[slot], at, space.out, y, xs)

    def columns(self, slot: int, start: int, stop: int, y: Array, xs: Sequence[Array]) -> Columns:
        space = self.space(slot, [x.shape for x in xs])
        held, elements = space.operands[slot], np.arange(start, stop, dtype=np.intp)
        bases = [np.zeros_like(elements) for _ in (space.out, *space.operands)]
        free = []
        for axis, (extent, stride) in enumerate(zip(space.extent, held, strict=True)):
            if stride:
                point = elements // stride % extent
                for base, seen in zip(bases, (space.out, *space.operands), strict=True):
                    base += point * seen[axis]
            elif extent != 1:
                free.append(axis)
        shape = tuple(space.extent[a] for a in free)
        count = prod(shape)
        out, *operands = (
            (base[:, None] + Grid(0, shape, tuple(seen[a] for a in free)).take(0, count)).reshape(-1)
            for base, seen in zip(bases, (space.out, *space.operands), strict=True)
        )
        read = [_read(x, at) for x, at in zip(xs, operands, strict=False)]
        with np.errstate(all="ignore"):
            local = np.asarray(self.local(slot, y.take(out), read), dtype=y.dtype) * self.weight(xs)
        return Columns(np.repeat(np.arange(stop - start, dtype=np.intp), count), out, local, self.factor(slot))

    def weight(self, xs: Sequence[Array]) -> float:
        """What every local derivative is multiplied by; 1 but for a mean."""
        return 1.0

    def _links(self, slot: int, space: Space, held: Shape, at: int, far: Shape, y: Array, xs: Sequence[Array]) -> Links:
        point, free = space.hold(at, held)
        operands = [space.grid(point, free, s) for s in space.operands]
        out = space.grid(point, free, space.out)

        def local(start: int, stop: int) -> Array:
            read = [_read(x, grid.take(start, stop)) for x, grid in zip(xs, operands, strict=False)]
            with np.errstate(all="ignore"):  # NaN and infinities flow as IEEE says
                return np.asarray(self.local(slot, y.take(out.take(start, stop)), read), dtype=y.dtype)

        other = self.factor(slot)
        return Links(slot, space.grid(point, free, far), local, None if other is None else (other, operands[other]))


def _read(x: Array, at: Indices) -> Array:
    """Elements of an operand. One without elements enters nothing, and no number is read from it: so it is with the
    inputs of a weighted sum whose output is its bias."""
    return x.take(at) if x.size else np.zeros(len(at), dtype=x.dtype)


class Contract(Affine):
    """y = Σₖ a[…, k] · b[…, k]: a sum of products. The local derivative is the other factor."""

    of_whole = RECKONED

    contracts = True

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return xs[1 - slot]

    def factor(self, slot: int) -> int | None:
        return 1 - slot if slot < 2 else None
