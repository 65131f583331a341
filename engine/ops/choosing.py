"""Operations whose outputs are elements of an input, where numbers say which: those of other inputs, or its own."""

from __future__ import annotations

import weakref
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeVar

import numpy as np

from gradstep.engine.index import Array, Indices, Shape, picked
from gradstep.engine.ops.links import Columns, Links, none, ones
from gradstep.engine.ops.moving import regular
from gradstep.engine.ops.op import KEPT, Op
from gradstep.engine.ops.windows import steps


@dataclass(frozen=True)
class Listed:
    """Whole numbers, or True and False, that are written out in brackets: `numbers` in C order, of a `shape`."""

    numbers: tuple[int | bool, ...]
    shape: Shape

    @property
    def array(self) -> Array:
        """The numbers as an array."""
        return np.array(self.numbers, dtype=np.intp if self.truths is False else bool).reshape(self.shape)

    @property
    def truths(self) -> bool:
        """Whether they are True and False."""
        return bool(self.numbers) and type(self.numbers[0]) is bool


class Pointing(Op):
    """Each output is the place of an element."""

    of_whole = "int64"

    @abstractmethod
    def pointed(self, at: int, xs: Sequence[Array]) -> int:
        """The element of x whose place output `at` is."""

    @abstractmethod
    def axes(self, ndim: int) -> Sequence[int]:
        """The axes along which it is counted."""


class Chosen(Op):
    """Each output is an element of slot 0, and the numbers of the inputs say which one: its slope is 1. One element may
    be chosen several times, and then its gradients add up. A class gives `chosen`."""

    slopes: ClassVar[tuple[str, ...]] = ("1 to the one that is chosen, 0 to all others",)
    of_whole = KEPT
    typed_by = (0,)

    @abstractmethod
    def chosen(self, xs: Sequence[Array]) -> Indices:
        """Which element of slot 0 each output is, counted in C order, in the output's shape. Raises OpError where the
        numbers say none."""

    def forward(self, xs: Sequence[Array]) -> Array:
        found = np.asarray(xs[0].take(kept(self, xs, self._flat)))
        return found.reshape(self.shape([x.shape for x in xs]))

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        flow = np.zeros(xs[slot].size, dtype=g.dtype)
        if slot == 0:
            np.add.at(flow, kept(self, xs, self._flat), g.reshape(-1))
        return flow.reshape(xs[slot].shape)

    def origin(self, at: int, xs: Sequence[Array]) -> int:
        """The element of slot 0 that output `at` is."""
        return int(kept(self, xs, self._flat)[at])

    def _flat(self, xs: Sequence[Array]) -> Indices:
        return self.chosen(xs).reshape(-1)

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        if slot:
            return Links(slot, picked(), none(y))
        return Links(0, picked(self.origin(at, xs)), ones(y))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        if slot:
            return Links(slot, picked(), none(y))
        return Links(0, regular(np.flatnonzero(kept(self, xs, self._flat) == at), y.shape), ones(y))

    def columns(self, slot: int, start: int, stop: int, y: Array, xs: Sequence[Array]) -> Columns:
        chosen = kept(self, xs, self._flat) if slot == 0 else np.empty(0, np.intp)
        out = np.flatnonzero((chosen >= start) & (chosen < stop))
        out = out[np.argsort(chosen[out], kind="stable")]
        return Columns(chosen[out] - start, out, np.ones(len(out), y.dtype), None)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "1" if slot == 0 and self._flat(xs).item(0) == at else "0"


#: What was found last: for what, of which arrays, and how.
_FOUND: list[tuple[object, tuple[weakref.ref[Array], ...], object]] = []


_T = TypeVar("_T")


def kept(of: object, xs: Sequence[Array], find: Callable[[Sequence[Array]], _T]) -> _T:
    """What `find` makes of arrays, found again without computing it for the last few arrays that nobody can write to.
    One element after the other is asked for, and each would go through all of them."""
    for what, refs, found in _FOUND:
        if (
            what == (of, find.__name__)
            and len(refs) == len(xs)
            and all(r() is x for r, x in zip(refs, xs, strict=True))
        ):
            return found  # type: ignore[return-value]  # found by the same function
    new = find(xs)
    if not any(x.flags.writeable for x in xs):
        _FOUND.append(((of, find.__name__), tuple(map(weakref.ref, xs)), new))
        del _FOUND[:-4]
    return new


def along(ids: Array, axis: int, shape: Shape) -> Indices:
    """The elements of an array of `shape` that differ from those in the places of `ids` in their place along one axis,
    which `ids` has: of out[i, j] with axis 1 it is [i, ids[i, j]]. Whole numbers, in the shape of `ids`."""
    found = np.zeros(ids.shape, np.intp)
    for a, step in enumerate(steps(shape)):
        wide = tuple(-1 if b == a else 1 for b in range(ids.ndim))
        found += step * (ids if a == axis else np.arange(ids.shape[a]).reshape(wide))
    return found
