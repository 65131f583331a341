"""Two runs side by side: where they first differ, and where most.

Compared by name, in the order in which the first run computes; so a change of one weight is first
seen in the weight itself, then in the sum it enters, and so on down the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from gradstep.engine.ask.scope import Reference
from gradstep.engine.graph.element import Element
from gradstep.engine.index import Array
from gradstep.engine.notation import Digits, number, padded, plain
from gradstep.engine.run.recording import Recording
from gradstep.engine.run.staleness import marked

#: So many of the largest differences are told.
_TOLD = 10


class Difference(NamedTuple):
    """A number, as it is typed, in both runs; the step of the first run that writes it, 0 for what is
    given."""

    name: str
    step: int
    a: float
    b: float

    @property
    def size(self) -> float:
        """|a − b|; infinite where one of them is no finite number."""
        gap = abs(self.a - self.b)
        return gap if gap == gap else float("inf")

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "step": self.step,
            "a": plain(self.a),
            "b": plain(self.b),
            "difference": plain(self.size),
        }


class Comparison(NamedTuple):
    """What differs between two runs: `differing` of the `compared` numbers; the `first` in the order of
    time, and the `largest`. `only` are names that one run has and the other has not, or in another
    shape, with what is said of them."""

    compared: int
    differing: int
    first: Difference | None
    largest: tuple[Difference, ...]
    only: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differing and not self.only

    def lines(self) -> Iterator[str]:
        """For people."""
        if self.same:
            yield f"the same: {self.compared:,} numbers agree"
            return
        for which in ("first", "second"):  # of another network there may be hundreds
            mine = [text for text in self.only if text.startswith(f"only the {which} ")]
            yield from mine[:_TOLD]
            if len(mine) > _TOLD:
                yield f"and {len(mine) - _TOLD:,} more that only the {which} has"
        yield from (text for text in self.only if not text.startswith("only the "))
        yield f"{self.differing:,} of {self.compared:,} numbers differ"
        if self.first is not None:
            yield f"first   {_line(self.first)}"
        for k, one in enumerate(self.largest):
            yield f"{'largest' if not k else '       '} {_line(one)}"

    def document(self) -> dict[str, Any]:
        """For programs."""
        return {
            "same": self.same,
            "compared": self.compared,
            "differ": self.differing,
            "first": None if self.first is None else self.first.document(),
            "largest": [one.document() for one in self.largest],
            "only": list(self.only),
        }


def _line(one: Difference) -> str:
    when = f"step {one.step:,}" if one.step else "given"
    return f"{padded(one.name, 16)} {beside(one.a, one.b)}   {when}"


def beside(a: float, b: float) -> str:
    """`a → b`, with all their digits where they differ in later ones only."""
    texts = [number(x, Digits.FINE) for x in (a, b)]
    if texts[0] == texts[1] and a != b:
        texts = [number(x, Digits.FULL) for x in (a, b)]
    return f"{texts[0]:>12} → {texts[1]:>12}"


def compare(a: Recording, b: Recording, rtol: float = 0.0) -> Comparison:
    """Compares two runs. Numbers agree that are equal, both NaN, or within `rtol` of one another."""
    only = tuple(_only(a, b))
    found: list[Difference] = []
    compared = differing = 0
    first: Difference | None = None
    for (base, kind), step, one, other in _pairs(a, b):
        compared += one.size
        with np.errstate(all="ignore"):
            apart = (one != other) & ~(np.isnan(one) & np.isnan(other))
            if rtol:
                apart &= ~(abs(one - other) <= rtol * np.maximum(abs(one), abs(other)))
            flats = np.flatnonzero(apart)
            gaps = abs(one.reshape(-1)[flats] - other.reshape(-1)[flats])
        gaps[np.isnan(gaps)] = np.inf
        differing += len(flats)
        largest = flats[np.argsort(-gaps, kind="stable")[:_TOLD]]
        value = a.graph.by_name[base].id
        told = [
            Difference(
                a.board.typed(value, flat, kind),
                step + flat + 1 if step >= 0 else 0,
                marked(float(one.flat[flat]), a.stale(kind, Element(value, flat))),
                marked(float(other.flat[flat]), b.stale(kind, Element(b.graph.by_name[base].id, flat))),
            )
            for flat in [*flats[:1].tolist(), *largest.tolist()]
        ]
        first = first or next(iter(told), None)
        found += told[1:]
    return Comparison(compared, differing, first, tuple(sorted(found, key=lambda d: -d.size)[:_TOLD]), only)


def _only(a: Recording, b: Recording) -> Iterator[str]:
    for here, there, which in ((a, b, "first"), (b, a, "second")):
        for name in here.graph.by_name:
            if name not in there.graph.by_name:
                yield f"only the {which} has '{name}'"
    for name, value in a.graph.by_name.items():
        other = b.graph.by_name.get(name)
        if other is not None and other.shape != value.shape:
            yield f"'{name}' has shape {value.shape} in the first and {other.shape} in the second"


def _pairs(a: Recording, b: Recording) -> Iterator[tuple[tuple[str, str], int, Array, Array]]:
    """What both have in the same shape, in the order of time: (name, kind), the step before the first
    (−1 for what is given), and the two arrays in float64."""
    common = [v for v in a.graph.values if _same_shape(a, b, v.name)]
    for value in common:
        if value.node < 0:
            other = b.graph.by_name[value.name]
            yield (value.name, "data"), -1, _wide(a.trace.data[value.id]), _wide(b.trace.data[other.id])
    values = {v.id: v for v in common}
    for sweep in a.timeline.sweeps:
        here, kind = values.get(sweep.value), sweep.phase.kind
        if here is None:
            continue
        there = b.graph.by_name[here.name]
        if (kind == "next" and there not in b.graph.parameters) or (kind == "grad" and b.trace.grad[there.id] is None):
            continue
        one, other = Reference(here, kind).read(a), Reference(there, kind).read(b)
        yield (here.name, kind), sweep.start, _wide(one), _wide(other)


def _same_shape(a: Recording, b: Recording, name: str) -> bool:
    mine, other = a.graph.by_name.get(name), b.graph.by_name.get(name)
    return mine is not None and other is not None and mine.shape == other.shape


def _wide(array: Array) -> Array:
    return np.asarray(array, dtype=np.float64)


def alike(a: Recording, b: Recording) -> bool:
    """Whether both take the same steps, so that one cursor can stand in both."""
    return [(v.name, v.shape, v.node) for v in a.graph.values] == [(v.name, v.shape, v.node) for v in b.graph.values]
