"""Where windows lie, against looking at every place."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.ops.windows import (
    checked_sizes,
    flat_index,
    meeting,
    out_sizes,
    pad,
    slide,
    steps,
    touched,
    touching,
)

#: Extents, windows, strides and paddings along one axis.
AXES = [
    (extent, window, stride, padding)
    for extent, window, stride, padding in product((1, 2, 5, 8), (1, 2, 3), (1, 2, 4), (0, 1, 2))
    if extent + 2 * padding >= window
]


def seen(extent: int, window: int, stride: int, padding: int) -> list[list[int]]:
    """For each place the element under each offset of the window, −1 where it is padding."""
    line = [-1] * padding + list(range(extent)) + [-1] * padding
    return [line[start : start + window] for start in range(0, len(line) - window + 1, stride)]


@pytest.mark.parametrize(("extent", "window", "stride", "padding"), AXES)
def test_places_and_elements_find_each_other(extent: int, window: int, stride: int, padding: int) -> None:
    places = seen(extent, window, stride, padding)
    assert list(out_sizes("op", (extent, extent), (window, window), stride, padding)) == [len(places)] * 2
    for here, under in enumerate(places):
        first, last = touched(here, extent, window, stride, padding)
        assert list(range(first, last)) == [k for k, element in enumerate(under) if element >= 0]
    for at in range(extent):
        first, last = touching(at, len(places), window, stride, padding)
        assert list(range(first, last)) == [here for here, under in enumerate(places) if at in under]
    for offset in range(window):
        first, last = meeting(offset, extent, len(places), stride, padding)
        assert list(range(first, last)) == [here for here, under in enumerate(places) if under[offset] >= 0]


def test_windows_are_views_in_their_order() -> None:
    x = np.arange(2 * 5 * 6.0).reshape(2, 5, 6)
    found = slide(x, 2, 3, 2)
    assert found.shape == (2, 2, 2, 2, 3)
    assert np.shares_memory(found, x)
    for c, i, j in product(range(2), range(2), range(2)):
        assert (found[c, i, j] == x[c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 3]).all()


def test_padding_is_around_the_last_two_axes() -> None:
    assert pad(np.ones((1, 1, 1)), 1, 7.0).tolist() == [[[7, 7, 7], [7, 1, 7], [7, 7, 7]]]


def test_steps_are_also_there_on_axes_of_length_1() -> None:
    assert steps((2, 1, 3)) == (3, 3, 1)
    assert flat_index((1, 0, 2), (2, 1, 3)) == 5


def test_a_window_that_does_not_fit_is_named_with_the_axis() -> None:
    with pytest.raises(
        OpError, match=r"op: a window of \(2, 4\) does not fit into x \(1, 5, 1\): axis -1 has 1 \(3 with"
    ):
        list(out_sizes("op", (1, 5, 1), (2, 4), 1, 1))


@pytest.mark.parametrize("value", [0, -1, 1.0, True, None, "2"])
def test_sizes_are_whole_numbers(value: object) -> None:
    with pytest.raises(OpError, match="op: stride is a whole number from 1 on"):
        checked_sizes("op", stride=(value, 1))
