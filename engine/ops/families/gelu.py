"""GELU, exactly and by a tanh; computed a piece at a time, and its slope from what was computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array
from gradstep.engine.ops.elementwise import Elementwise
from gradstep.engine.ops.error_function import in_pieces, times_upper_tail


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
        return in_pieces(_bent if self.approximate == "tanh" else _gelu, xs[0])

    def local(self, slot: int, y: Array, xs: Sequence[Array]) -> Array:
        return in_pieces(_bent_slope if self.approximate == "tanh" else _gelu_slope, y, xs[0])


def _gelu(x: Array, out: Array) -> None:
    """x Φ(x) = max(x, 0) − |x| (1 − Φ(|x|)), in which nothing cancels."""
    np.maximum(x, x.dtype.type(0), out=out)
    np.subtract(out, times_upper_tail(np.abs(x)), out)
    if not np.isfinite(out.sum()):  # ∞ × 0 is no number
        out[np.isposinf(x)] = np.inf


def _gelu_slope(y: Array, x: Array, out: Array) -> None:
    """Φ(x) + x φ(x): Φ is what the forward pass has multiplied x by."""
    kind = x.dtype.type
    np.square(x, out)
    phi, lost = np.divide(y, x), out == 0
    if lost.any():  # x is 0, or so small that x Φ(x) has lost digits
        phi[lost] = 0.5
    np.multiply(out, kind(-0.5), out)
    np.exp(out, out)
    np.multiply(out, x, out)
    np.multiply(out, kind(1 / math.sqrt(2 * math.pi)), out)
    np.add(out, phi, out)


def _bent_phi(x: Array, out: Array) -> None:
    kind = x.dtype.type
    np.square(x, out)
    np.multiply(out, kind(_CUBIC), out)
    np.add(out, kind(1), out)
    np.multiply(out, x, out)
    np.multiply(out, kind(_BEND), out)
    np.tanh(out, out)
    np.add(out, kind(1), out)
    np.multiply(out, kind(0.5), out)


def _bent(x: Array, out: Array) -> None:
    _bent_phi(x, out)
    np.multiply(out, x, out)


def _bent_slope(y: Array, x: Array, out: Array) -> None:
    _bent_phi(x, out)
    density = np.square(x)
    density *= 3 * _CUBIC
    density += 1
    density *= x.dtype.type(2 * _BEND)
    density *= out
    density *= 1 - out
    density *= x
    np.add(out, density, out)


#: √(2/π), and what the cube is multiplied by (Hendrycks and Gimpel, 2016, section 2).
_BEND, _CUBIC = math.sqrt(2 / math.pi), 0.044715
_BENT = f"tanh({_BEND:.12g} × ({{0}} + {_CUBIC} × {{0}}^3))"
