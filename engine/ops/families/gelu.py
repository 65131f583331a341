"""GELU, exactly and by a tanh; computed a piece at a time, and its slope from what was computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.error_function import times_upper_tail
from gradstep.engine.ops.pieces import in_pieces


@dataclass(frozen=True)
class Gelu(Elementwise):
    """x·Φ(x) with the normal distribution's Φ, exactly or by a tanh (Hendrycks and Gimpel, 2016)."""

    name = "gelu"
    notation = "{0} × Φ({0})"
    slopes = ("Φ({0}) + {0} × φ({0})",)
    edge = "with approximate='tanh' Φ is ½ (1 + tanh(√(2/π) (x + 0.044715 x³))), and φ its slope"
    label = "GELU"

    approximate: str = "none"

    def __post_init__(self) -> None:
        if self.approximate not in ("none", "tanh"):
            raise OpError(f"gelu: approximate is 'none' or 'tanh', not {self.approximate!r}")
        if self.approximate == "tanh":
            object.__setattr__(self, "notation", f"½ × {{0}} × (1 + {_BENT})")
            steep = f"{_BEND:.12g} × (1 + {3 * _CUBIC} × {{0}}²)"
            object.__setattr__(self, "slopes", (f"½ × (1 + {_BENT} + {{0}} × (1 − {_BENT}²) × {steep})",))

    def forward(self, xs: Sequence[Array]) -> Array:
        if self.approximate == "tanh":
            return in_pieces(_bent, xs[0])
        return in_pieces(_gelu, xs[0], scratch=3)

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return in_pieces(_bent_slope if self.approximate == "tanh" else _gelu_slope, y, xs[0], scratch=2)


def _gelu(x: Array, out: Array, size: Array, *spare: Array) -> None:
    """x Φ(x) = max(x, 0) − |x| (1 − Φ(|x|)), in which nothing cancels."""
    np.absolute(x, size)
    times_upper_tail(size, out, *spare)
    np.maximum(x, x.dtype.type(0), out=size)
    np.subtract(size, out, out)
    if not np.isfinite(out.sum()):  # ∞ × 0 is no number
        out[np.isposinf(x)] = np.inf


def _phi(y: Array, x: Array, square: Array, out: Array) -> None:
    """What the forward pass has multiplied x by; `square` is x²."""
    np.divide(y, x, out)
    if not square.min(initial=1) > 0:  # x is 0, or so small that y has lost digits, or no number
        out[square == 0] = 0.5


def _gelu_slope(y: Array, x: Array, out: Array, density: Array, _: Array) -> None:
    """Φ(x) + x φ(x)."""
    kind = x.dtype.type
    np.square(x, density)
    _phi(y, x, density, out)
    np.multiply(density, kind(-0.5), density)
    np.exp(density, density)
    np.multiply(density, x, density)
    np.multiply(density, kind(1 / math.sqrt(2 * math.pi)), density)
    np.add(out, density, out)


def _bent(x: Array, out: Array) -> None:
    """½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))."""
    kind = x.dtype.type
    np.square(x, out)
    np.multiply(out, kind(_BEND * _CUBIC), out)
    np.add(out, kind(_BEND), out)
    np.multiply(out, x, out)
    np.tanh(out, out)
    np.add(out, kind(1), out)
    np.multiply(out, kind(0.5), out)
    np.multiply(out, x, out)


def _bent_slope(y: Array, x: Array, out: Array, density: Array, rest: Array) -> None:
    """With Φ = ½ (1 + tanh …), the slope of the tanh being 4 Φ (1 − Φ)."""
    kind = x.dtype.type
    np.square(x, density)
    _phi(y, x, density, out)
    np.multiply(density, kind(6 * _BEND * _CUBIC), density)
    np.add(density, kind(2 * _BEND), density)
    np.multiply(density, x, density)
    np.subtract(kind(1), out, rest)
    np.multiply(rest, out, rest)
    np.multiply(density, rest, density)
    np.add(out, density, out)


#: √(2/π), and what the cube is multiplied by (Hendrycks and Gimpel, 2016, section 2).
_BEND, _CUBIC = math.sqrt(2 / math.pi), 0.044715
_BENT = f"tanh({_BEND:.12g} × ({{0}} + {_CUBIC} × {{0}}^3))"
