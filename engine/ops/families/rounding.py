"""Rounding and what is left of it, signs, and what becomes of numbers that are none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, unravel
from gradstep.engine.notation import brief, shown
from gradstep.engine.ops.composite import Given, Plan, composite
from gradstep.engine.ops.elementwise import Elementwise, sign
from gradstep.engine.ops.families.arithmetic import Divide
from gradstep.engine.ops.functions import function, jumps
from gradstep.engine.ops.op import KEPT, RECKONED, REGISTRY, Op
from gradstep.engine.ops.precision import MOST
from gradstep.engine.ops.shapes import is_number

jumps("floor", "⌊{0}⌋", np.floor, "floor", of_whole=KEPT)
jumps("ceil", "⌈{0}⌉", np.ceil, "ceiling", of_whole=KEPT)
jumps("trunc", "trunc({0})", np.trunc, "whole part", of_whole=KEPT)
jumps("sign", "sign({0})", sign, "sign", edge="of NaN it is 0", of_whole=KEPT)
_HOLDS = "true where it holds, else false, and no gradient passes"
jumps("isnan", "isnan({0})", np.isnan, "is NaN", _HOLDS, of_whole="bool")
jumps("isinf", "|{0}| = ∞", np.isinf, "is infinite", _HOLDS, of_whole="bool")
jumps("isfinite", "|{0}| < ∞", np.isfinite, "is finite", _HOLDS, of_whole="bool")

_JUMPS = "at its jumps the slope is that between them"

function("frac", "{0} − trunc({0})", lambda x: x - np.trunc(x), ("1", lambda y, x: np.ones_like(y)),
    label="fractional part", kink=_JUMPS,
)  # fmt: skip


def _left(a: Array, b: Array, rounded: np.ufunc, numpys: np.ufunc) -> Array:
    """What is left of a when the rounded quotient is taken b times. Of single-precision numbers both have all their
    digits in double precision, which NumPy computes many at a time."""
    if a.dtype != np.float32 or b.dtype != np.float32:
        return np.asarray(numpys(a, b))
    wide = np.asarray(a, np.float64)
    found = np.asarray(wide / b)
    rounded(found, out=found)
    if not np.abs(found).max(initial=0) < 2**29:
        return np.asarray(numpys(a, b))
    found *= b
    np.subtract(wide, found, out=found)
    return np.asarray(found.astype(np.float32))


def _truncated(a: Array, b: Array) -> Array:
    """`np.fmod`, which has the sign of a also where it is 0."""
    found = _left(a, b, np.trunc, np.fmod)
    return np.asarray(np.copysign(found, a))


def _dividing(exact: Callable[[Array, Array], Array]) -> Callable[[Op, Sequence[Array]], Array]:
    """The same of whole numbers, which have no quotient by 0, as in PyTorch."""

    def whole(op: Op, xs: Sequence[Array]) -> Array:
        zeros = np.flatnonzero(xs[1] == 0)
        if len(zeros) and xs[0].size:
            at = ",".join(map(str, unravel(int(zeros[0]), xs[1].shape)))
            where = f" at [{at}]" if at else ""
            raise OpError(f"{op.name}: whole numbers cannot be divided by 0, which the divisor is{where}")
        return exact(*xs)

    return whole


function("fmod", "{0} − trunc({0} / {1}) × {1}", _truncated,
    ("1", lambda y, a, b: np.ones_like(y)), ("−trunc({0} / {1})", lambda y, a, b: -np.trunc(a / b)),
    label="remainder", kink=_JUMPS, of_whole=RECKONED, exactly=_dividing(np.fmod),
)  # fmt: skip


def _minus_quotient(y: Array, a: Array, b: Array) -> Array:
    """−⌊a / b⌋, from what is left of it: `np.floor_divide` would find that once more."""
    found = np.asarray(np.rint((y - a) / b))
    lost = ~np.isfinite(found)
    if lost.any():
        wide = (np.broadcast_to(part, found.shape)[lost] for part in (a, b))
        found[lost] = -np.floor_divide(*wide)
    return found


function("remainder", "{0} − ⌊{0} / {1}⌋ × {1}", lambda a, b: _left(a, b, np.floor, np.mod),
    ("1", lambda y, a, b: np.ones_like(y)), ("−⌊{0} / {1}⌋", _minus_quotient),
    label="remainder", kink=_JUMPS, of_whole=RECKONED, exactly=_dividing(np.mod),
)  # fmt: skip


def _flat(y: Array, a: Array, b: Array) -> Array:
    return np.zeros_like(y)


def quotient(name: str, notation: str, value: Callable[..., Array], label: str, exact: Callable[..., Array]) -> None:
    """Makes a quotient that is rounded, and passes no gradient."""
    kink = "it jumps, and its slope is 0 everywhere else"
    traits: dict[str, Any] = {"discrete": True, "of_whole": RECKONED, "exactly": _dividing(exact)}
    function(name, notation, value, ("0", _flat), ("0", _flat), label=label, kink=kink, **traits)


def _quotient_of_whole(a: Array, b: Array) -> Array:
    return np.asarray((a - np.fmod(a, b)) // b)


# Rounded down as Python does: 1 // 0.1 is 9, as 0.1 is a little more than a tenth.
quotient("floor_divide", "⌊{0} / {1}⌋", np.floor_divide, "floor divide", np.floor_divide)
quotient("trunc_divide", "trunc({0} / {1})", lambda a, b: np.trunc(a / b), "trunc divide", _quotient_of_whole)


def _no_sign(slot: int, g: Array, local: Array, found: Array) -> Array:
    """Nothing ever comes through the sign."""
    return np.zeros_like(found) if slot else found


function("copysign", "|{0}| × sign({1})", np.copysign,
    ("sign({0}) × sign({1})", lambda y, a, b: np.where(a == 0, y.dtype.type(0), y / a)),
    ("0", lambda y, a, b: np.zeros_like(y)), beyond=staticmethod(_no_sign), label="copy sign",
    kink="at 0 the slope is taken as 0", edge="the sign of 0 is +, of −0 −",
)  # fmt: skip


#: With more, every number would become NaN: no float64 is 10 to that power.
_MOST_DECIMALS = 308


@composite()
def div(a: Given, b: Given, *, rounding_mode: str | None = None) -> Plan:
    """a / b; with rounding_mode "floor" or "trunc" rounded, and of whole numbers whole; then no gradient passes."""
    if rounding_mode is None:
        return (Divide(), [a, b])
    if rounding_mode not in ("floor", "trunc"):
        raise OpError(f"div: rounding_mode is None, 'floor' or 'trunc', not {rounding_mode!r}")
    return (REGISTRY[f"{rounding_mode}_divide"](), [a, b])


@dataclass(frozen=True)
class Round(Elementwise):
    """The nearest number with so many decimals; a half goes to the even one."""

    name = "round"
    notation = "round({0})"
    slopes = ("0",)
    discrete = True
    kink = "it jumps, and its slope is 0 everywhere else"
    label = "round"
    of_whole = KEPT

    decimals: int = 0

    def __post_init__(self) -> None:
        if type(self.decimals) is not int or abs(self.decimals) > _MOST_DECIMALS:
            most = _MOST_DECIMALS
            raise OpError(f"round: decimals is a whole number from −{most} to {most}, not {shown(self.decimals)}")

    def valued(self, text: str, dtype: np.dtype[Any]) -> str:
        return text.replace("{0})", f"{{0}}, {brief(self.decimals)})") if self.decimals else text

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.round(xs[0], self.decimals))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.zeros_like(y)


@dataclass(frozen=True)
class NanToNum(Elementwise):
    """x, with other numbers in the place of NaN and of infinities; the largest finite ones unless they are said."""

    name = "nan_to_num"
    notation = "{0} if |{0}| < ∞, posinf if {0} = ∞, neginf if {0} = −∞, else nan"
    slopes = ("1 if |{0}| < ∞, else 0",)
    gated, shuts = True, False  # PyTorch multiplies
    label = "NaN to number"
    of_whole = KEPT
    by_type: ClassVar = {"posinf": lambda kind: MOST[kind], "neginf": lambda kind: -MOST[kind]}

    nan: float = 0.0
    posinf: float | None = None
    neginf: float | None = None

    def __post_init__(self) -> None:
        for option in ("nan", "posinf", "neginf"):
            value = getattr(self, option)
            if not is_number(value) and not (value is None and option != "nan"):
                raise OpError(f"nan_to_num: {option} is a number, not {value!r}")

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        most = float(np.finfo(dtype).max)
        high, low = most if self.posinf is None else self.posinf, -most if self.neginf is None else self.neginf
        return {"posinf": high, "neginf": low, "nan": self.nan}

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.asarray(np.nan_to_num(xs[0], nan=self.nan, posinf=self.posinf, neginf=self.neginf))

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return np.isfinite(xs[0]).astype(y.dtype)
