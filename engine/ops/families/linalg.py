"""Matrices as wholes: inverses, determinants, factors and eigenvectors of the last two axes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from math import isqrt
from typing import Any

import numpy as np

from gradstep.engine.errors import OpError
from gradstep.engine.index import Array, Shape
from gradstep.engine.ops.composite import Given, Part, Plan, Several, composite
from gradstep.engine.ops.families.arithmetic import Multiply
from gradstep.engine.ops.families.casting import Detach
from gradstep.engine.ops.families.diagonals import Tril, Triu
from gradstep.engine.ops.families.linear import Matmul
from gradstep.engine.ops.families.reduction import Sum
from gradstep.engine.ops.families.shape import Transpose
from gradstep.engine.ops.op import REGISTRY
from gradstep.engine.ops.rowwise import Rowwise
from gradstep.engine.ops.shapes import shape_text


def _of_each(function: Callable[[Array], Any], x: Array, size: int = 2) -> Array:
    """What NumPy makes of each matrix, in single or double precision; NaN of one that it has no answer for."""
    wide = x.astype(np.float64) if x.dtype.itemsize > 8 else x
    made = np.full(x.shape[: x.ndim - 2 + size], np.nan, dtype=x.dtype)
    with np.errstate(all="ignore"):
        for at in np.ndindex(x.shape[:-2]):
            with suppress(np.linalg.LinAlgError):
                if np.isfinite(wide[at]).all():  # what LAPACK makes of others takes for ever, or is none
                    made[at] = function(wide[at])
    return made


def _turned(x: Array) -> Array:
    return x.swapaxes(-1, -2)


def _adjugate(x: Array) -> Array:
    """x⁻¹ times the determinant, which there is of a singular matrix too."""
    u, s, vt = np.linalg.svd(x)
    others = np.where(np.eye(len(s), dtype=bool), x.dtype.type(1), s)
    found = (vt.T * others.prod(axis=-1)) @ u.T
    return np.asarray(found * np.linalg.det(u) * np.linalg.det(vt))


class Square(Rowwise):
    """Something made of square matrices, the last two axes. A class gives `matrices` and, of what it makes, `entries`
    and `passed`."""

    edge = "NaN where there is none"
    joint = True

    def axes(self, ndim: int) -> tuple[int, ...]:
        return ndim - 2, ndim - 1

    def shape(self, shapes: Sequence[Shape]) -> Shape:
        (x,) = shapes
        if len(x) < 2 or x[-1] != x[-2] or not x[-1]:
            raise OpError(f"{self.name}: square matrices are needed on the last two axes, and x is {shape_text(x)}")
        return tuple(x[:-2]) if self.reduced else tuple(x)

    @abstractmethod
    def passed(self, g: Array, y: Array, x: Array) -> Array:
        """gᵀ·∂y/∂x; all of them matrices, g and y of what is reduced numbers with two axes of length 1."""

    def vjp(self, slot: int, g: Array, y: Array, xs: Sequence[Array]) -> Array:
        (x,) = xs
        with np.errstate(all="ignore"):
            if self.reduced:
                g, y = g[..., None, None], y[..., None, None]
            return np.ascontiguousarray(self.passed(g, y, x), dtype=x.dtype)


class Inv(Square):
    """The inverse of a matrix."""

    name = "inv"
    notation = "{0}⁻¹"
    slopes = ("−y[a, c] y[d, b], from x[c, d] to y[a, b]",)
    label = "inverse"

    def forward(self, xs: Sequence[Array]) -> Array:
        return _of_each(np.linalg.inv, xs[0])

    def passed(self, g: Array, y: Array, x: Array) -> Array:
        return np.asarray(-(_turned(y) @ g @ _turned(y)))

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        n = isqrt(y.size)
        return np.asarray(-y[k // n * n + j // n] * y[j % n * n + k % n])


class Det(Square):
    """The determinant of a matrix."""

    name = "det"
    notation = "det {0}"
    slopes = ("the determinant without its row and column, with its sign",)
    label = "determinant"
    reduced = True

    def forward(self, xs: Sequence[Array]) -> Array:
        return _of_each(np.linalg.det, xs[0], 0)

    def passed(self, g: Array, y: Array, x: Array) -> Array:
        return np.asarray(g * _turned(_of_each(_adjugate, x)))

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        n = isqrt(x.size)
        return np.asarray(_of_each(_adjugate, x.reshape(n, n)).T.reshape(-1)[j + 0 * k])


class LogAbsDet(Square):
    """The logarithm of the size of a determinant."""

    name = "logabsdet"
    notation = "ln |det {0}|"
    slopes = ("x⁻¹, transposed",)
    label = "log determinant"
    edge = "−∞ where the determinant is 0, and what it passes on is NaN"
    reduced = True

    def forward(self, xs: Sequence[Array]) -> Array:
        return _of_each(lambda x: np.linalg.slogdet(x)[1], xs[0], 0)

    def passed(self, g: Array, y: Array, x: Array) -> Array:
        return np.asarray(g * _turned(_of_each(np.linalg.inv, x)))

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        n = isqrt(x.size)
        return np.asarray(_of_each(np.linalg.inv, x.reshape(n, n)).T.reshape(-1)[j + 0 * k])


class Cholesky(Square):
    """The lower triangle L of L Lᵀ = x; of what is not symmetric, of the mean of it and its transpose. What it passes
    on is symmetric (Murray, Differentiation of the Cholesky decomposition, 2016)."""

    name = "cholesky"
    notation = "L of L Lᵀ = {0}"
    slopes = ("L Φ(L⁻¹ (E + Eᵀ) L⁻ᵀ) / 2, E 1 in its place; Φ takes the lower triangle and half of the diagonal",)
    label = "Cholesky factor"

    def forward(self, xs: Sequence[Array]) -> Array:
        return np.tril(_of_each(np.linalg.cholesky, (xs[0] + _turned(xs[0])) / 2))

    def passed(self, g: Array, y: Array, x: Array) -> Array:
        inverse = _of_each(np.linalg.inv, y)
        inner = _half(_turned(y) @ np.tril(g))
        found = _turned(inverse) @ inner @ inverse
        return np.asarray((found + _turned(found)) / 2)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        n = isqrt(y.size)
        k, j = np.broadcast_arrays(k, j)
        lower = y.reshape(n, n)
        inverse, half = _of_each(np.linalg.inv, lower), _half(np.ones((n, n), dtype=y.dtype))
        (a, b), (c, d) = np.divmod(k, n), np.divmod(j, n)
        both = inverse[:, c] * inverse[b, d] + inverse[:, d] * inverse[b, c]
        return np.asarray((lower[a].T * half[:, b] * both).sum(axis=0) / 2)


def _half(x: Array) -> Array:
    """The lower triangle, with half of the diagonal."""
    return np.tril(x) * (1 - np.eye(x.shape[-1], dtype=x.dtype) / 2)


class EigenVectors(Square):
    """The eigenvectors of a symmetric matrix, as columns in the order of rising eigenvalues; each has a length of 1 and
    either sign. Of what is not symmetric, of the mean of it and its transpose."""

    name = "eigenvectors"
    notation = "eigenvectors of {0}"
    slopes = ("Σᵢ y[a, i] y[b', i] / (λ_b − λᵢ) over all others, from x[c, d] to y[a, b]",)
    label = "eigenvectors"
    edge = "where two eigenvalues are the same nothing finite is passed on"

    def forward(self, xs: Sequence[Array]) -> Array:
        return _of_each(lambda x: np.linalg.eigh((x + x.T) / 2)[1], xs[0])

    def passed(self, g: Array, y: Array, x: Array) -> Array:
        found = y @ (_gaps(y, x) * (_turned(y) @ g)) @ _turned(y)
        return np.asarray((found + _turned(found)) / 2)

    def entries(self, k: Array, j: Array, y: Array, x: Array) -> Array:
        n = isqrt(y.size)
        k, j = np.broadcast_arrays(k, j)
        vectors = y.reshape(n, n)
        gaps = _gaps(vectors, x.reshape(n, n))
        (a, b), (c, d) = np.divmod(k, n), np.divmod(j, n)
        both = vectors[c].T * vectors[d, b] + vectors[d].T * vectors[c, b]
        return np.asarray((vectors[a].T * gaps[:, b] * both).sum(axis=0) / 2)


def _gaps(vectors: Array, x: Array) -> Array:
    """1 / (λⱼ − λᵢ), 0 on the diagonal."""
    values = ((_turned(vectors) @ x) * _turned(vectors)).sum(axis=-1)
    gaps = values[..., None, :] - values[..., :, None]
    itself = np.eye(x.shape[-1], dtype=bool)
    with np.errstate(all="ignore"):
        return np.where(itself, x.dtype.type(0), 1 / np.where(itself, 1, gaps))


def _swapped(one: Given | Plan, axes: int) -> Plan:
    return (Transpose((*range(axes - 2), axes - 1, axes - 2)), [one])


@composite(A="x", input="x")
def eigh(x: Given) -> Several:
    """Eigenvalues, rising, and eigenvectors of a symmetric matrix.

    λᵢ = vᵢᵀ x vᵢ, where what changes in vᵢ changes nothing of it."""
    vectors: Plan = Part("vectors", (EigenVectors(), [x]))
    still: Plan = (Detach(), [vectors])
    values: Plan = (Sum(-2), [(Multiply(), [still, (Matmul(), [x, still])])])
    return Several([values, vectors])


@composite(A="x", input="x")
def slogdet(x: Given) -> Several:
    """The sign of a determinant, and the logarithm of its size."""
    return Several([(REGISTRY["sign"](), [(Det(), [x])]), (LogAbsDet(), [x])])


@composite(A="x", input="x")
def logdet(x: Given) -> Plan:
    """The logarithm of a determinant; NaN where that is below 0."""
    return (REGISTRY["log"](), [(Det(), [x])])


@composite(A="a", B="b", input="b")
def solve(a: Given, b: Given) -> Plan:
    """What, multiplied by matrices a, is b: a⁻¹ b; b has columns, or is one of as many axes as a has but one."""
    Square.shape(Inv(), [a.shape])
    return (Matmul(), [(Inv(), [a]), b])


@composite(A="a", B="b")
def solve_triangular(a: Given, b: Given, *, upper: bool = False) -> Plan:
    """The same of a triangle of a, what lies on the other side of the diagonal being taken for 0."""
    Square.shape(Inv(), [a.shape])
    return (Matmul(), [(Inv(), [((Triu if upper else Tril)(), [a])]), b])


@composite(input="b", input2="a", L="a")
def cholesky_solve(b: Given, a: Given) -> Plan:
    """What, multiplied by a aᵀ, is b: `a` is the lower triangle that `cholesky` makes, with 0 above it."""
    Square.shape(Inv(), [a.shape])
    inverse: Plan = (Inv(), [a])
    return (Matmul(), [_swapped(inverse, len(a.shape)), (Matmul(), [inverse, b])])
