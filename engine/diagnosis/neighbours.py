"""What the inputs say of the targets, without the network: as much as a sample's nearest neighbours and the best plane
through the others do."""

from __future__ import annotations

import numpy as np

from gradstep.engine.index import Array

#: So many neighbours answer together: enough that their noise is a fifth, few enough to be near; our own.
_NEIGHBOURS = 5
#: Of more samples so many are looked at, evenly spread: distances are of each to each.
MOST = 200
#: Fewer say nothing.
LEAST = 20

#: Beside columns of spread 1; our own.
_RIDGE = 1e-10


def explained(inputs: Array, targets: Array) -> tuple[float, float]:
    """The shares of the targets' variance that are explained of a sample which is left out: by its nearest neighbours
    (Cover and Hart, Nearest neighbor pattern classification, 1967), and by least squares. inputs (samples, columns),
    targets (samples, outputs). About 0 or less where the inputs say nothing of the targets; NaN where there are too
    few samples, or what is given is not finite."""
    if len(inputs) < LEAST or not np.isfinite(inputs).all() or not np.isfinite(targets).all():
        return float("nan"), float("nan")
    if len(inputs) > MOST:
        taken = np.linspace(0, len(inputs) - 1, MOST).astype(int)
        inputs, targets = inputs[taken], targets[taken]
    spread = inputs.std(axis=0)
    x = (inputs - inputs.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    count = len(x)
    # Left out as well: the mean of the others is further off than the mean of all by n / (n − 1).
    total = float((((targets - targets.mean(axis=0)) * count / (count - 1)) ** 2).sum())
    if not total > 0:
        return float("nan"), float("nan")
    near = 1 - float(((targets - _near(x, targets)) ** 2).sum()) / total
    if 3 * (x.shape[1] + 1) > count:
        return near, near  # too few samples for a plane
    return near, 1 - float((_plane(x, targets) ** 2).sum()) / total


def _near(x: Array, targets: Array) -> Array:
    """What the nearest others say."""
    squares = (x**2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * x @ x.T
    np.fill_diagonal(distances, np.inf)
    nearest = np.argpartition(distances, _NEIGHBOURS, axis=1)[:, :_NEIGHBOURS]
    found: Array = targets[nearest].mean(axis=1)
    return found


def _plane(x: Array, targets: Array) -> Array:
    """The residuals of least squares at each sample, were it left out: those of all over 1 − leverage (Hastie et al.,
    The Elements of Statistical Learning, 2nd ed., 2009, eq. 7.64)."""
    a = np.hstack([x, np.ones((len(x), 1))])
    # Of columns that follow from others a ridge that is nothing beside rounding takes any.
    gram = a.T @ a + _RIDGE * len(x) * np.eye(a.shape[1])
    hat = np.linalg.solve(gram, a.T)
    leverage = np.minimum((a * hat.T).sum(axis=1, keepdims=True), 1 - 1e-9)
    found: Array = (targets - a @ (hat @ targets)) / (1 - leverage)
    return found
