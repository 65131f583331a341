"""What changes a number's type, or its gradient alone: casts, and gradients that are stopped, scaled or sent past."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.families.arithmetic import Add, Subtract
from gradstep.engine.ops.op import KEPT
from gradstep.engine.ops.precision import EPS, rounded
from gradstep.engine.ops.promotion import KINDS, WHOLE, held, is_whole
from gradstep.engine.ops.shapes import check_numbers


class Detach(Elementwise):
    """The number itself, as something given: nothing of the backward pass goes through it, nor into what only it is
    made of. That is torch.Tensor.detach, and what torch.no_grad does to what is computed within."""

    name = "detach"
    notation = "detach({0})"
    slopes = ("0",)
    discrete = True
    agreed = True
    label = "detach"
    of_whole = KEPT

    def forward(self, xs: Sequence[Array]) -> Array:
        return xs[0].copy()

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.zeros_like(y)


@dataclass(frozen=True)
class ScaleGradient(Elementwise):
    """The number itself, and its gradient times a number: by default gradient reversal (Ganin and Lempitsky, ICML
    2015)."""

    name = "scale_gradient"
    notation = "{0}"
    slopes = ("scale",)
    agreed = True
    label = "scale gradient"
    of_whole = KEPT
    words: ClassVar = {"factor": "scale"}

    scale: float = -1.0

    def __post_init__(self) -> None:
        check_numbers("scale_gradient", scale=self.scale)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"scale": self.scale}

    def forward(self, xs: Sequence[Array]) -> Array:
        return xs[0].copy()

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.full_like(y, self.scale)


@dataclass(frozen=True)
class Cast(Elementwise):
    """The number as one of another type. Of float16, bfloat16, float32 and float64 the nearest, ties to even: what is
    computed of it is of that type as well, and rounded to it, until it is cast back, and the backward pass rounds each
    gradient to the type of the number that it is the gradient of. Of a type of whole numbers what stands before the
    point, and of what is too large for it the digits that it holds; of bool whether it is another number than 0. These
    pass no gradient."""

    name = "cast"
    notation = "{0} as dtype"
    slopes = ("1",)
    edge = (
        "whole numbers and truths pass no gradient on; what is too large for a type of fractions is infinite, "
        "what is too small 0; NaN is true"
    )
    label = "cast"
    words: ClassVar = {"type": "dtype"}

    dtype: str = "float16"

    #: The type of what enters; empty where it is that of the file. Not an option: a formula cannot say it.
    source: ClassVar[str] = ""
    #: Whether gradients pass as they are: where they are compared with differences, which are not rounded.
    smooth: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if self.dtype not in KINDS:
            known = ", ".join(map(repr, (*EPS, *WHOLE)))
            raise OpError(f"cast: dtype is one of {known}, not {self.dtype!r}")

    @property
    def rounds_to(self) -> str:  # type: ignore[override]  # of each cast another
        return self.dtype

    @property
    def discrete(self) -> bool:  # type: ignore[override]  # of each cast another
        return is_whole(self.dtype)

    @property
    def agreed(self) -> bool:  # type: ignore[override]  # of each cast another
        return not self.discrete

    def template(self, inputs: int, dtype: np.dtype[Any]) -> str:
        return f"{{0}} as {self.dtype}"

    def slope(self, slot: int, inputs: int, dtype: np.dtype[Any]) -> str:
        return "0" if self.discrete else "1"

    def forward(self, xs: Sequence[Array]) -> Array:
        return held(xs[0], self.dtype)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.zeros_like(y) if self.discrete else np.ones_like(y)

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        if self.discrete:
            return np.zeros_like(g)
        if self.smooth:
            return g
        return rounded(rounded(g, self.dtype), self.source or "float64")


@composite(value="y")
def straight_through(x: Given, y: Given) -> Plan:
    """The value of y, whose gradient goes to x: x + detach(y − x), as for y = round(x) (Bengio et al., 2013)."""
    return (Add(), [x, (Detach(), [(Subtract(), [y, x])])])
