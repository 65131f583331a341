"""Cases of matrices as wholes, for torch_operations.json."""

from __future__ import annotations

import torch
from torch_leaves import Case, drawn

SQUARE = [[2.0, 0.5, -0.25], [0.25, 1.5, 0.75], [-0.5, 0.5, 1.0]]
TURNED = [[0.5, 2.0, -0.25], [1.5, 0.25, 0.75], [0.5, -0.5, 1.0]]
ONE = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
BOTH = [SQUARE, TURNED]


def _positive(x: torch.Tensor, one: torch.Tensor) -> torch.Tensor:
    return x @ x.mT + one


def _symmetric(x: torch.Tensor) -> torch.Tensor:
    return x + x.mT


CASES: dict[str, list[Case]] = {
    "linalg": [
        ("inv(X)", torch.linalg.inv, {"X": SQUARE}),
        ("inv(X)", torch.linalg.inv, {"X": BOTH}),
        ("det(X)", torch.linalg.det, {"X": SQUARE}),
        ("det(X)", torch.linalg.det, {"X": BOTH}),
        ("slogdet(X)[0] + sum(X)", lambda X: torch.linalg.slogdet(X)[0] + X.sum(), {"X": TURNED}),
        ("slogdet(X)[1]", lambda X: torch.linalg.slogdet(X)[1], {"X": BOTH}),
        ("logdet(X)", torch.logdet, {"X": SQUARE}),
        ("cholesky(X @ X.T + e)", lambda X, e: torch.linalg.cholesky(_positive(X, e)), {"X": SQUARE, "e": ONE}),
        (
            "cholesky(X @ swapaxes(X, -1, -2) + e)",
            lambda X, e: torch.linalg.cholesky(_positive(X, e)),
            {"X": BOTH, "e": ONE},
        ),
        ("solve(X, Y)", torch.linalg.solve, {"X": SQUARE, "Y": drawn(3, 2)}),
        ("solve(X, Y)", torch.linalg.solve, {"X": SQUARE, "Y": drawn(3)}),
        ("solve(X, Y)", torch.linalg.solve, {"X": BOTH, "Y": drawn(2, 3, 2)}),
        (
            "solve_triangular(X, Y)",
            lambda X, Y: torch.linalg.solve_triangular(X, Y, upper=False),
            {"X": SQUARE, "Y": drawn(3, 2)},
        ),
        (
            "solve_triangular(X, Y, upper=True)",
            lambda X, Y: torch.linalg.solve_triangular(X, Y, upper=True),
            {"X": SQUARE, "Y": drawn(3, 2)},
        ),
        (
            "cholesky_solve(Y, cholesky(X @ X.T + e))",
            lambda X, Y, e: torch.cholesky_solve(Y, torch.linalg.cholesky(_positive(X, e))),
            {"X": SQUARE, "Y": drawn(3, 2), "e": ONE},
        ),
        ("eigh(X + X.T)[0]", lambda X: torch.linalg.eigvalsh(_symmetric(X)), {"X": SQUARE}),
        ("eigh(X + X.T)[1] ** 2", lambda X: torch.linalg.eigh(_symmetric(X))[1] ** 2, {"X": SQUARE}),
        (
            "eigh(X + swapaxes(X, -1, -2))[0]",
            lambda X: torch.linalg.eigvalsh(_symmetric(X)),
            {"X": BOTH},
        ),
    ],
}
