"""Operations that put the elements of one array into another: in their stead, added to them, or folded with them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Elements, Indices, Picked, Shape, picked
from gradstep.engine.notation import brief
from gradstep.engine.ops.adding import spread
from gradstep.engine.ops.choosing import kept
from gradstep.engine.ops.elementwise import chosen
from gradstep.engine.ops.links import Links, none
from gradstep.engine.ops.op import KEPT, RECKONED, Op


class Pairs(NamedTuple):
    """What is put where: for each pair an element of the array that is written to, and one of the source, both counted
    in C order. A source may be put into several places, and several into one. Shapes (pairs,)."""

    places: Indices
    sources: Indices


class Put(Op):
    """y = x, with elements of a source put in. A class gives `pairs`, and `fold` and `factors` what
    becomes of an element and of those that are put to it. One that `replaces` has no use for what is replaced."""

    replaces: ClassVar[bool] = False
    #: The slot of what is put; −1 is the last.
    puts: ClassVar[int] = -1

    @abstractmethod
    def pairs(self, xs: Sequence[Array]) -> Pairs:
        """What is put where. Raises OpError where the numbers of an input say no place."""

    @abstractmethod
    def fold(self, x: Array, pairs: Pairs, source: Array) -> Array:
        """The output, as one row; x is one, and may be written to. `source` has an element for each pair."""

    @abstractmethod
    def factors(self, x: Array, pairs: Pairs, source: Array, y: Array) -> tuple[Array, Array]:
        """∂y/∂x in each place, and ∂y/∂source for each pair."""

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        return tuple(shapes[0])

    def _read(self, xs: Sequence[Array]) -> tuple[Array, Pairs, Array]:
        pairs = kept(self, xs, self.pairs)
        return xs[0].reshape(-1), pairs, xs[self.puts].reshape(-1).take(pairs.sources)

    def forward(self, xs: Sequence[Array]) -> Array:
        x, pairs, source = self._read(xs)
        return self.fold(x.copy(), pairs, source).reshape(xs[0].shape)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        flow = np.zeros(xs[slot].size, dtype=g.dtype)
        if slot in (0, self.puts % len(xs)):
            x, pairs, source = self._read(xs)
            of_x, of_source = self.factors(x, pairs, source, y.reshape(-1))
            if slot == 0:
                flow = self._times(g.reshape(-1), of_x)
            else:
                flow = spread(pairs.sources, self._times(g.reshape(-1).take(pairs.places), of_source), flow)
        return flow.reshape(xs[slot].shape)

    def _times(self, g: Array, factor: Array) -> Array:
        """A gradient times factors; what is replaced gets none of it, also where it is not finite."""
        found = np.asarray(g * factor, dtype=g.dtype)
        return chosen(factor == 0, 0, found, g.dtype) if self.replaces else found

    def _kept(self, y: Array, xs: Sequence[Array]) -> tuple[Pairs, Array, Array]:
        return kept(self, [*xs, y], self._found)

    def _found(self, all_: Sequence[Array]) -> tuple[Pairs, Array, Array]:
        *xs, y = all_
        x, pairs, source = self._read(xs)
        with np.errstate(all="ignore"):
            return pairs, *self.factors(x, pairs, source, y.reshape(-1))

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        if slot not in (0, self.puts % len(xs)):
            return Links(slot, picked(), none(y))
        pairs, of_x, of_source = self._kept(y, xs)
        if slot == 0:
            there = of_x[at] != 0 or not self.replaces
            return _links(0, picked(at) if there else picked(), of_x[at : at + 1])
        found = np.flatnonzero((pairs.places == at) & ((of_source != 0) | (not self.replaces)))
        return _links(slot, *_once(pairs.sources[found], of_source[found]))

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        if slot == 0 or slot != self.puts % len(xs):
            return self.row(slot, at, y, xs)
        pairs, _, of_source = self._kept(y, xs)
        found = np.flatnonzero((pairs.sources == at) & ((of_source != 0) | (not self.replaces)))
        return _links(slot, *_once(pairs.places[found], of_source[found]))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        links = self.column(slot, at, self.forward(xs), xs)
        return brief(float(links.local(0, 1)[0]), 12) if links.grid.size else "0"


def _once(flats: Indices, local: Array) -> tuple[Picked, Array]:
    """Elements, each of them once: what is put twice counts twice."""
    if len(flats) < 2 or len(set(flats.tolist())) == len(flats):
        return Picked(flats), local
    found, which = np.unique(flats, return_inverse=True)
    total = np.zeros(len(found), local.dtype)
    np.add.at(total, which, local)
    return Picked(found.astype(np.intp)), total


def _links(slot: int, grid: Elements, local: Array) -> Links:
    return Links(slot, grid, lambda start, stop: local[start:stop])


class Written(Put):
    """What is put replaces what was there; of several in one place the last one does."""

    of_whole = KEPT
    typed_by: ClassVar[tuple[int, ...]] = (0,)

    replaces = True

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        pairs, flat = kept(self, xs, self.pairs), g.reshape(-1)
        if slot == 0:
            flow = flat.copy()
            flow[pairs.places] = 0
        elif slot == self.puts % len(xs):
            parts, order = flat.take(pairs.places), np.arange(len(pairs.places), dtype=np.int32)
            last = np.empty(xs[0].size, np.int32)
            last[pairs.places] = order
            lost = last.take(pairs.places) != order
            if lost.any():
                parts[lost] = 0
            flow = spread(pairs.sources, parts, np.zeros(xs[slot].size, g.dtype))
        else:
            flow = np.zeros(xs[slot].size, g.dtype)
        return flow.reshape(xs[slot].shape)

    def fold(self, x: Array, pairs: Pairs, source: Array) -> Array:
        x[pairs.places] = source
        return x

    def factors(self, x: Array, pairs: Pairs, source: Array, y: Array) -> tuple[Array, Array]:
        last = np.full(x.shape, -1, dtype=np.intp)
        last[pairs.places] = np.arange(len(pairs.places))
        won = last[pairs.places] == np.arange(len(pairs.places))
        return (last < 0).astype(x.dtype), won.astype(x.dtype)


class Added(Put):
    """What is put is added to what was there."""

    of_whole = RECKONED
    typed_by: ClassVar[tuple[int, ...]] = (0,)

    weighs = True

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if slot == 0:
            return g
        flow = np.zeros(xs[slot].size, g.dtype)
        if slot == self.puts % len(xs):
            pairs = kept(self, xs, self.pairs)
            flow = spread(pairs.sources, g.reshape(-1).take(pairs.places), flow)
        return flow.reshape(xs[slot].shape)

    def fold(self, x: Array, pairs: Pairs, source: Array) -> Array:
        np.add.at(x, pairs.places, source)
        return x

    def factors(self, x: Array, pairs: Pairs, source: Array, y: Array) -> tuple[Array, Array]:
        return np.ones_like(x), np.ones_like(source)


@dataclass(frozen=True)
class Accumulating(Put):
    """What is put replaces what was there, or is added to it."""

    of_whole = RECKONED
    typed_by: ClassVar[tuple[int, ...]] = (0,)

    accumulate: bool = False

    def __post_init__(self) -> None:
        if type(self.accumulate) is not bool:
            raise OpError(f"{self.name}: accumulate is True or False, not {self.accumulate!r}")
        object.__setattr__(self, "replaces", not self.accumulate)
        if self.accumulate:
            object.__setattr__(self, "weighs", True)
            object.__setattr__(self, "summed", (0, self.puts % len(self.slots)))

    def fold(self, x: Array, pairs: Pairs, source: Array) -> Array:
        found = Added.fold if self.accumulate else Written.fold
        return found(self, x, pairs, source)  # type: ignore[arg-type]  # neither looks at what it is of

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        found = Added.vjp if self.accumulate else Written.vjp
        return found(self, slot, g, y, xs)  # type: ignore[arg-type]  # likewise

    def factors(self, x: Array, pairs: Pairs, source: Array, y: Array) -> tuple[Array, Array]:
        found = Added.factors if self.accumulate else Written.factors
        return found(self, x, pairs, source, y)  # type: ignore[arg-type]  # likewise


#: The ways to fold what is put with what was there: the number to start from, and a function of two.
FOLDS: dict[str, tuple[float, np.ufunc]] = {
    "sum": (0.0, np.add),
    "mean": (0.0, np.add),
    "prod": (1.0, np.multiply),
    "amax": (-np.inf, np.maximum),
    "amin": (np.inf, np.minimum),
}


@dataclass(frozen=True)
class Folded(Put):
    """What is put is added up, averaged or multiplied, or the largest or the smallest is taken: with what was there, or
    without it, where nothing is put it stays."""

    of_whole = RECKONED
    typed_by: ClassVar[tuple[int, ...]] = (0,)

    reduce: str = "sum"
    include_self: bool = True

    def __post_init__(self) -> None:
        if self.reduce not in FOLDS:
            raise OpError(f"{self.name}: reduce is one of {', '.join(map(repr, FOLDS))}, not {self.reduce!r}")
        if type(self.include_self) is not bool:
            raise OpError(f"{self.name}: include_self is True or False, not {self.include_self!r}")

    def members(self, at: int, xs: Sequence[Array]) -> list[tuple[int, int]]:
        """What is folded into output `at`, each as its slot and its element."""
        pairs = self.pairs(xs)
        stays, _ = self._counts(xs[0].reshape(-1), pairs)
        put = pairs.sources[pairs.places == at].tolist()
        return [*([(0, at)] if stays[at] else []), *((self.puts % len(xs), source) for source in put)]

    def _counts(self, x: Array, pairs: Pairs) -> tuple[Array, Array]:
        """Of each place whether what was there enters, and how many enter."""
        puts = np.bincount(pairs.places, minlength=len(x))
        stays = np.ones(len(x), bool) if self.include_self else puts == 0
        return stays, np.asarray(puts + stays, dtype=x.dtype)

    def fold(self, x: Array, pairs: Pairs, source: Array) -> Array:
        start, function = FOLDS[self.reduce]
        stays, count = self._counts(x, pairs)
        y = np.where(stays, x, x.dtype.type(start))
        function.at(y, pairs.places, source)
        return np.asarray(y / count if self.reduce == "mean" else y)

    def factors(self, x: Array, pairs: Pairs, source: Array, y: Array) -> tuple[Array, Array]:
        stays, count = self._counts(x, pairs)
        if self.reduce in ("sum", "mean"):
            each = 1 / count if self.reduce == "mean" else np.ones_like(x)
            return np.where(stays, each, x.dtype.type(0)), each[pairs.places]
        return (_products if self.reduce == "prod" else _shares)(x, pairs, source, y, stays)


def _products(x: Array, pairs: Pairs, source: Array, y: Array, stays: Array) -> tuple[Array, Array]:
    """The product of all others that enter a place, also where one of them is 0."""
    inner = np.where(stays, x, x.dtype.type(1))
    zeros, others = (inner == 0).astype(np.intp), np.where(inner == 0, inner.dtype.type(1), inner)
    np.add.at(zeros, pairs.places, source == 0)
    np.multiply.at(others, pairs.places, np.where(source == 0, source.dtype.type(1), source))

    def rest(of: Array, at: Any) -> Array:
        one = np.where(of == 0, others[at], others[at] / np.where(of == 0, of.dtype.type(1), of))
        return np.asarray(np.where(zeros[at] - (of == 0) > 0, of.dtype.type(0), one))

    return np.where(stays, rest(inner, slice(None)), x.dtype.type(0)), rest(source, pairs.places)


def _shares(x: Array, pairs: Pairs, source: Array, y: Array, stays: Array) -> tuple[Array, Array]:
    """1/n to each of the n that are the largest or the smallest in their place."""
    mine, put = stays & (x == y), source == y[pairs.places]
    count = mine.astype(x.dtype)
    np.add.at(count, pairs.places, put.astype(x.dtype))
    share = 1 / np.maximum(count, 1)
    return mine * share, put * share[pairs.places]
