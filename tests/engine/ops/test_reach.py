"""Tables of who reads whom along an axis, against a matrix that is multiplied with."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.index import Array, Grid, Picked
from gradstep.engine.ops.reach import Reach, crossed
from gradstep.engine.ops.windows import Window

REACHES = {
    "windows": Reach.sliding(Window(6, 3, 2, 1, 1, 3)),
    "dilated": Reach.sliding(Window(7, 2, 1, 0, 3, 4), np.array([0.5, 0.25, 1.0, 2.0])),
    "one element several times": Reach(3, np.array([[0], [0], [1], [2], [2]])),
    "not in order": Reach(4, np.array([[2], [1], [0], [1], [2], [3], [-1]])),
    "weighed": Reach(4, np.array([[0, 1], [2, 1], [3, -1]]), np.array([[0.25, 0.75], [0.5, 2.0], [1.5, 9.0]])),
    "nothing": Reach(2, np.array([[-1], [-1]])),
}


def matrix(reach: Reach) -> Array:
    """What a place is of each element, shape (places, elements)."""
    found = np.zeros((reach.count, reach.extent))
    for place, row in enumerate(reach.index.tolist()):
        for k, element in enumerate(row):
            if element >= 0:
                weight = 1.0 if reach.weight is None else float(reach.weight[place, k])
                found[place, element] += weight * (1.0 if reach.scale is None else float(reach.scale[place]))
    return found


@pytest.mark.parametrize("name", REACHES)
@pytest.mark.parametrize("axis", [-1, -2])
def test_gathering_and_scattering_multiply_with_a_matrix(name: str, axis: int) -> None:
    reach, rng = REACHES[name], np.random.default_rng(0)
    shape = (2, 3, reach.extent) if axis == -1 else (2, reach.extent, 3)
    x = rng.normal(size=shape)
    y = reach.gather(x, axis)
    np.testing.assert_allclose(y, np.moveaxis(np.moveaxis(x, axis, -1) @ matrix(reach).T, -1, axis), rtol=1e-13)
    g = rng.normal(size=y.shape)
    expected = np.moveaxis(np.moveaxis(g, axis, -1) @ matrix(reach), -1, axis)
    np.testing.assert_allclose(reach.scatter(g, axis), expected, rtol=1e-13)


@pytest.mark.parametrize("name", REACHES)
def test_places_and_elements_find_each_other(name: str) -> None:
    reach = REACHES[name]
    for place, row in enumerate(matrix(reach)):
        elements, weights = reach.under(place)
        assert elements.tolist() == [e for e in reach.index[place].tolist() if e >= 0]
        np.testing.assert_allclose(row[elements], weights)
    for element, column in enumerate(matrix(reach).T):
        places, weights = reach.over(element)
        assert places.tolist() == np.flatnonzero(column).tolist()
        np.testing.assert_allclose(column[places], weights)


def test_the_largest_is_gathered_from_what_is_there() -> None:
    reach = Reach.sliding(Window(3, 3, 1, 1, 1, 3))
    x = np.array([-5.0, -7.0, -6.0])
    assert reach.gather(x, -1, np.maximum, -np.inf).tolist() == [-5.0, -5.0, -6.0]


def test_windows_that_do_not_overlap_are_known() -> None:
    assert Reach.sliding(Window(6, 2, 2, 0, 1, 3)).apart
    assert not Reach.sliding(Window(6, 3, 2, 0, 1, 2)).apart


def test_elements_that_lie_evenly_are_a_grid() -> None:
    grid = crossed((1,), [np.array([0, 2]), np.array([1, 2, 3])], (2, 3, 4))
    assert grid == Grid(12 + 1, (2, 3), (8, 1))
    single = crossed((), [np.array([0, 2, 3])], (4,))
    assert isinstance(single, Picked)
    assert single.at.tolist() == [0, 2, 3]
    assert crossed((0,), [np.array([], int), np.array([1])], (2, 3, 4)).size == 0
