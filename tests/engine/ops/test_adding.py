"""What is added up in places that are said, against `np.add.at`."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.ops.adding import add_along, spread


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("ids", [[3, 0, 3, 1], [0, 0, 0, 2, 2, 2, 5], [], [4]])
def test_parts_are_added_one_after_the_other(ids: list[int], axis: int) -> None:
    rng = np.random.default_rng(0)
    y, parts = rng.normal(size=(7, 8, 90)), rng.normal(size=(7, 8, 90)).take(ids, axis=axis)
    expected = y.copy()
    np.add.at(np.moveaxis(expected, axis, 0), np.array(ids, np.intp), np.moveaxis(parts, axis, 0))
    assert add_along(y, np.array(ids, np.intp), parts, axis)
    np.testing.assert_allclose(y, expected, rtol=1e-14, atol=1e-15)


def test_of_small_parts_nothing_is_done() -> None:
    y = np.zeros((3, 2))
    assert not add_along(y, np.array([0]), np.ones((1, 2)), 0)
    assert not add_along(np.zeros((99, 5)), np.array([0]), np.ones((99, 1)), 1), "nor of columns"
    assert not y.any()


def test_parts_that_are_all_in_their_order_are_what_comes_out() -> None:
    parts = np.arange(3.0)
    assert spread(np.arange(3), parts, np.zeros(3)) is parts
    assert spread(np.array([1, 1, 0]), parts, np.zeros(4)).tolist() == [2, 1, 0, 0]
