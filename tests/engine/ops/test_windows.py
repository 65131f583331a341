"""Where windows lie, against looking at every place."""

from __future__ import annotations

from itertools import product

import pytest

from gradstep.engine.errors import OpError
from gradstep.engine.ops.windows import Along, Window, flat_index, paddings, per_axis, slices, sliding, spots, steps

#: Extents, windows, strides, paddings and dilations along one axis.
AXES = [
    (extent, size, stride, before, dilation)
    for extent, size, stride, before, dilation in product((1, 2, 5, 8), (1, 2, 3), (1, 2, 4), (0, 1, 2), (1, 2, 3))
    if extent + 2 * before > dilation * (size - 1)
]


def seen(extent: int, size: int, stride: int, before: int, dilation: int) -> list[list[int]]:
    """For each place the element under each offset of the window, −1 where it is padding."""
    line = [-1] * before + list(range(extent)) + [-1] * before
    reach = dilation * (size - 1) + 1
    return [line[start : start + reach : dilation] for start in range(0, len(line) - reach + 1, stride)]


def pairs(along: Along) -> list[tuple[int, int, int]]:
    return [
        (along.place[0] + k * along.place[1], along.offset[0] + k * along.offset[1],
         along.element[0] + k * along.element[1])
        for k in range(along.pairs)
    ]  # fmt: skip


@pytest.mark.parametrize(("extent", "size", "stride", "before", "dilation"), AXES)
def test_places_offsets_and_elements_find_each_other(
    extent: int, size: int, stride: int, before: int, dilation: int
) -> None:
    places = seen(extent, size, stride, before, dilation)
    (window,) = sliding("op", (2, extent), (size,), (stride,), ((before, before),), (dilation,))
    assert window.places == len(places)
    every = [(p, k, e) for p, under in enumerate(places) for k, e in enumerate(under) if e >= 0]
    for place in range(len(places)):
        assert pairs(window.at_place(place)) == [one for one in every if one[0] == place]
    for offset in range(size):
        assert pairs(window.at_offset(offset)) == [one for one in every if one[1] == offset]
        there, elements = slices(window.at_offset(offset))
        assert list(range(len(places)))[there] == [p for p, k, _ in every if k == offset]
        assert list(range(extent))[elements] == [e for _, k, e in every if k == offset]
    for element in range(extent):
        assert pairs(window.at_element(element)) == [one for one in every if one[2] == element]


def test_offsets_of_several_axes_run_in_c_order() -> None:
    windows = sliding("op", (3, 4), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1))
    assert [offset for *_, offset in spots(windows)] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for places, elements, (k, m) in spots(windows):
        assert places == (slice(0, 2), slice(0, 3))
        assert elements == (slice(k, k + 2, 1), slice(m, m + 3, 1))


@pytest.mark.parametrize(
    ("extent", "before", "places"),
    [(5, 0, 3), (4, 0, 2), (5, 1, 3), (1, 1, 1)],
)
def test_a_last_place_counts_that_begins_before_the_end(extent: int, before: int, places: int) -> None:
    # As torch.nn.functional.max_pool1d(x, 2, 2, before, ceil_mode=True) has it.
    (window,) = sliding("op", (extent,), (2,), (2,), ((before, before),), (1,), ceil=True)
    assert window.places == places


def test_padding_may_be_the_same_or_different_or_keep_the_shape() -> None:
    assert paddings("op", 2, (3, 3), (1, 1), (1, 1)) == ((2, 2), (2, 2))
    assert paddings("op", (1, 0), (3, 3), (1, 1), (1, 1)) == ((1, 1), (0, 0))
    assert paddings("op", ((1, 2), (0, 3)), (3, 3), (1, 1), (1, 1)) == ((1, 2), (0, 3))
    assert paddings("op", "valid", (3, 3), (2, 1), (1, 1)) == ((0, 0), (0, 0))
    assert paddings("op", "same", (3, 4), (1, 1), (1, 2)) == ((1, 1), (3, 3))
    assert paddings("op", "same", (2,), (1,), (1,)) == ((0, 1),)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("all", "'same' or 'valid', not 'all'"), (-1, "whole number from 0 on"), ((1, 2, 3), "or 2 of them"),
        (((1, 2), (3,)), "pairs is"), (((1, -2),), "from 0 on"),
    ],
)  # fmt: skip
def test_padding_that_is_none(value: object, said: str) -> None:
    with pytest.raises(OpError, match=said):
        paddings("op", value, (3, 3), (1, 1), (1, 1))


def test_the_same_shape_needs_single_steps() -> None:
    with pytest.raises(OpError, match=r"needs stride 1, not \(2, 1\)"):
        paddings("op", "same", (3, 3), (2, 1), (1, 1))


def test_steps_are_also_there_on_axes_of_length_1() -> None:
    assert steps((2, 1, 3)) == (3, 3, 1)
    assert flat_index((1, 0, 2), (2, 1, 3)) == 5


def test_a_window_that_does_not_fit_is_named_with_the_axis() -> None:
    said = (
        r"op: a window of \(2, 4\) with dilation 2 does not fit into x \(1, 5, 1\): "
        r"axis -1 has 1 \(3 with padding 1\), and the window takes 7"
    )
    with pytest.raises(OpError, match=said):
        sliding("op", (1, 5, 1), (2, 4), (1, 1), ((1, 1), (1, 1)), (1, 2))


@pytest.mark.parametrize("value", [0, -1, 1.0, True, None, "2", (1, 2, 3), ()])
def test_sizes_are_whole_numbers(value: object) -> None:
    with pytest.raises(OpError, match="op: stride is a whole number from 1 on, or 2 of them in brackets"):
        per_axis("op", "stride", value, 2, 1)


def test_one_number_is_for_all_axes() -> None:
    assert per_axis("op", "stride", 2, 3, 1) == per_axis("op", "stride", (2,), 3, 1) == (2, 2, 2)
    assert per_axis("op", "stride", (1, 3), 2, 1) == (1, 3)


def test_a_window_knows_its_elements() -> None:
    assert Window(9, 3, 2, 1, 2, 3).element(2, 1) == 2 * 2 + 2 - 1
