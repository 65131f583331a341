"""Choosing: larger, smaller, between bounds, by a condition."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise, chosen
from gradstep.engine.ops.functions import function
from gradstep.engine.ops.op import BOUNDED, KEPT


class OneOfTwo(Elementwise):
    """The larger or the smaller of two; where they are equal each gets half of the gradient."""

    slots = ("a", "b")
    of_whole = KEPT
    kink = "where both are equal each gets half of the gradient"
    edge = "where one is NaN both get all of the gradient"
    gated = True

    @abstractmethod
    def loses(self, mine: Array, other: Array, also: bool) -> Array:
        """Where `mine` is not chosen beside `other`; or `also` where they are equal."""

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        mine, other = xs[slot], xs[1 - slot]
        # A NaN compares with nothing, so beside it neither loses.
        chosen, alone = ~self.loses(mine, other, False), ~self.loses(mine, other, True)
        return np.asarray(np.add(chosen, alone, dtype=y.dtype) * y.dtype.type(0.5))


class Maximum(OneOfTwo):
    name = "maximum"
    notation = "max({0}, {1})"
    slopes = ("1 if {0} > {1}, ½ if {0} = {1}, else 0", "1 if {1} > {0}, ½ if {0} = {1}, else 0")
    label = "maximum"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.maximum(xs[0], xs[1]))

    def loses(self, mine: Array, other: Array, also: bool) -> Array:
        return np.asarray(mine <= other if also else mine < other)


class Minimum(OneOfTwo):
    name = "minimum"
    notation = "min({0}, {1})"
    slopes = ("1 if {0} < {1}, ½ if {0} = {1}, else 0", "1 if {1} < {0}, ½ if {0} = {1}, else 0")
    label = "minimum"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.minimum(xs[0], xs[1]))

    def loses(self, mine: Array, other: Array, also: bool) -> Array:
        return np.asarray(mine >= other if also else mine > other)


def _first(a: Array, b: Array, wins: Array) -> Array:
    """Where a is chosen: where it wins, or b is NaN."""
    return np.asarray(wins | np.isnan(b))


_TIES = "where both are equal the first gets all of the gradient"
_ONE = "a NaN beside a number is not chosen"

function("fmax", "max({0}, {1})", np.fmax,
    ("1 if {0} ≥ {1}, else 0", lambda y, a, b: _first(a, b, a >= b)),
    ("1 if {1} > {0}, else 0", lambda y, a, b: ~_first(a, b, a >= b)),
    label="maximum without NaN", kink=_TIES, edge=_ONE, gated=True, of_whole=KEPT,
)  # fmt: skip
function("fmin", "min({0}, {1})", np.fmin,
    ("1 if {0} ≤ {1}, else 0", lambda y, a, b: _first(a, b, a <= b)),
    ("1 if {1} < {0}, else 0", lambda y, a, b: ~_first(a, b, a <= b)),
    label="minimum without NaN", kink=_TIES, edge=_ONE, gated=True, of_whole=KEPT,
)  # fmt: skip


@dataclass(frozen=True)
class Clip(Elementwise):
    """x held between two bounds, of which one may be left out."""

    name = "clip"
    words: ClassVar[Mapping[str, str]] = {"low": "min", "high": "max", "a_min": "min", "a_max": "max"}
    notation = "clip({0}, low, high)"
    slopes = ("1 if low ≤ {0} ≤ high, else 0",)
    kink = "at a bound the slope is taken as 1"
    edge = "a NaN is within no bounds: the slope there is 0"
    gated = True
    label = "clip"

    min: float | None = None
    max: float | None = None

    def __post_init__(self) -> None:
        given = [bound for bound in (self.min, self.max) if bound is not None]
        if not given:
            raise OpError("clip: at least one of min and max is needed")
        if any(type(bound) not in (int, float) for bound in given) or not given[0] <= given[-1]:
            raise OpError(f"clip: min and max are numbers with min ≤ max, not {self.min!r} and {self.max!r}")

    @property
    def of_whole(self) -> str:  # type: ignore[override]  # of whole numbers between such that are none it makes others
        return BOUNDED if all(bound is None or type(bound) is int for bound in (self.min, self.max)) else ""

    @property
    def _bounds(self) -> tuple[float, float]:
        return (-inf if self.min is None else self.min), (inf if self.max is None else self.max)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return dict(zip(("low", "high"), self._bounds, strict=True))

    def valued(self, text: str, dtype: np.dtype[Any]) -> str:
        if self.max is None:
            text = text.replace("clip({0}, low, high)", "max({0}, low)").replace("low ≤ {0} ≤ high", "{0} ≥ low")
        if self.min is None:
            text = text.replace("clip({0}, low, high)", "min({0}, high)").replace("low ≤ {0} ≤ high", "{0} ≤ high")
        return super().valued(text, dtype)

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.clip(xs[0], *self._bounds), dtype=xs[0].dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        low, high = self._bounds
        return ((xs[0] >= low) & (xs[0] <= high)).astype(y.dtype)


class Where(Elementwise):
    """a where the condition holds (is not 0), else b.

    The gradient of the branch not taken is multiplied by 0, which is no help where its own slope
    is infinite: 0 × ∞ is NaN.
    """

    name = "where"
    slots = ("condition", "a", "b")
    words: ClassVar[Mapping[str, str]] = {"input": "a", "other": "b", "x": "a", "y": "b"}
    notation = "where({0}, {1}, {2})"
    slopes = ("0", "1 if {0}, else 0", "0 if {0}, else 1")
    label = "where"
    of_whole = KEPT
    typed_by = (1, 2)
    gated = True

    def forward(self, xs: Sequence[Array]) -> Array:
        mask = np.broadcast_to(xs[0] != 0, self.shape([x.shape for x in xs]))
        return chosen(mask, xs[1], xs[2], xs[1].dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        if slot == 0:
            return np.zeros_like(y)
        holds = (xs[0] != 0) if slot == 1 else (xs[0] == 0)
        return np.broadcast_to(holds.astype(y.dtype), y.shape)
