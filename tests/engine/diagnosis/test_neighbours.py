"""What inputs say of targets, against what is known, and against leaving out one sample after the other."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.diagnosis.neighbours import explained

RNG = np.random.default_rng(3)
X = RNG.normal(size=(120, 3))


def test_a_plane_with_noise() -> None:
    """Of a variance of 5 + 1 the plane explains 5/6, but for what four coefficients take of 120 samples."""
    y = X @ np.array([[2.0], [-1.0], [0.0]]) + RNG.normal(size=(120, 1))
    near, plane = explained(X, y)
    assert plane == pytest.approx(5 / 6, abs=0.06)
    assert near > 0.5


def test_the_plane_is_that_of_the_others() -> None:
    y = X[:, :1] + 0.5 * RNG.normal(size=(120, 1))
    a = np.hstack([X, np.ones((120, 1))])
    errors, means = [], []
    for out in range(120):
        keep = np.arange(120) != out
        weights, *_ = np.linalg.lstsq(a[keep], y[keep], rcond=None)
        errors.append(float(((y[out] - a[out] @ weights) ** 2).sum()))
        means.append(float(((y[out] - y[keep].mean(axis=0)) ** 2).sum()))
    assert explained(X, y)[1] == pytest.approx(1 - sum(errors) / sum(means), abs=1e-9)


def test_a_circle_bends() -> None:
    y = (X[:, :1] ** 2 + X[:, 1:2] ** 2 > 2).astype(float)
    near, plane = explained(X, y)
    assert near > 0.4
    assert plane < 0.1


def test_nothing_is_told_of_what_is_drawn_by_lot() -> None:
    near, plane = explained(X, RNG.normal(size=(120, 2)))
    assert near < 0.05
    assert plane < 0.05


def test_a_column_that_never_changes_does_no_harm() -> None:
    y = X[:, :1].copy()
    assert explained(np.hstack([X, np.ones((120, 1))]), y)[1] == pytest.approx(1.0)


def test_too_few_or_missing_numbers_say_nothing() -> None:
    assert np.isnan(explained(X[:10], X[:10])[0])
    gap = X.copy()
    gap[3, 1] = np.nan
    assert np.isnan(explained(gap, X)[0])
    assert np.isnan(explained(X, np.ones((120, 1)))[0])
