"""Flat and multi-index arithmetic."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradstep.engine.index import TILE, Grid, Space, broadcast_strides, in_order, ravel, strides, unravel

SHAPES = [(1,), (5,), (2, 3), (3, 1, 4), (1, 1), (2, 3, 4, 5), (7, 1, 1, 2)]


@pytest.mark.parametrize("shape", SHAPES)
def test_unravel_and_ravel_are_numpys(shape: tuple[int, ...]) -> None:
    for flat in range(math.prod(shape)):
        index = unravel(flat, shape)
        assert index == tuple(int(i) for i in np.unravel_index(flat, shape))
        assert ravel(index, shape) == int(np.ravel_multi_index(index, shape)) == flat


def test_a_single_number_has_the_empty_index() -> None:
    assert unravel(0, ()) == ()
    assert ravel((), ()) == 0


def test_ravel_wants_one_index_for_each_axis() -> None:
    with pytest.raises(ValueError, match="zip"):
        ravel((1,), (2, 3))


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=5), st.data())
@settings(max_examples=100, deadline=None, derandomize=True)
def test_ravel_is_the_inverse_of_unravel_for_huge_shapes(shape: list[int], data: st.DataObject) -> None:
    extent = tuple(shape)
    flat = data.draw(st.integers(0, math.prod(extent) - 1))
    index = unravel(flat, extent)
    assert all(0 <= i < n for i, n in zip(index, extent, strict=True))
    assert ravel(index, extent) == flat


@pytest.mark.parametrize(
    ("shape", "onto"),
    [
        ((), ()), ((), (2, 3)), ((3,), (3,)), ((3,), (2, 3)), ((2, 1), (2, 3)), ((1,), (4,)), ((1, 3), (2, 3)),
        ((4, 1, 2), (4, 3, 2)), ((3, 1), (4, 3, 2)), ((1, 1, 1), (2, 3, 4)), ((2, 3, 4), (2, 3, 4)),
    ],
)  # fmt: skip
def test_broadcast_strides_read_what_numpy_broadcasts(shape: tuple[int, ...], onto: tuple[int, ...]) -> None:
    flats = np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), onto)
    steps = broadcast_strides(shape, onto)
    assert len(steps) == len(onto)
    for point in np.ndindex(*onto):
        assert sum(p * s for p, s in zip(point, steps, strict=True)) == flats[point]


@pytest.mark.parametrize("shape", SHAPES)
def test_strides_are_numpys_with_zero_on_axes_of_length_one(shape: tuple[int, ...]) -> None:
    counted = [s // 8 for s in np.empty(shape, dtype=np.float64).strides]
    assert strides(shape) == tuple(0 if n == 1 else s for n, s in zip(shape, counted, strict=True))


GRIDS = [
    Grid(0, (), ()), Grid(7, (), ()), Grid(3, (5,), (2,)), Grid(3, (5,), (0,)), Grid(0, (1,), (0,)),
    Grid(10, (2, 3), (3, 1)), Grid(10, (2, 3), (1, 2)), Grid(4, (3, 2, 4), (0, 7, 1)), Grid(1, (4, 1, 3), (5, 0, 50)),
    Grid(99, (2, 2, 2, 2), (8, -4, 2, -1)),
]  # fmt: skip


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_a_grid_takes_what_counting_gives(grid: Grid) -> None:
    every = [
        grid.base + sum(c * s for c, s in zip(point, grid.strides, strict=True))
        for point in product(*(range(n) for n in grid.shape))
    ]
    assert grid.size == len(every)
    for start in range(grid.size + 1):
        for stop in range(start, grid.size + 1):
            taken = grid.take(start, stop)
            assert taken.dtype == np.intp
            assert taken.shape == (stop - start,)
            assert taken.tolist() == every[start:stop]


def test_a_grid_far_too_large_to_lay_out_is_read_in_pieces() -> None:
    grid = Grid(5, (10**6, 10**6), (10**6, 1))
    assert grid.size == 10**12
    assert grid.take(10**12 - 2, 10**12).tolist() == [10**12 + 3, 10**12 + 4]


def test_holding_one_array_lets_the_others_run() -> None:
    # y[i, j] = Σₖ a[i, k] · b[k, j] over the space (i, j, k) of extent (2, 3, 4).
    space = Space((2, 3, 4), ((4, 0, 1), (0, 1, 3)), (3, 1, 0))
    a, b = np.arange(8).reshape(2, 4), np.arange(12).reshape(4, 3)
    for i, j in product(range(2), range(3)):
        point, free = space.hold(i * 3 + j, space.out)
        assert free == (2,)
        assert space.grid(point, free, space.operands[0]).take(0, 4).tolist() == a[i].tolist()
        assert space.grid(point, free, space.operands[1]).take(0, 4).tolist() == b[:, j].tolist()
    for i, k in product(range(2), range(4)):
        point, free = space.hold(int(a[i, k]), space.operands[0])
        assert free == (1,)
        assert space.grid(point, free, space.out).take(0, 3).tolist() == [i * 3 + j for j in range(3)]


def _turned(shape: tuple[int, ...], axes: tuple[int, ...], ways: tuple[int, ...], dtype: str) -> np.ndarray:
    """A view whose elements are all different, with axes in another order and some the other way round."""
    whole = np.arange(math.prod(shape), dtype=dtype).reshape(shape)
    return whole.transpose(axes)[tuple(slice(None, None, way) for way in ways)]


@pytest.mark.parametrize("ways", [(1, 1, 1), (-1, 1, 1), (1, -1, -1), (-1, -1, 1)])
@pytest.mark.parametrize("axes", [(0, 2, 1), (2, 1, 0), (2, 0, 1), (1, 0, 2), (1, 2, 0)])
@pytest.mark.parametrize(("shape", "dtype"), [((2, TILE + 3, 512), "f4"), ((256, 2, TILE), "f8"), ((3, 4, 5), "i8")])
def test_what_is_put_in_order_has_the_same_elements_in_the_same_places(
    shape: tuple[int, ...], dtype: str, axes: tuple[int, ...], ways: tuple[int, ...]
) -> None:
    view = _turned(shape, axes, ways, dtype)
    found = in_order(view)
    assert found.flags.c_contiguous
    assert found.dtype == view.dtype
    np.testing.assert_array_equal(found, view)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1, 1), (4, 5)])
def test_what_is_in_order_is_not_copied(shape: tuple[int, ...]) -> None:
    array = np.zeros(shape)
    assert in_order(array) is array
    assert in_order(np.zeros(shape[::-1]).T).shape == shape
