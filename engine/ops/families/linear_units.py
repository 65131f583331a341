"""Units with a linear half: the exponential ones, one whose slope is a parameter, and one with a gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.composite import Given, Part, Plan, composite
from gradstep.engine.ops.elementwise import Elementwise, chosen
from gradstep.engine.ops.families.activation import Sigmoid
from gradstep.engine.ops.families.arithmetic import Multiply
from gradstep.engine.ops.families.choice import Where
from gradstep.engine.ops.families.comparison import Greater
from gradstep.engine.ops.families.indexing import Index
from gradstep.engine.ops.families.shape import Reshape
from gradstep.engine.ops.functions import OPEN, function
from gradstep.engine.ops.shapes import check_numbers, normal_axes, shape_text
from gradstep.engine.ops.single import expm1


def _above_and_below(x: Array, below: Array, high: float, low: float) -> Array:
    """`high` × x where it is above 0, `low` × `below` elsewhere, which is 0 above 0 and may be written to."""
    found = np.asarray(np.maximum(x, 0))
    if high != 1:
        found *= high
    if low != 1:
        below *= x.dtype.type(low)
    found += below
    return found


def _with_slopes(found: Array, x: Array, high: float, low: float) -> Array:
    """`found` times `low` where x is at most 0, times `high` elsewhere."""
    return np.multiply(found, chosen(np.asarray(x <= 0), low, high, x.dtype))


@dataclass(frozen=True)
class Elu(Elementwise):
    """Clevert et al., ICLR 2016."""

    name = "elu"
    notation = "{0} if {0} > 0, else α × (exp({0}) − 1)"
    slopes = ("1 if {0} > 0, else α × exp({0})",)
    kink = "at 0 the slope of the negative side is taken, which is another one unless α is 1"
    edge = OPEN
    label = "ELU"

    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_numbers("elu", alpha=self.alpha)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"α": self.alpha}

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        return _above_and_below(x, expm1(np.minimum(0, x)), 1.0, self.alpha)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        found = np.exp(np.fmin(xs[0], 0))
        return found if self.alpha == 1 else _with_slopes(found, xs[0], 1.0, self.alpha)


@dataclass(frozen=True)
class Celu(Elementwise):
    """ELU with a slope of 1 at 0 whatever α is (Barron, 2017)."""

    name = "celu"
    notation = "{0} if {0} > 0, else α × (exp({0} / α) − 1)"
    slopes = ("1 if {0} > 0, else exp({0} / α)",)
    edge = OPEN
    label = "CELU"

    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_numbers("celu", alpha=self.alpha)
        if not self.alpha:
            raise OpError("celu: alpha is what x is divided by, and not 0")

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"α": self.alpha}

    def forward(self, xs: Sequence[Array]) -> Array:
        (x,) = xs
        return _above_and_below(x, expm1(np.minimum(0, x) / self.alpha), 1.0, self.alpha)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.exp(np.fmin(xs[0], 0) / self.alpha)  # above 0, and at NaN, of 0


#: Klambauer et al., Self-normalizing neural networks, NIPS 2017.
_SCALE, _ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

function("selu", "λ × ({0} if {0} > 0, else α × (exp({0}) − 1))",
    lambda x: _above_and_below(x, expm1(np.minimum(0, x)), _SCALE, _SCALE * _ALPHA),
    ("λ if {0} > 0, else λ × α × exp({0})",
     lambda y, x: _with_slopes(np.exp(np.fmin(x, 0)), x, _SCALE, _SCALE * _ALPHA)),
    label="SELU", kink="at 0 the slope of the negative side is taken",
    edge="λ is 1.0507009873554805 and α 1.6732632423543772; at NaN the slope is λ",
    constants=lambda self, dtype: {"λ": _SCALE, "α": _ALPHA},
)  # fmt: skip


@composite()
def prelu(x: Given, weight: Given) -> Plan:
    """x, or weight × x where it is not above 0; one weight for all, or one for each channel (axis 1)."""
    channels = x.shape[1] if len(x.shape) > 1 else 1
    if weight.shape not in ((), (1,), (channels,)):
        raise OpError(
            f"prelu: weight is one number, or one for each of the {channels} channels (axis 1) of x "
            f"{shape_text(x.shape)}, but it is {shape_text(weight.shape)}"
        )
    wide: Plan = weight
    if weight.shape:
        wide = (Reshape((-1, *(1 for _ in x.shape[2:])) if len(x.shape) > 1 else ()), [weight])
    return (Where(), [(Greater(), [x, 0.0]), x, Part("below", (Multiply(), [wide, x]))])


@composite(kernel=True)
def glu(x: Given, *, axis: int = -1) -> Plan:
    """The first half along an axis × σ of the second half (Dauphin et al., ICML 2017)."""
    if not x.shape:
        raise OpError("glu halves an axis, but x is a single number")
    (at,) = normal_axes("glu", axis, len(x.shape))
    half, odd = divmod(x.shape[at], 2)
    if odd:
        raise OpError(f"glu: axis {axis} of x {shape_text(x.shape)} has {x.shape[at]}, which cannot be halved")
    before = ((None, None, None),) * at
    first, second = (Index((*before, (start, start + half, None))) for start in (0, half))
    return (Multiply(), [(first, [x]), Part("gate", (Sigmoid(), [(second, [x])]))])
