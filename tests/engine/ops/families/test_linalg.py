"""Inverses, determinants, factors and eigenvectors: against PyTorch, and what there is none of."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import NetworkBuilder
from torch_cases import FAMILIES, check

from gradstep.engine.errors import OpError
from gradstep.engine.ops import REGISTRY


@pytest.mark.parametrize("formula", FAMILIES["linalg"])
def test_values_and_gradients_are_pytorchs(formula: str) -> None:
    check("linalg", formula)


@pytest.mark.parametrize("name", ["inv", "det", "logabsdet", "cholesky", "eigenvectors"])
def test_only_square_matrices_are_taken(name: str) -> None:
    for shape in ((), (3,), (2, 3), (0, 0)):
        with pytest.raises(OpError, match=f"{name}: square matrices are needed"):
            REGISTRY[name]().shape([shape])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_of_what_is_not_finite_there_is_none_and_it_takes_no_time(bad: float) -> None:
    x = np.stack([np.eye(3), np.full((3, 3), bad)])
    for name in ("inv", "det", "logabsdet", "cholesky", "eigenvectors"):
        y = REGISTRY[name]().forward([x])
        assert np.isfinite(y[0]).all()
        assert np.isnan(np.tril(y[1]) if y.ndim > 2 else y[1]).any()


def test_of_a_singular_matrix() -> None:
    """There is no inverse; the determinant is 0, and its gradient is the matrix of cofactors. PyTorch has 0 for it,
    where its factors come out exactly singular."""
    x = np.array([[1.0, 2.0], [2.0, 4.0]])
    assert np.isnan(REGISTRY["inv"]().forward([x])).all()
    det = REGISTRY["det"]()
    y = det.forward([x])
    np.testing.assert_allclose(y, 0, atol=1e-15)
    np.testing.assert_allclose(det.vjp(0, np.ones(()), y, [x]), [[4.0, -2.0], [-2.0, 1.0]], atol=1e-14)


def test_factors_and_eigenvectors_make_the_matrix_again() -> None:
    x = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.25], [0.5, -0.25, 2.0]])
    factor = REGISTRY["cholesky"]().forward([x])
    np.testing.assert_allclose(factor @ factor.T, x, rtol=1e-14)
    assert not np.triu(factor, 1).any()
    builder = NetworkBuilder()
    builder.parameter("X", x)
    builder.line("values", "eigh(X)[0] * 1")
    builder.line("vectors", "eigh(X)[1] * 1")
    builder.line("L", "sum(values) + 0 * sum(vectors)")
    net = builder.done()
    vectors = net.data("vectors")
    np.testing.assert_allclose(vectors * net.data("values") @ vectors.T, x, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(net.grad("X"), np.eye(3), atol=1e-13)  # the sum of the eigenvalues is the trace
