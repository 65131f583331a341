"""Places of an axis and the elements that they read, as slices."""

from __future__ import annotations

import numpy as np
import pytest

from gradstep.engine.ops.taps import evenly_spaced, length, pieces


@pytest.mark.parametrize("index", [[3], [0, 1, 2], [1, 4, 7], [5, 3, 1], [2, 1, 0], [0, 0, 1], [0, 1, 3]])
def test_a_slice_takes_what_the_index_takes(index: list[int]) -> None:
    x, found = np.arange(10), evenly_spaced(np.array(index))
    assert x[found].tolist() == index
    assert length(found) == len(index)
    assert isinstance(found, slice) == (index not in ([0, 0, 1], [0, 1, 3]))


@pytest.mark.parametrize(
    ("elements", "most"),
    [
        (np.arange(40), 1),
        (np.repeat(np.arange(20), 2), 2),  # each twice
        (np.maximum(np.arange(40) // 2 - 1, 0), 4),  # the same, the first more often
        (np.concatenate([[1], np.arange(30), [28]]), 3),  # mirrored at both ends
        (np.arange(9) * 56 // 9, 3),
    ],
)
def test_pieces_take_each_place_once(elements: np.ndarray, most: int) -> None:
    places = np.arange(len(elements))
    found = pieces(places, elements)
    assert len(found) <= most
    assert sorted(np.concatenate([places[part] for part in found]).tolist()) == places.tolist()
    assert all(isinstance(evenly_spaced(elements[part]), slice) for part in found)


def test_what_has_no_rule_stays_one_piece() -> None:
    elements = np.random.default_rng(0).integers(0, 99, 60)
    assert pieces(np.arange(60), elements) == [slice(0, 60, 1)]
