"""Products, sums of powers of e, variances and norms, over axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, prod
from typing import Any, ClassVar

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.notation import brief
from gradstep.engine.ops.elementwise import sign
from gradstep.engine.ops.op import COUNTED
from gradstep.engine.ops.rowwise import Fold
from gradstep.engine.ops.shapes import is_number, unbroadcast_product


class Prod(Fold):
    """Π x. What a factor is multiplied by are all others, also where one of them is 0; without a 0 it is y / x, as in
    PyTorch, so that an infinite factor is no number."""

    name = "prod"
    notation = "Π {0}"
    slopes = ("the product of all others",)
    each = "Π{over} {each}"
    edge = "where none is 0 the slope is y / x, also for an infinite x"
    label = "product"
    of_whole = COUNTED

    def value(self, x: Array) -> Array:
        return np.asarray(np.multiply.reduce(x, axis=-1))

    def derivatives(self, x: Array, y: Array) -> Array:
        zeros = x == 0
        found = y / x
        if zeros.any():
            return np.where(zeros.any(axis=-1, keepdims=True), _others(x), found)
        return found

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "{y} / {0}" if xs[0].all() else brief(_others(xs[0].reshape(-1)).item(at), 12)


def _others(x: Array) -> Array:
    """The product of all others in each group: of those before, times of those behind."""
    one = np.ones_like(x[..., :1])
    before = np.multiply.accumulate(np.concatenate([one, x[..., :-1]], axis=-1), axis=-1)
    behind = np.multiply.accumulate(np.concatenate([one, x[..., :0:-1]], axis=-1), axis=-1)[..., ::-1]
    return np.asarray(before * behind)


class LogSumExp(Fold):
    """ln Σ exp(x), with the largest x taken off first so that nothing overflows."""

    name = "logsumexp"
    notation = "ln Σ exp({0})"
    slopes = ("exp({0} − y), its share by softmax",)
    each = "ln Σ{over} exp({each})"
    edge = "where all are −∞ the slopes are NaN"
    label = "ln of a sum of powers of e"
    shares = True

    def value(self, x: Array) -> Array:
        most = np.maximum.reduce(x, axis=-1, keepdims=True, initial=-inf)
        most = np.where(np.isinf(most), most.dtype.type(0), most)
        return np.asarray(np.log(np.add.reduce(np.exp(x - most), axis=-1)) + most[..., 0])

    def derivatives(self, x: Array, y: Array) -> Array:
        return np.asarray(np.exp(x - y))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        return "exp({0} − {y})"


@dataclass(frozen=True)
class Spread(Fold):
    """How far numbers are from their mean: squares added up over n − c, c 1 unless said (Bessel's correction)."""

    centres = True
    edge = "with no more than c numbers it is divided by 0: value and slopes are NaN or infinite"

    words: ClassVar[Mapping[str, str]] = {"ddof": "correction"}

    correction: float = 1
    unbiased: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_number(self.correction) or type(self.unbiased) not in (bool, type(None)):
            raise OpError(f"{self.name}: correction is a number that is taken off n; unbiased True (1) or False (0)")

    @classmethod
    def options(cls) -> dict[str, Any]:
        """In the order in which PyTorch takes them by their place."""
        return {k: super(Spread, cls).options()[k] for k in ("axis", "unbiased", "keepdims", "correction")}

    @property
    def _less(self) -> float:
        return self.correction if self.unbiased is None else int(self.unbiased)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"c": self._less}

    def valued(self, text: str, dtype: np.dtype[Any]) -> str:
        return super().valued(text if self._less else text.replace(" × n / (n − c)", "").replace("(n − c)", "n"), dtype)

    def divisor(self, shapes: Sequence[Shape], at: int = 0) -> int:
        return prod(shapes[0][a] for a in self.axes(len(shapes[0])))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        text, mean = self.valued(self.slopes[0], xs[0].dtype), float(xs[0].mean())
        text = text.replace(" y)", " {y})").replace("n y)", "n {y})")
        return text.replace("− μ", f"+ {brief(-mean, 12)}" if mean < 0 else f"− {brief(mean, 12)}")

    def _over(self, x: Array) -> Any:
        return x.dtype.type(max(x.shape[-1] - self._less, 0))

    @staticmethod
    def _centred(x: Array) -> Array:
        return np.asarray(x - np.add.reduce(x, axis=-1, keepdims=True) / x.dtype.type(x.shape[-1]))

    def _variance(self, x: Array) -> Array:
        return np.asarray(np.add.reduce(np.square(self._centred(x)), axis=-1) / self._over(x))


class Var(Spread):
    name = "var"
    notation = "var {0} × n / (n − c)"
    slopes = ("2 ({0} − μ) / (n − c)",)
    each = "var{over} {each} × n / (n − c)"
    label = "variance"

    def value(self, x: Array) -> Array:
        return self._variance(x)

    def derivatives(self, x: Array, y: Array) -> Array:
        centred, over = self._centred(x), self._over(x)
        if not over:
            return np.asarray(np.where(centred == 0, np.nan, inf), dtype=x.dtype)
        return np.asarray(2 / over * centred)


class Std(Spread):
    name = "std"
    notation = "√(var {0} × n / (n − c))"
    slopes = ("({0} − μ) / ((n − c) y)",)
    each = "√(var{over} {each} × n / (n − c))"
    kink = "where all are equal the slope is taken as 0"
    label = "standard deviation"

    def value(self, x: Array) -> Array:
        return np.asarray(np.sqrt(self._variance(x)))

    def derivatives(self, x: Array, y: Array) -> Array:
        return np.asarray(np.where(y == 0, 0, self._centred(x) / (self._over(x) * y)), dtype=x.dtype)


@dataclass(frozen=True)
class Norm(Fold):
    """(Σ |x|ᵖ)^(1/p); the largest or smallest |x| for p = ∞ or −∞, the count of what is not 0 for p = 0."""

    name = "norm"
    words: ClassVar[Mapping[str, str]] = {"ord": "p"}
    notation = "(Σ |{0}|^p)^(1/p)"
    slopes = ("sign({0}) × |{0}|^(p − 1) / y^(p − 1)",)
    each = "(Σ{over} |{each}|^p)^(1/p)"
    kink = "at 0 the slope is taken as 0; for p = ∞ equal ones share the gradient evenly"
    label = "norm"

    p: float = 2.0

    @classmethod
    def options(cls) -> dict[str, Any]:
        """In the order in which PyTorch takes them by their place."""
        return {k: super(Norm, cls).options()[k] for k in ("p", "axis", "keepdims")}

    def __post_init__(self) -> None:
        super().__post_init__()
        if str(self.p) == "fro":
            object.__setattr__(self, "p", 2.0)
        if not is_number(self.p) or self.p != self.p:
            raise OpError(f"norm: p is a number, inf or 'fro', not {self.p!r}")
        if self.p in (inf, -inf):
            object.__setattr__(self, "of_none", False)
        written = _WRITTEN.get(self.p)
        if written:
            for name, text in zip(("notation", "each", "slopes"), (*written[:2], (written[2],)), strict=True):
                object.__setattr__(self, name, text)

    def constants(self, dtype: np.dtype[Any]) -> Mapping[str, float]:
        return {"p": self.p}

    def value(self, x: Array) -> Array:
        if self.p == 2:
            return np.asarray(np.sqrt(unbroadcast_product(x, x, (*x.shape[:-1], 1))[..., 0]))
        size, p = np.abs(x), x.dtype.type(self.p)
        if self.p == 0:
            return np.asarray(np.add.reduce(x != 0, axis=-1, dtype=x.dtype))
        if self.p in (inf, -inf):
            return np.asarray((np.maximum if self.p > 0 else np.minimum).reduce(size, axis=-1))
        return np.asarray(np.add.reduce(size**p, axis=-1) ** (1 / p))

    def derivatives(self, x: Array, y: Array) -> Array:
        if self.p == 2:
            found = np.asarray(x / y)
            if not y.all():
                found[np.broadcast_to(y == 0, x.shape)] = 0
            return found
        size, p, none = np.abs(x), x.dtype.type(self.p), x.dtype.type(0)
        if self.p == 0:
            return np.zeros_like(x)
        if self.p == 1:
            return sign(x)
        if self.p in (inf, -inf):
            chosen = (size == y) | np.isnan(size)
            return np.asarray(sign(x) * (chosen / np.add.reduce(chosen, axis=-1, keepdims=True, dtype=x.dtype)))
        powers = sign(x) * size ** (p - 1)
        if self.p < 1:
            return np.asarray(np.where(x == 0, none, powers) * y ** (1 - p))
        return np.asarray(np.where(y == 0, none, powers / y ** (p - 1)))

    def written_slope(self, slot: int, at: int, xs: Sequence[Array]) -> str:
        if not xs[0].item(at) or self.p in (inf, -inf):
            slope = float(self.vjp(0, np.ones((), xs[0].dtype), self.forward(xs), xs).item(at))
            return f"{slope:g}".replace("-", "−")
        return self.valued(self.slopes[0].replace("y", "{y}"), xs[0].dtype)


#: For those p that have a formula of their own: how it is written, of a group, and its slope.
_WRITTEN = {
    2: ("√(Σ {0}²)", "√(Σ{over} {each}²)", "{0} / y"),
    1: ("Σ |{0}|", "Σ{over} |{each}|", "sign({0})"),
    0: ("Σ ({0} ≠ 0)", "Σ{over} ({each} ≠ 0)", "0"),
    inf: ("max |{0}|", "max{over} |{each}|", "sign({0}) where |{0}| is the largest, else 0"),
    -inf: ("min |{0}|", "min{over} |{each}|", "sign({0}) where |{0}| is the smallest, else 0"),
}
