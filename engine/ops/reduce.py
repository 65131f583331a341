"""Operations that add up, over all elements or along some axes: sums, means, losses."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Sequence
from math import prod
from typing import ClassVar

import numpy as np

from gradstep.engine.index import Array, Elements, Shape, Space, broadcast_strides, strides
from gradstep.engine.ops.affine import Affine
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.shapes import broadcast, unbroadcast


class Reduce(Affine):
    """y = c · Σ f(x₀, x₁, …) over some axes of the inputs broadcast together.

    A class gives `terms` = f and `term_slope` = ∂f/∂x[slot]. c is 1, or 1/n where it `averages`, or what a class makes
    of `scale`.
    """

    reduces: ClassVar[bool] = True

    def axes(self, ndim: int) -> tuple[int, ...]:
        """The axes that are summed away; all of them unless a class says otherwise."""
        return tuple(range(ndim))

    def averages(self) -> bool:
        """Whether it is a mean."""
        return False

    def keeps(self) -> bool:
        """Whether summed axes stay with length 1."""
        return False

    def scale(self, count: int) -> float:
        """c, from the count of terms."""
        if not self.averages():
            return 1.0
        return 1 / count if count else float("nan")

    def divisor(self, shapes: Sequence[Shape], at: int = 0) -> int:
        return self._count(broadcast(shapes, self.name)) if self.averages() else 1

    @abstractmethod
    def terms(self, xs: Sequence[Array]) -> Array:
        """f at every point, in the broadcast shape of xs."""

    @abstractmethod
    def term_slope(self, slot: int, xs: Sequence[Array]) -> Array:
        """∂f/∂x[slot], in a shape that broadcasts with xs."""

    def _count(self, joint: Shape) -> int:
        return prod(joint[a] for a in self.axes(len(joint)))

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        joint = broadcast(shapes, self.name)
        axes = self.axes(len(joint))
        if self.keeps():
            return tuple(1 if a in axes else n for a, n in enumerate(joint))
        return tuple(n for a, n in enumerate(joint) if a not in axes)

    def forward(self, xs: Sequence[Array]) -> Array:
        terms = self.terms(xs)
        total = terms.sum(axis=self.axes(terms.ndim), keepdims=self.keeps())
        return np.asarray(total * self.scale(self._count(terms.shape)), dtype=terms.dtype)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        joint = broadcast([x.shape for x in xs], self.name)
        axes = self.axes(len(joint))
        if not self.keeps() and g.ndim != len(joint):
            g = g.reshape(tuple(1 if a in axes else n for a, n in enumerate(joint)))
        flow = self.term_slope(slot, xs) * (g * self.scale(self._count(joint)))
        if flow.shape != joint:
            flow = np.broadcast_to(flow, joint)
        return unbroadcast(flow, xs[slot].shape)

    def space(self, slot: int, shapes: Sequence[Shape]) -> Space:
        joint = broadcast(shapes, self.name)
        axes = self.axes(len(joint))
        kept = strides(tuple(1 if a in axes else n for a, n in enumerate(joint)))
        return Space(joint, tuple(broadcast_strides(s, joint) for s in shapes), kept)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self._scaled(super().row(slot, at, y, xs), xs)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self._scaled(super().column(slot, at, y, xs), xs)

    def weight(self, xs: Sequence[Array]) -> float:
        return self.scale(self._count(broadcast([x.shape for x in xs], self.name)))

    def _scaled(self, links: Links, xs: Sequence[Array]) -> Links:
        scale = self.weight(xs)
        if scale == 1.0:
            return links
        inner = links.local

        def local(start: int, stop: int) -> Array:
            with np.errstate(all="ignore"):
                return inner(start, stop) * scale

        return dataclasses.replace(links, local=local, factor=None)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.broadcast_to(self.term_slope(slot, xs), xs[slot].shape)

    def summands(self, at: int, xs: Sequence[Array]) -> tuple[Elements, Callable[[int, int], Array]]:
        space = self.space(0, [x.shape for x in xs])
        point, free = space.hold(at, space.out)
        operands = [space.grid(point, free, s) for s in space.operands]
        scale = self.scale(self._count(space.extent))

        def read(start: int, stop: int) -> Array:
            read = [x.take(g.take(start, stop)) for x, g in zip(xs, operands, strict=True)]
            with np.errstate(all="ignore"):
                return np.asarray(self.terms(read) * scale)

        return operands[0], read
