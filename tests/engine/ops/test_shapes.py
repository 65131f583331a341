"""Shapes that have to fit."""

from __future__ import annotations

import re

import numpy as np
import pytest
from operations import Shapes

from gradstep.engine.errors import OpError, ScenarioError
from gradstep.engine.files import loads
from gradstep.engine.index import Shape
from gradstep.engine.ops.shapes import broadcast, normal_axes, unbroadcast, whole_numbers


@pytest.mark.parametrize(
    ("shapes", "axis"), [(((2, 3), (3, 3)), "axis -2"), (((5, 1, 2), (4, 3, 2)), "axis -3"), (((2,), (3,)), "axis -1")]
)
def test_the_axis_that_disagrees_is_counted_from_the_end(shapes: Shapes, axis: str) -> None:
    with pytest.raises(OpError, match=re.escape(axis)):
        broadcast(shapes, "add")


def test_broadcast_of_nothing_is_one_number() -> None:
    assert broadcast((), "add") == ()


@pytest.mark.parametrize(
    ("g", "shape"),
    [((2, 3), (3,)), ((2, 3), ()), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((2, 3), (1, 1)), ((4, 2, 3), (2, 1)),
     ((3,), (3,))],
)  # fmt: skip
def test_unbroadcasting_adds_the_copies_up(g: Shape, shape: Shape) -> None:
    array = np.random.default_rng(1).normal(size=g)
    expected = np.zeros(shape)
    where = np.broadcast_to(np.arange(expected.size).reshape(shape), g)
    np.add.at(expected.reshape(-1), where.reshape(-1), array.reshape(-1))
    found = unbroadcast(array, shape)
    assert found.shape == shape
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize(("axis", "expected"), [(None, (0, 1, 2)), (1, (1,)), (-1, (2,)), ((2, -3), (2, 0)), ((), ())])
def test_axes_are_counted_from_0(axis: int | tuple[int, ...] | None, expected: tuple[int, ...]) -> None:
    assert normal_axes("op", axis, 3) == expected


@pytest.mark.parametrize(
    ("axis", "named"),
    [(3, "axis 3 is out of range for 3 axes"), (-4, "axis -4 is"), ((0, -3), "an axis is named twice in (0, -3)")],
)
def test_axes_that_are_not_there_are_named(axis: int | tuple[int, ...], named: str) -> None:
    with pytest.raises(OpError, match=re.escape(f"op: {named}")):
        normal_axes("op", axis, 3)


def test_whole_numbers_in_range_are_integers() -> None:
    found = whole_numbers("ids", np.array([[0.0, 2.0]]), 3)
    assert found.dtype == np.intp
    assert found.tolist() == [[0, 2]]


@pytest.mark.parametrize(
    ("x", "place"),
    [([0, 3], "[1] is 3"), ([-1, 0], "[0] is -1"), ([[0, 1], [0.5, 9]], "[1,0] is 0.5"), ([np.nan], "[0] is nan"),
     (4, "it is 4"), ([np.inf], "[0] is inf")],
)  # fmt: skip
def test_the_first_that_is_no_number_of_a_row_is_named(x: object, place: str) -> None:
    with pytest.raises(OpError, match=re.escape(f"ids are whole numbers from 0 to 2, but {place}")):
        whole_numbers("ids", np.asarray(x, dtype=float), 3)


@pytest.mark.parametrize("call", ["rot90(x, k=(0, 1))", "diagonal(x, axis1=(0, 1))", "diag_embed(x, offset=(1, 2))"])
def test_an_option_that_is_one_number_is_not_several(call: str) -> None:
    text = f'format = 1\n[parameters]\nx = [[1.0, 2.0], [3.0, 4.0]]\n[graph]\nL = "sum({call})"\n'
    with pytest.raises(ScenarioError, match="is a whole number"):
        loads(text)
