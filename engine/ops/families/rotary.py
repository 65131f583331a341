"""Rotary positions: pairs of numbers turned by an angle that grows with the position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape, picked
from gradstep.engine.notation import brief
from gradstep.engine.ops.links import Links
from gradstep.engine.ops.op import Op
from gradstep.engine.ops.shapes import check_one, is_number, shape_text


@dataclass(frozen=True)
class Rotary(Op):
    """x (…, positions, width), each pair (a, b) of the width turned to (a cos φ − b sin φ, b cos φ + a sin φ) by the
    angle φ = p base^(−2k/d) of its position p = offset, offset + 1 … and its number k of d/2 (Su et al., RoFormer,
    2021). A pair is k and k + d/2, or two that stand together where it is `interleaved`; d is the width, or the first
    `dims` of it, and the others stay."""

    name = "rotary"
    words: ClassVar[Mapping[str, str]] = {"theta": "base"}
    notation = "{0} turned by its position"
    slopes = ("cos φ to its own place, ±sin φ to the other of its pair",)
    term = "{0}"
    summed = (0,)
    weighs = True
    label = "rotary positions"

    base: float = 10000.0
    interleaved: bool = False
    offset: int = 0
    dims: int | None = None

    def __post_init__(self) -> None:
        check_one("rotary", offset=self.offset, **({} if self.dims is None else {"dims": self.dims}))
        if not is_number(self.base) or not self.base > 0:
            raise OpError(f"rotary: base is a number above 0, not {self.base!r}")
        if type(self.interleaved) is not bool:
            raise OpError(f"rotary: interleaved is True or False, not {self.interleaved!r}")

    def _width(self, shape: Shape) -> int:
        return shape[-1] if self.dims is None else self.dims

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        if len(x) < 2 or not 0 <= self._width(x) <= x[-1] or self._width(x) % 2:
            turned = "its width" if self.dims is None else f"dims, which is {self.dims},"
            raise OpError(f"rotary: x must be (…, positions, width) and {turned} even, but x is {shape_text(x)}")
        return tuple(x)

    def _angles(self, shape: Shape, dtype: np.dtype[Any]) -> tuple[Array, Array]:
        """cos φ and sin φ, shape (positions, pairs)."""
        half = self._width(shape) // 2
        speed = float(self.base) ** (-np.arange(half) / max(half, 1))
        angle = (np.arange(shape[-2]) + self.offset)[:, None] * speed
        return np.cos(angle).astype(dtype), np.sin(angle).astype(dtype)

    def _pairs(self, x: Array) -> tuple[Array, Array]:
        """Views of the first and the second of each pair."""
        width = self._width(x.shape)
        if self.interleaved:
            return x[..., 0:width:2], x[..., 1:width:2]
        return x[..., : width // 2], x[..., width // 2 : width]

    def _turned(self, x: Array, back: bool) -> Array:
        cos, sin = self._angles(x.shape, x.dtype)
        (a, b), y = self._pairs(x), x.copy()
        first, second = self._pairs(y)
        sin = -sin if back else sin
        first[...] = a * cos - b * sin
        second[...] = b * cos + a * sin
        return y

    def forward(self, xs: Sequence[Array]) -> Array:
        return self._turned(xs[0], False)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        return self._turned(g, True)

    def _place(self, at: int, shape: Shape) -> tuple[int, int, int] | None:
        """Of an element that is turned its position, its pair, and which of it it is."""
        here, width = at % shape[-1], self._width(shape)
        if here >= width:
            return None
        pair, which = divmod(here, 2) if self.interleaved else reversed(divmod(here, width // 2))
        return at // shape[-1] % shape[-2], pair, which

    def _links(self, at: int, x: Array, column: bool) -> Links:
        place = self._place(at, x.shape)
        if place is None:
            return Links(0, picked(at), lambda start, stop: np.ones(stop - start, x.dtype))
        position, pair, which = place
        apart = 1 if self.interleaved else self._width(x.shape) // 2
        cos, sin = (table[position, pair] for table in self._angles(x.shape, x.dtype))
        if sin == 0:  # at position 0 nothing is turned
            return Links(0, picked(at), lambda start, stop: np.full(stop - start, cos, x.dtype))
        # The first of a pair takes −sin of the second, and gives sin to it.
        sin = sin if column is (which == 0) else -sin
        factors = np.array([cos, sin] if which == 0 else [sin, cos], x.dtype)
        first = at - which * apart
        return Links(0, picked(first, first + apart), lambda start, stop: factors[start:stop])

    def row(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self._links(at, xs[0], False)

    def column(self, slot: int, at: int, y: Array, xs: Sequence[Array]) -> Links:
        return self._links(at, xs[0], True)

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return brief(float(self._links(at, xs[0], True).local(0, 1)[0]), 12)
