"""What class numbers pick, against a table with a row of factors for each."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.ops.class_numbers import ClassNumbers, class_axis, without


@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weight", [None, [1.0, 0.0, 2.5, 0.5]])
@pytest.mark.parametrize(("shape", "axis"), [((5, 4), 1), ((4, 6), 0), ((2, 4, 3), 1), ((4,), 0)])
def test_it_is_the_product_with_a_table(
    shape: tuple[int, ...], axis: int, weight: list[float] | None, smoothing: float
) -> None:
    rng = np.random.default_rng(0)
    logp, rows = rng.normal(size=shape), without(shape, axis)
    numbers, g = rng.integers(-1, 4, rows), rng.normal(size=rows)
    table = np.expand_dims(numbers, axis) == np.arange(4).reshape(-1, *(1 for _ in shape[axis + 1 :]))
    factors = (1 - smoothing) * table + smoothing / 4 * np.expand_dims(numbers >= 0, axis)
    each = np.ones(4) if weight is None else np.array(weight)
    factors = factors * each.reshape(-1, *(1 for _ in shape[axis + 1 :]))
    told = ClassNumbers(numbers, axis, None if weight is None else each, smoothing)
    np.testing.assert_allclose(told.losses(logp), -(factors * logp).sum(axis=axis), atol=1e-15)
    np.testing.assert_allclose(told.flow(logp, g), -factors * np.expand_dims(g, axis), atol=1e-15)
    assert told.weights(logp.dtype).shape == rows


def test_what_is_not_picked_may_be_anything() -> None:
    told = ClassNumbers(np.array([1, -1]), 1, None, 0.0)
    assert told.losses(np.array([[-np.inf, -2.0], [np.nan, np.inf]])).tolist() == [2.0, 0.0]


def test_the_axis_of_classes_is_the_second_unless_only_the_last_fits() -> None:
    assert class_axis("nll", "logp", (2, 3, 4), (2, 4), None) == 1
    assert class_axis("nll", "logp", (2, 3, 4), (2, 3), None) == 2
    with pytest.raises(OpError, match="class numbers"):
        class_axis("nll", "logp", (2, 3, 4), (3, 4), None)
