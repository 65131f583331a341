"""Linear algebra: inverses, solutions, determinants and factors of matrices."""

from __future__ import annotations

import math

import numpy as np
import torch

from gradstep.torch.formulas.table import Unwritten, Writer, listed, number, operation, outputs, shape_of
from gradstep.torch.seen import Called, Ref

#: A matrix exponential is this Taylor polynomial of a matrix with a norm below 1/2, squared again and again.
_DEGREE = 14


def _swapped(x: str) -> str:
    return f"swapaxes({x}, -2, -1)"


@operation("linalg_inv_ex", "inverse", "linalg_inv")
def _inv(call: Called, write: Writer) -> list[str | None]:
    return [f"inv({write(call.args[0])})", None]


@operation("_linalg_solve_ex", "linalg_solve")
def _solve(call: Called, write: Writer) -> list[str | None]:
    a, b = map(write, call.args[:2])
    rows, given = shape_of(call.args[0]), shape_of(call.args[1])
    if not call.option("left", True):
        return [f"matmul({b}, inv({a}))", None, None, None]
    if len(given) > 1 and given == rows[:-1]:  # a vector for each matrix
        made = f"solve({a}, reshape({b}, {listed((*given, 1))}))"
        return [f"reshape({made}, {listed(outputs(call)[0])})", None, None, None]
    return [f"solve({a}, {b})", None, None, None]


@operation("linalg_solve_triangular", "triangular_solve")
def _triangular(call: Called, write: Writer) -> str:
    if call.name.startswith("triangular"):
        raise Unwritten("triangular_solve, which torch.linalg.solve_triangular has replaced")
    a, b = map(write, call.args[:2])
    inner = f"triu({a})" if call.option("upper") else f"tril({a})"
    if call.option("unitriangular", False):
        n = shape_of(call.args[0])[-1]
        side = f"triu({a}, diagonal=1)" if call.option("upper") else f"tril({a}, diagonal=-1)"
        inner = f"({side} + {write.constant(torch.eye(n), 'ones')})"
    return f"matmul(inv({inner}), {b})" if call.option("left", True) else f"matmul({b}, inv({inner}))"


@operation("linalg_cholesky_ex", "cholesky", "linalg_cholesky")
def _cholesky(call: Called, write: Writer) -> list[str | None]:
    made = f"cholesky({write(call.args[0])})"
    return [_swapped(made) if call.option("upper", False) else made, None]


@operation("cholesky_solve")
def _cholesky_solve(call: Called, write: Writer) -> str:
    factor = write(call.args[1])
    return f"cholesky_solve({write(call.args[0])}, {_swapped(factor) if call.option('upper', False) else factor})"


@operation("cholesky_inverse")
def _cholesky_inverse(call: Called, write: Writer) -> str:
    a = write(call.args[0])
    inner = f"inv({a})" if call.option("upper", False) else _swapped(f"inv({a})")
    return f"matmul({inner}, {_swapped(inner)})"


@operation("_linalg_det", "linalg_det")
def _det(call: Called, write: Writer) -> list[str | None]:
    return [f"det({write(call.args[0])})", None, None]


@operation("_linalg_slogdet", "linalg_slogdet")
def _slogdet(call: Called, write: Writer) -> list[str | None]:
    x = write(call.args[0])
    return [f"sign(det({x}))", f"logabsdet({x})", None, None]


@operation("_linalg_eigh", "linalg_eigh")
def _eigh(call: Called, write: Writer) -> list[str | None]:
    """Eigenvectors have either sign: those that they had there are data."""
    x, vectors = write(call.args[0]), call.outputs[1]
    whole = [f"eigh({x})[0]", None]
    if vectors is not None and vectors.data().numel():
        there, given = vectors.data().double().numpy(), call.args[0].seen.data().double().numpy()
        mine = np.linalg.eigh((given + given.swapaxes(-1, -2)) / 2)[1]
        signs = np.where((mine * there).sum(-2, keepdims=True) < 0, -1.0, 1.0)
        whole[1] = f"eigh({x})[1] * {write.constant(torch.from_numpy(signs), 'signs')}"
    return whole


@operation("linalg_qr")
def _qr(call: Called, write: Writer) -> list[str | None]:
    """Of matrices with as many rows as columns or more: R from the Cholesky factor of AᵀA, whose rows have the signs
    that they had there."""
    rows, columns = shape_of(call.args[0])[-2:]
    r = call.outputs[1]
    if rows < columns or r is None or call.option("mode", "reduced") == "complete":
        raise Unwritten("more than as many columns as rows")
    a, signs = write(call.args[0]), torch.sign(r.data().double().diagonal(dim1=-2, dim2=-1))[..., None]
    upper = f"({_swapped(f'cholesky(matmul({_swapped(a)}, {a}))')} * {write.constant(signs, 'signs')})"
    return [f"matmul({a}, inv({upper}))", upper]


@operation("_linalg_svd", "linalg_svd")
def _svd(call: Called, write: Writer) -> list[str | None]:
    """From the eigenvectors of AᵀA, or of AAᵀ where there are more columns; each has the sign that it had there."""
    (rows, columns), (u, _, v) = shape_of(call.args[0])[-2:], call.outputs[:3]
    a = write(call.args[0])
    tall = rows >= columns
    square = f"matmul({_swapped(a)}, {a})" if tall else f"matmul({a}, {_swapped(a)})"
    values = f"sqrt(clip(flip(eigh({square})[0], axis=(-1,)), min=0.0))"
    side = (v.data().mT if tall else u.data()) if u is not None and v is not None else None
    if side is None or not side.numel():
        return [None, values, None]
    if call.option("full_matrices", False) and rows != columns:
        raise Unwritten("more singular vectors than singular values")
    there, given = side.double().numpy(), call.args[0].seen.data().double()
    both = (given.mT @ given if tall else given @ given.mT).numpy()
    mine = np.linalg.eigh((both + both.swapaxes(-1, -2)) / 2)[1][..., ::-1]
    signs = np.where((mine * there).sum(-2, keepdims=True) < 0, -1.0, 1.0)
    vectors = f"(flip(eigh({square})[1], axis=(-1,)) * {write.constant(torch.from_numpy(signs), 'signs')})"
    along = f"unsqueeze({values}, axis=-2)"
    if tall:
        return [f"matmul({a}, {vectors}) / {along}", values, _swapped(vectors)]
    return [vectors, values, _swapped(f"(matmul({_swapped(a)}, {vectors}) / {along})")]


@operation("linalg_pinv", "linalg_lstsq")
def _least_squares(call: Called, write: Writer) -> list[str | None]:
    """Of matrices with as many rows as columns or more, which are independent."""
    rows, columns = shape_of(call.args[0])[-2:]
    a = write(call.args[0])
    inverse = f"inv({a})" if rows == columns else f"matmul(inv(matmul({_swapped(a)}, {a})), {_swapped(a)})"
    if rows < columns:
        raise Unwritten("fewer rows than columns: of many solutions it takes the shortest")
    if call.name.startswith("linalg_pinv"):
        return [inverse]
    return [f"matmul({inverse}, {write(call.args[1])})", None, None, None]


@operation("linalg_matrix_exp", "matrix_exp")
def _matrix_exp(call: Called, write: Writer) -> str:
    """Its Taylor polynomial, of a part of the matrix, squared (Moler and Van Loan, 2003, method 3)."""
    if not isinstance(call.args[0], Ref):
        raise Unwritten("no matrix")
    norm, n = float(call.args[0].seen.data().double().abs().sum(-1).max()), shape_of(call.args[0])[-1]
    times = max(math.ceil(math.log2(norm)) + 1, 0) if 0 < norm < math.inf else 0
    part, one = f"({write(call.args[0])} * {number(0.5**times)})", write.constant(torch.eye(n), "identity")
    found = one
    for k in range(_DEGREE, 0, -1):
        found = f"({one} + matmul({part}, {found}) * {number(1 / k)})"
    for _ in range(times):
        found = f"matmul({found}, {found})"
    return found
